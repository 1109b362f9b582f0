/** One browser or program that listens (server-sent events, WHATWG HTML §9.2): told as long as it reads. */
import type { FastifyReply } from 'fastify'
import { whenDone } from './done.ts'

/** Who does not read so much is dropped: it connects again and goes on from where it was. Bytes. */
const MOST_BUFFERED = 1024 * 1024
/** After a loss of connection; milliseconds. */
const RETRY = 1_000

const HEAD = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }

/** HEAD: what a stream would begin with, and nothing follows. */
export function sendHead(reply: FastifyReply): FastifyReply {
  return reply.headers(HEAD).send()
}

export class EventStream {
  readonly #reply: FastifyReply
  #isOpen = true
  #spoke = performance.now()

  constructor(reply: FastifyReply, onEnd: () => void) {
    reply.hijack()
    this.#reply = reply
    const { raw } = reply
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
    // Of nginx: nothing is held back.
    raw.writeHead(200, { ...HEAD, 'x-accel-buffering': 'no' })
    raw.write(`retry: ${RETRY}\n\n`)
    const end = () => {
      if (!this.#isOpen) return
      this.#isOpen = false
      onEnd()
    }
    whenDone(reply, end)
    raw.once('error', end)
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Milliseconds since something was sent. */
  get silence(): number {
    return performance.now() - this.#spoke
  }

  /** `data` is one line. */
  send(event: string, data: string, id?: string): void {
    this.#write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`)
  }

  /** A line that nobody reads: proxies close what is silent. */
  beat(): void {
    this.#write(': still here\n\n')
  }

  close(): void {
    if (this.#isOpen) this.#reply.raw.end()
  }

  #write(text: string): void {
    if (!this.#isOpen) return
    this.#spoke = performance.now()
    if (this.#reply.raw.writableLength > MOST_BUFFERED) this.#reply.raw.destroy()
    else this.#reply.raw.write(text)
  }
}
