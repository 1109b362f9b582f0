/**
 * What a browser must not be talked into: other names for this server (DNS rebinding), changes that pages of other
 * sites ask for (CSRF), running what it is shown.
 */
import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sendRefusal } from './problem.ts'
import { proofOf, SAFE_METHODS } from './request.ts'
import type { ServerOptions } from './server.ts'
import { isLoopback } from './settings.ts'

export const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy':
    'camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), hid=(), display-capture=(), browsing-topics=()',
} as const

const OF_PAGES = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
    "manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
} as const

/** Data, logs, attachments: nothing of it is ever run or kept. */
export const OF_THE_API = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cache-control': 'no-store',
} as const

/** A year, as those who read it ask for. Of this name alone: its other services may have other names below it. */
const HTTPS_ONLY = 'max-age=31536000'

/** For every request, also those for which there is no route. */
export function addGuards(server: FastifyInstance, options: ServerOptions): void {
  const api = `${options.settings.prefix}/api/`
  server.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...HEADERS, ...(request.url.startsWith(api) ? OF_THE_API : OF_PAGES) })
    if (options.tls !== undefined && nameOf(request.hostname) !== 'localhost')
      reply.header('strict-transport-security', HTTPS_ONLY)
    const odd = oddity(request)
    if (odd !== undefined) return sendRefusal(reply, 'usage', odd)
    if (!options.isPrivate && !isOurName(nameOf(request.hostname), options))
      return sendRefusal(
        reply,
        'forbidden',
        `this server is not called "${request.host}": add it to http.hosts in config.json`,
      )
    if (!SAFE_METHODS.has(request.method) && isForeign(request))
      return sendRefusal(reply, 'forbidden', 'a page of another site asked for this')
    return undefined
  })
}

/**
 * After it is known who calls. A browser adds a cookie to what another page asks for; it does not add a header, and
 * no content type that forms lack, without asking us first. We never answer that question.
 */
export function addForgeryGuard(scope: FastifyInstance): void {
  scope.addHook('onRequest', async (request, reply) => {
    if (SAFE_METHODS.has(request.method) || !isAmbient(request)) return undefined
    if (request.headers['x-rq'] === '1' || isJson(request)) return undefined
    return sendRefusal(reply, 'forbidden', 'with a cookie a change needs a JSON body, or the header "x-rq: 1"')
  })
}

/** SVG is not: it can hold programs. */
const HARMLESS =
  /^(?:application\/(?:(?:[\w.-]+\+)?json|x-ndjson)|text\/(?:plain|event-stream)|image\/(?:png|jpeg|gif|webp))(?:;|$)/

/** Of API answers that are no JSON: what was dropped into a queue is never shown as a page of ours. */
export function addDownloadGuard(scope: FastifyInstance): void {
  scope.addHook('onSend', async (request, reply) => {
    if (!request.url.includes('/api/')) return
    const type = String(reply.getHeader('content-type') ?? '')
    if (HARMLESS.test(type)) return
    if (type !== '') reply.header('content-type', 'application/octet-stream')
    if (type !== '' && !reply.hasHeader('content-disposition')) reply.header('content-disposition', 'attachment')
  })
}

/** What no client needs, and what proxies before us may read otherwise than we do. */
function oddity({ raw }: FastifyRequest): string | undefined {
  if (!(raw.url ?? '').startsWith('/') || (raw.url ?? '').startsWith('//')) return 'a path starts with one "/"'
  const names = raw.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
  if (names.filter((name) => name === 'host').length !== 1) return 'one "host" header is needed'
  if (names.filter((name) => name === 'authorization').length > 1) return 'one "authorization" header is enough'
  const encoding = raw.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') return `content-encoding: ${encoding} is not supported: send it as it is`
  return undefined
}

/** Lower case, without the dot of the DNS's root and the brackets of IPv6. */
function nameOf(hostname: string): string {
  return hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
}

/** Any port will do: it may be forwarded. A name can be made to lead here; an address cannot. */
function isOurName(name: string, { settings }: ServerOptions): boolean {
  const listen = settings.listen?.host ?? ''
  if (!isLoopback(listen) && isIP(name) !== 0) return true
  return ['localhost', '127.0.0.1', '::1', listen, ...settings.hosts].some((own) => nameOf(own) === name)
}

/** Browsers say where a request comes from; what says nothing is no browser of these days. */
function isForeign(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  const { origin } = request.headers
  if (origin === undefined) return false
  if (!URL.canParse(origin) || !URL.canParse(`http://${request.host}`)) return true
  // A proxy may speak http to us and https to the browser; a port that goes without saying is not said.
  const { protocol, host } = new URL(origin)
  return host === '' || host !== new URL(`${protocol}//${request.host}`).host
}

/** Is what shows who he is added by the browser, whatever page asked? Passwords, too, once it was told them. */
function isAmbient(request: FastifyRequest): boolean {
  const proof = proofOf(request)
  const { origin, 'sec-fetch-site': site } = request.headers
  return proof === 'cookie' || (proof === 'basic' && (origin !== undefined || site !== undefined))
}

function isJson({ headers }: FastifyRequest): boolean {
  return /^application\/(?:json|x-ndjson)\s*(?:;|$)/i.test(headers['content-type'] ?? '')
}
