/** GET /events: what happened, as JSON, or what happens, as server-sent events that go on where they broke off. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { decodeCursor } from '../service/event-cursor.ts'
import { isEventKind } from '../service/event-log.ts'
import { EventTail } from '../service/event-tail.ts'
import { noneOf } from '../service/spool.ts'
import { sendProblems, sendRefusal } from './problem.ts'
import { EventStream, sendHead } from './sse.ts'

const EVERY = 500
const HEARTBEAT = 15_000
/** Between two looks; the rest comes with the next. */
const AT_ONCE = 1_000

export function wantsStream(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/event-stream') === true
}

/** `?queue=mail&kind=item-ended&after=CURSOR`; `Last-Event-ID` is the cursor of the last event that was read. */
export function streamEvents(root: string, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { queue, kind, after } = request.query as Readonly<Record<string, string | string[] | undefined>>
  const kinds = listOf(kind)
  const wrong = kinds.find((word) => !isEventKind(word))
  if (wrong !== undefined) return sendRefusal(reply, 'usage', `kind: there is no event "${wrong}"`)
  const given = request.headers['last-event-id'] ?? listOf(after)[0]
  const cursor = given === undefined ? undefined : decodeCursor(String(given))
  if (given !== undefined && cursor === undefined)
    return sendRefusal(reply, 'usage', 'after: expected the id of an event')
  const absent = noneOf(root, listOf(queue))
  if (absent.length > 0) return sendProblems(reply, absent)
  if (request.method === 'HEAD') return sendHead(reply)
  const tail = new EventTail(root, {
    queues: listOf(queue),
    kinds: kinds.filter(isEventKind),
    begin: 'end',
    ...(cursor === undefined ? {} : { after: cursor }),
  })
  const stream = new EventStream(reply, () => clearInterval(timer))
  const timer = setInterval(() => poll(tail, stream), EVERY)
  poll(tail, stream)
  return reply
}

/** One event of the stream for all that came: its id says where they end. */
function poll(tail: EventTail, stream: EventStream): void {
  const { events, skipped, gaps } = tail.poll(AT_ONCE)
  if (events.length > 0 || gaps > 0) stream.send('events', JSON.stringify({ events, skipped, gaps }), tail.cursor())
  else if (stream.silence > HEARTBEAT) stream.beat()
}

function listOf(given: string | string[] | undefined): string[] {
  return given === undefined ? [] : [given].flat()
}
