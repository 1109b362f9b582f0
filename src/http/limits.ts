/** What one request may cost: the size of its head, the time of its body, its place among those being answered. */
import type { Server } from 'node:http'
import { BlockList, isIPv6 } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Millis } from '../domain/name.ts'
import { Connections } from './connections.ts'
import { whenDone } from './done.ts'
import { addressKey } from './login-limit.ts'
import { sendRefusal } from './problem.ts'
import { callerOf, isStillIn } from './request.ts'

/** Of a request that is no upload. Bytes. */
export const BODY_LIMIT = 2 * 1024 * 1024
const LONGEST_URL = 8 * 1024
const MOST_HEADERS = 100
/** From its head to the last byte of a body that is no upload. */
const BODY_WITHIN: Millis = 20_000
/** An upload takes as long as it takes, but so many bytes have to come in each of these times. */
const RATE_EVERY: Millis = 10_000
const LEAST_BYTES = 10 * 1024
const UPLOADS = /^(?:multipart\/form-data|application\/(?:x-ndjson|octet-stream))\b/i

/** That are being answered: of one connection, which may send the next before the first is answered, and of all. */
const MOST_OF_ONE = 16
const MOST_OF_ALL = 512

/** Answers that stay open: live updates, events, logs that are followed, waiting for an item. */
const STREAMS = /\/(?:live|events|wait)$/
const MOST_STREAMS = 256
const MOST_STREAMS_OF_ONE = 32
/** Who lost his place, or his token, is told no more after that. */
const STILL_IN_EVERY: Millis = 2_000

/** What is nested deeper overflows the stack of whoever writes it again. */
export const DEEPEST_JSON = 64
const [QUOTE, BACKSLASH, BRACE, BRACE_END, BRACKET, BRACKET_END] = [34, 92, 123, 125, 91, 93] as const

export function addLimits(server: FastifyInstance, proxies: readonly string[]): void {
  const connections = new Connections(server.server as Server, proxyTest(proxies))
  let answering = 0
  server.addHook('onRequest', async (request, reply) => {
    const { socket } = request.raw
    answering += 1
    const ofOne = connections.begin(socket)
    whenDone(reply, () => {
      answering -= 1
      connections.end(socket)
    })
    watchBody(request)
    if ((request.raw.url ?? '').length > LONGEST_URL)
      return sendRefusal(reply, 'too-large', `the address is longer than ${LONGEST_URL} bytes`)
    if (request.raw.rawHeaders.length > 2 * MOST_HEADERS)
      return sendRefusal(reply, 'too-large', `there are more than ${MOST_HEADERS} headers`)
    if (ofOne <= MOST_OF_ONE && answering <= MOST_OF_ALL) return undefined
    reply.headers({ 'retry-after': '1', connection: 'close' })
    return sendRefusal(reply, 'unavailable', 'too many requests are being answered: try again')
  })
}

/** After it is known who calls: how many answers he keeps open. */
export function addStreamLimit(scope: FastifyInstance): void {
  const open = new Map<string, number>()
  let all = 0
  scope.addHook('preHandler', async (request, reply) => {
    if (callerOf(request) === undefined || !isStream(request)) return undefined
    const key = `${callerOf(request)?.name ?? ''} ${addressKey(request.ip ?? 'socket')}`
    const ofOne = open.get(key) ?? 0
    if (ofOne >= MOST_STREAMS_OF_ONE || all >= MOST_STREAMS) {
      reply.header('retry-after', '10')
      return sendRefusal(reply, 'too-many', `${ofOne} answers are kept open for you already: close some`)
    }
    open.set(key, ofOne + 1)
    all += 1
    const watch = setInterval(() => isStillIn(request) || reply.raw.destroy(), STILL_IN_EVERY)
    whenDone(reply, () => {
      clearInterval(watch)
      all -= 1
      const left = (open.get(key) ?? 1) - 1
      if (left === 0) open.delete(key)
      else open.set(key, left)
    })
    return undefined
  })
}

function isStream(request: FastifyRequest): boolean {
  const { follow } = request.query as { readonly follow?: unknown }
  return STREAMS.test(request.routeOptions.url ?? '') || (follow !== undefined && follow !== 'false')
}

/** Cuts the connection of a body that trickles, whether or not anybody reads it. */
function watchBody({ raw, headers }: FastifyRequest): void {
  if (headers['transfer-encoding'] === undefined && !(Number(headers['content-length']) > 0)) return
  const isUpload = raw.method === 'PUT' || UPLOADS.test(headers['content-type'] ?? '')
  let before = raw.socket.bytesRead
  const look = () => {
    const came = raw.socket.bytesRead - before
    before += came
    // What came and was not read yet: then it is our disk that is slow.
    const isOurs = raw.isPaused() || raw.readableLength > 0
    if (!isUpload || (came < LEAST_BYTES && !isOurs)) raw.socket.destroy()
  }
  const timer = setInterval(look, isUpload ? RATE_EVERY : BODY_WITHIN)
  const done = () => clearInterval(timer)
  raw.once('end', done).once('close', done)
}

/** Before it is parsed: a reader that calls itself would run out of stack. */
export function isDeepJson(text: string): boolean {
  let depth = 0
  let isInText = false
  for (let index = 0; index < text.length; index++) {
    const char = text.charCodeAt(index)
    if (isInText) {
      if (char === BACKSLASH) index += 1
      else if (char === QUOTE) isInText = false
    } else if (char === QUOTE) isInText = true
    else if (char === BRACE || char === BRACKET) depth += 1
    else if (char === BRACE_END || char === BRACKET_END) depth -= 1
    if (depth > DEEPEST_JSON) return true
  }
  return false
}

/** `10.0.0.0/8` or an address; the form was checked when the configuration was read. */
function proxyTest(proxies: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const proxy of proxies) {
    const [net = '', bits] = proxy.split('/')
    const family = isIPv6(net) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(net, family)
    else list.addSubnet(net, Number(bits), family)
  }
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
