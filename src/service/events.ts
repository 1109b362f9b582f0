/** `rq events`: what happened in the queues and in the daemon, from their logs, and what happens. */
import { nearest } from '../config/near.ts'
import { LEVELS } from '../log/events.ts'
import { type Answer, isProblem, ok, type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { decodeCursor } from './event-cursor.ts'
import { isEventKind, type LogEntry } from './event-log.ts'
import { EventTail } from './event-tail.ts'
import { openQueues } from './spool.ts'
import { defineVerb } from './verb.ts'

const DEFAULT_LIMIT = 1000
const MOST = 10_000
const DEFAULT_SINCE = 3_600_000
const LOOK_AGAIN = 200
const KINDS = Object.keys(LEVELS)

export interface Events {
  /** Empty where they were followed: each was told when it came. */
  readonly events: readonly LogEntry[]
  /** To go on behind them, for --after. */
  readonly cursor: string
  readonly more: boolean
  /** Lines that are no event. */
  readonly skipped: number
  /** Logs of which something was rotated away before it was read. */
  readonly gaps: number
}

export const events = defineVerb({
  summary: 'what happened in the queues and in the daemon',
  details:
    'From `_log` of each queue and `rqd.log` of the root, where the daemon writes one; of each its file and one older one are there. ' +
    'With --json each event is a line, and the last line says with which --after the next call goes on. Without --since and ' +
    '--after: the last hour; with --follow: from now on.',
  arguments: { queue: { type: 'queue', summary: 'only of these', many: true, optional: true } },
  options: {
    follow: { type: 'flag', summary: 'go on until interrupted', short: 'f' },
    since: { type: 'duration', summary: 'what happened so long ago or later', value: 'DURATION' },
    after: { type: 'text', summary: 'what came after a call that gave this', value: 'CURSOR' },
    kind: {
      type: 'text',
      summary: 'only events of this kind, such as item-ended',
      value: 'KIND',
      many: true,
      words: KINDS,
    },
    limit: { type: 'count', summary: `at most so many (default ${DEFAULT_LIMIT}, at most ${MOST})`, value: 'N' },
  },
  examples: [
    { command: 'rq events mail --since 1d --kind item-refused', says: 'what a queue did not take' },
    { command: 'rq events -f', says: 'watch everything' },
  ],
  run: async (context, input): Promise<Answer<Events>> => {
    const wrong = input.kind.find((word) => !isEventKind(word))
    if (wrong !== undefined) return { value: undefined, problems: [noKind(wrong)] }
    const after = input.after === undefined ? undefined : decodeCursor(input.after)
    if (input.after !== undefined && after === undefined)
      return { value: undefined, problems: [problem('usage', '--after: expected the cursor of an earlier call')] }
    const opened = await openQueues(context.root, input.queue)
    const problems = opened.filter(isProblem)
    const queues = opened.flatMap((one) => (isProblem(one) ? [] : [one.name]))
    if (input.queue.length > 0 && queues.length === 0) return { value: undefined, problems }
    const tail = new EventTail(context.root, {
      queues: input.queue.length === 0 ? [] : queues,
      kinds: input.kind.filter(isEventKind),
      begin: beginOf(context, input),
      ...(after === undefined ? {} : { after }),
    })
    return input.follow
      ? ok(await follow(context, tail), problems)
      : ok(await once(context, tail, Math.min(MOST, input.limit || DEFAULT_LIMIT)), problems)
  },
})

function beginOf(context: Context, { since, follow }: { since: number | undefined; follow: boolean }): number | 'end' {
  if (since !== undefined) return context.now() - since
  return follow ? 'end' : context.now() - DEFAULT_SINCE
}

function noKind(word: string): Problem {
  const near = nearest(word, KINDS)
  const hint = near === undefined ? `there are ${KINDS.join(', ')}` : `did you mean ${near}?`
  return problem('usage', `--kind "${word}": ${hint}`)
}

/** What is not wanted may fill many answers' worth of bytes: others have their turn meanwhile. */
async function once(context: Context, tail: EventTail, limit: number): Promise<Events> {
  let polled = tail.poll(limit)
  let { skipped, gaps } = polled
  while (polled.events.length === 0 && polled.more && !context.cancelled.aborted) {
    await new Promise((resolve) => setImmediate(resolve))
    polled = tail.poll(limit)
    skipped += polled.skipped
    gaps += polled.gaps
  }
  return { events: polled.events, cursor: tail.cursor(), more: polled.more, skipped, gaps }
}

async function follow(context: Context, tail: EventTail): Promise<Events> {
  let skipped = 0
  let gaps = 0
  while (!context.cancelled.aborted) {
    const polled = tail.poll(DEFAULT_LIMIT)
    skipped += polled.skipped
    gaps += polled.gaps
    for (const entry of polled.events) context.tell({ kind: 'event', entry })
    await new Promise((resolve) => setTimeout(resolve, polled.more ? 0 : LOOK_AGAIN))
  }
  return { events: [], cursor: tail.cursor(), more: false, skipped, gaps }
}
