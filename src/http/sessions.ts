/**
 * Cookies that say who signed in. Nothing is kept about them: they are signed with a key that follows from the token,
 * so they outlive this process, and all end with a new token. What a user may do is looked up at each request.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { isRecord } from '../domain/json.ts'
import type { Millis } from '../domain/name.ts'
import type { Caller } from './roles.ts'
import type { Secrets } from './secrets.ts'

/** Seconds. */
export const SESSION_SECONDS = 30 * 24 * 3600

export const TOKEN_CALLER: Caller = { name: 'token', role: 'admin' }

/** Browsers send cookies to all ports of a host: those of two roots must not be each other's. */
export function cookieName(root: string): string {
  return `rq_${createHash('sha256').update(root).digest('hex').slice(0, 12)}`
}

/** undefined while there is no token to sign with. */
export function sealSession(secrets: Secrets, caller: Caller, now: Millis): string | undefined {
  const token = secrets.token()
  if (token === undefined) return undefined
  const until = Math.floor(now / 1000) + SESSION_SECONDS
  const said = { u: caller.name, p: passwordMark(token, secrets, caller.name), e: until }
  const body = Buffer.from(JSON.stringify(said)).toString('base64url')
  return `${body}.${sign(token, body)}`
}

export function openSession(secrets: Secrets, cookie: string, now: Millis): Caller | undefined {
  const token = secrets.token()
  const [body = '', signature = ''] = cookie.split('.')
  if (token === undefined || cookie.length > 1_024 || !isSame(signature, sign(token, body))) return undefined
  // It is ours: nobody else could sign it.
  const said: unknown = JSON.parse(Buffer.from(body, 'base64url').toString())
  if (!isRecord(said) || typeof said['u'] !== 'string' || Number(said['e']) * 1000 < now) return undefined
  const name = said['u']
  if (said['p'] !== passwordMark(token, secrets, name)) return undefined
  return name === TOKEN_CALLER.name ? TOKEN_CALLER : callerNamed(secrets, name)
}

export function callerNamed(secrets: Secrets, name: string): Caller | undefined {
  const user = secrets.user(name)
  return user === undefined ? undefined : { name: user.name, role: user.role }
}

/** In the same time, whatever is wrong with it. */
export function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}

function sign(token: string, body: string): string {
  return createHmac('sha256', createHmac('sha256', token).update('rqd session').digest())
    .update(body)
    .digest('base64url')
}

/** Another password, another mark: a session ends with the password that opened it. */
function passwordMark(token: string, secrets: Secrets, name: string): string {
  return createHmac('sha256', token)
    .update(`password\0${secrets.user(name)?.password ?? ''}`)
    .digest('base64url')
    .slice(0, 22)
}
