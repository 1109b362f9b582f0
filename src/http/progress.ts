/** A long change told while it goes on: JSON lines, `{"progress": {done, total}}` and at the end what it answered. */

import { PassThrough } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Answer } from '../service/answer.ts'
import type { Context, ServiceEvent } from '../service/context.ts'

export const JSON_LINES = 'application/x-ndjson'

/** Between two lines; milliseconds. */
const PACE = 100

export function wantsProgress(request: FastifyRequest): boolean {
  return request.headers.accept?.includes(JSON_LINES) === true
}

/** The status is 200 before the end is known: the last line has a value, or problems that say why there is none. */
export function tellProgress(
  reply: FastifyReply,
  { context }: { readonly context: Context },
  work: (context: Context) => Promise<Answer<unknown>>,
  format: (answer: Answer<unknown>) => string,
): FastifyReply {
  const lines = new PassThrough()
  let told = 0
  const tell = (event: ServiceEvent) => {
    context.tell(event)
    if (event.kind !== 'progress' || performance.now() - told < PACE) return
    told = performance.now()
    lines.write(`${JSON.stringify({ progress: { done: event.done, total: event.total } })}\n`)
  }
  work({ ...context, tell, showsProgress: true }).then(
    (answer) => lines.end(`${format(answer)}\n`),
    (error: Error) => lines.destroy(error),
  )
  return reply.type(JSON_LINES).send(lines)
}
