/** Signing in and out, and whom each request comes from. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isRecord } from '../domain/json.ts'
import { type Attempt, Credentials } from './credentials.ts'
import { sendRefusal } from './problem.ts'
import { setCaller } from './request.ts'
import type { Caller } from './roles.ts'
import { Secrets } from './secrets.ts'
import type { ServerOptions } from './server.ts'
import { cookieName, openSession, SESSION_SECONDS, sealSession } from './sessions.ts'

const SESSION = '/api/v1/session'
const SOCKET_CALLER: Caller = { name: 'socket', role: 'admin' }

/** What signing in needs. */
interface Door {
  readonly options: ServerOptions
  readonly secrets: Secrets
  readonly credentials: Credentials
  readonly cookie: string
}

export function addAuth(scope: FastifyInstance, options: ServerOptions): void {
  const secrets = new Secrets(options.root)
  const credentials = new Credentials(secrets, options.audit)
  const door: Door = { options, secrets, credentials, cookie: cookieName(options.root) }
  scope.addHook('onRequest', async (request, reply) => {
    const given = request.headers.authorization
    if (given !== undefined) return byHeader(door, request, reply, given)
    const cookie = request.cookies[door.cookie]
    const open = () => (cookie === undefined ? undefined : openSession(secrets, cookie, Date.now()))
    const caller = open()
    if (caller !== undefined)
      setCaller(request, { caller, proof: 'cookie', isStillIn: () => open()?.role === caller.role })
    else if (options.isPrivate) setCaller(request, { caller: SOCKET_CALLER, proof: 'socket', isStillIn: () => true })
    return followLink(door, request, reply)
  })
  scope.post(SESSION, async (request, reply) => {
    const attempt = await attemptBy(credentials, request)
    return attempt === undefined
      ? sendRefusal(reply, 'usage', 'give {"user", "password"} or {"token"}')
      : answerAttempt(door, request, reply, attempt)
  })
  scope.delete(SESSION, (_request, reply) =>
    reply
      .clearCookie(door.cookie, { path: `${options.settings.prefix}/` })
      .code(204)
      .send(),
  )
}

/** What programs send with each request. */
async function byHeader(door: Door, request: FastifyRequest, reply: FastifyReply, given: string) {
  const [, scheme = '', rest = ''] = /^(Bearer|Basic) +(\S+) *$/i.exec(given) ?? []
  const isBasic = scheme.toLowerCase() === 'basic'
  if (scheme === '')
    return sendRefusal(reply, 'unauthorized', 'give "authorization: Bearer TOKEN" or Basic, or sign in')
  const attempt = isBasic ? await byBasic(door, request, rest) : door.credentials.byToken(request, rest)
  if (attempt.kind !== 'caller') return refuse(reply, attempt)
  const mark = () => (isBasic ? JSON.stringify(door.secrets.user(attempt.caller.name)) : door.secrets.token())
  const before = mark()
  setCaller(request, {
    caller: attempt.caller,
    proof: isBasic ? 'basic' : 'token',
    isStillIn: () => mark() === before,
  })
  return undefined
}

/** RFC 7617. */
async function byBasic({ credentials }: Door, request: FastifyRequest, given: string): Promise<Attempt> {
  const text = Buffer.from(given, 'base64').toString()
  const colon = text.indexOf(':')
  if (colon < 0) return { kind: 'wrong' }
  return credentials.byPassword(request, text.slice(0, colon), text.slice(colon + 1))
}

/** The link that `rqd` prints: the token goes into a cookie and out of the address. */
function followLink(door: Door, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  const url = new URL(request.url, 'http://localhost')
  const given = url.searchParams.get('token')
  if (request.method !== 'GET' || given === null || url.pathname.includes('/api/')) return undefined
  url.searchParams.delete('token')
  const attempt = door.credentials.byToken(request, given)
  if (attempt.kind === 'wait') return refuse(reply, attempt)
  if (attempt.kind === 'caller') signIn(door, request, reply, attempt.caller)
  // One slash: two would name another host.
  return reply.redirect(`${url.pathname.replace(/^\/+/, '/')}${url.search}`, 303)
}

async function attemptBy(credentials: Credentials, request: FastifyRequest): Promise<Attempt | undefined> {
  const { token, user, password } = isRecord(request.body) ? request.body : {}
  if (typeof token === 'string') return credentials.byToken(request, token)
  if (typeof user !== 'string' || typeof password !== 'string') return undefined
  return credentials.byPassword(request, user, password)
}

function answerAttempt(door: Door, request: FastifyRequest, reply: FastifyReply, attempt: Attempt): FastifyReply {
  if (attempt.kind !== 'caller') return refuse(reply, attempt)
  signIn(door, request, reply, attempt.caller)
  return reply.send(attempt.caller)
}

function refuse(reply: FastifyReply, attempt: Exclude<Attempt, { kind: 'caller' }>): FastifyReply {
  if (attempt.kind === 'wrong')
    return sendRefusal(reply, 'unauthorized', 'the token, or the name and password, are not right')
  const seconds = Math.ceil(attempt.wait / 1000)
  reply.header('retry-after', String(seconds))
  return sendRefusal(reply, 'too-many', `too many failed attempts: try again in ${seconds} s`)
}

function signIn(door: Door, request: FastifyRequest, reply: FastifyReply, caller: Caller): void {
  const sealed = sealSession(door.secrets, caller, Date.now())
  if (sealed === undefined) return
  reply.setCookie(door.cookie, sealed, {
    path: `${door.options.settings.prefix}/`,
    httpOnly: true,
    sameSite: 'strict',
    // A proxy that we trust says https when its own caller used it.
    secure: request.protocol === 'https',
    maxAge: SESSION_SECONDS,
  })
}
