/** One server: the API under /api/v1, the pages, and what keeps strangers out. */
import cookie from '@fastify/cookie'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { readJson } from '../domain/json.ts'
import { addApi } from './api.ts'
import { type Audit, addAudit } from './audit.ts'
import { addAuth } from './auth.ts'
import { addDownloadGuard, addForgeryGuard, addGuards, HEADERS, OF_THE_API } from './guard.ts'
import { addLimits, addStreamLimit, BODY_LIMIT, DEEPEST_JSON, isDeepJson } from './limits.ts'
import { Live } from './live.ts'
import { addPages } from './pages.ts'
import { sendRefusal } from './problem.ts'
import type { HttpSettings } from './settings.ts'
import { type Identity, TLS_OPTIONS } from './tls.ts'

export interface ServerOptions {
  readonly root: string
  readonly settings: HttpSettings
  readonly audit: Audit
  readonly tls: Identity | undefined
  /** On a Unix socket that only its owner can open: nobody is asked who he is. */
  readonly isPrivate: boolean
}

const HTTP = {
  maxHeaderSize: 16 * 1024,
  /** From the first byte of a request to the last of its head; milliseconds. */
  headersTimeout: 10_000,
  /** How often that is looked at. */
  connectionsCheckingInterval: 1_000,
  // Bodies have limits of their own (limits.ts): uploads take as long as they take.
  requestTimeout: 0,
  insecureHTTPParser: false,
} as const
/** A connection on which nothing moves. What the server keeps open on purpose has a heartbeat, or ends before. Milliseconds. */
const IDLE = 75_000
/** Then a client connects anew. */
const MOST_REQUESTS_OF_SOCKET = 1_000

export async function makeServer(options: ServerOptions): Promise<FastifyInstance> {
  const { settings, tls } = options
  const server = fastify({
    bodyLimit: BODY_LIMIT,
    connectionTimeout: IDLE,
    keepAliveTimeout: 10_000,
    maxRequestsPerSocket: MOST_REQUESTS_OF_SOCKET,
    forceCloseConnections: true,
    trustProxy: [...settings.trustProxy],
    exposeHeadRoutes: true,
    routerOptions: { maxParamLength: 1024 },
    frameworkErrors: answerOddPath,
    ...(tls === undefined ? { http: HTTP } : { https: { cert: tls.cert, key: tls.key, ...TLS_OPTIONS, ...HTTP } }),
  } as object) as unknown as FastifyInstance
  // A form of another site can send this one without being asked.
  server.removeContentTypeParser('text/plain')
  answerErrors(server)
  addLimits(server, settings.trustProxy)
  addGuards(server, options)
  readExactNumbers(server)
  await server.register(cookie)
  const live = new Live(options.root)
  server.addHook('onClose', () => live.close())
  await server.register(
    async (scope) => {
      addAuth(scope, options)
      addForgeryGuard(scope)
      addStreamLimit(scope)
      addAudit(scope, options.audit)
      addDownloadGuard(scope)
      await addApi(scope, options, live)
      await addPages(scope, options, live)
    },
    { prefix: settings.prefix },
  )
  return server
}

/** What fastify takes as JSON, and refuses, but for numbers that no double holds: those stay what they are. */
function readExactNumbers(server: FastifyInstance): void {
  const check = server.getDefaultJsonParser('error', 'error')
  server.removeContentTypeParser('application/json')
  server.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, text, done) => {
    if (isDeepJson(text))
      return done(Object.assign(new Error(`JSON may have ${DEEPEST_JSON} levels, and no more`), { statusCode: 400 }))
    check(request, text, (error) => (error === null ? done(null, readJson(text)) : done(error)))
  })
}

/** No route is looked for, and no hook of ours runs: what cannot be read as a path is answered here. */
function answerOddPath(_error: Error, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({ ...HEADERS, ...OF_THE_API })
  const path = (request.raw.url ?? '').split('?')[0]
  sendRefusal(reply, 'usage', `${path} is no path in UTF-8: write %25 for "%", and a byte that is no text as %25E9`)
}

/** What went wrong is said in one form; of a bug no more than that it is one. */
function answerErrors(server: FastifyInstance): void {
  server.setErrorHandler((error: Error & { readonly statusCode?: number }, request, reply) => {
    const hasGone = request.raw.destroyed && !request.raw.complete
    const status = error.statusCode ?? (hasGone ? 400 : 500)
    if (status === 413) return sendRefusal(reply, 'too-large', error.message)
    if (status < 500) return sendRefusal(reply, 'usage', error.message)
    process.stderr.write(`${JSON.stringify({ level: 'error', kind: 'web-bug', text: error.stack ?? error.message })}\n`)
    return reply
      .code(500)
      .type('application/problem+json')
      .send(
        JSON.stringify({ type: 'about:blank', title: 'A bug, or a broken disk', status: 500, detail: error.message }),
      )
  })
  server.setNotFoundHandler((request, reply) =>
    sendRefusal(reply, 'not-found', `there is no ${request.method} ${request.url.split('?')[0]}`),
  )
}
