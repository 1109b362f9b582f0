/** `rq top`: all queues and what runs, at one moment. The command line repeats it on a terminal. */
import type { Millis } from '../domain/name.ts'
import { type Answer, ok } from './answer.ts'
import { type QueueRow, queueRows } from './queues.ts'
import { type Running, type RunRow, runRows } from './running.ts'
import { figures, problemOf } from './top-figures.ts'
import { oneByOne } from './turns.ts'
import { defineVerb } from './verb.ts'
import { workerStatus } from './worker-status.ts'

const MOST_RUNNING = 200

export interface TopQueue extends QueueRow {
  /** Items a minute, over the last sixty seconds. */
  readonly donePerMinute: number
  /** ms; null when nothing waits, or nothing was started lately. */
  readonly oldest: Millis | null
  readonly waitP95: Millis | null
  readonly waitP50: Millis | null
  readonly waitP99: Millis | null
  readonly runP50: Millis | null
  readonly runP95: Millis | null
  readonly runP99: Millis | null
  readonly failedPerMinute: number
  /** Done in each minute of the last hour, the last minute last. */
  readonly trend: readonly number[]
  /** What is wrong and why, in words. */
  readonly problem: string | null
}

export interface Top {
  readonly root: string
  readonly time: string
  readonly daemon: boolean
  readonly paused: boolean
  readonly queues: readonly TopQueue[]
  readonly running: readonly RunRow[]
}

/** Pushed to whoever watches. `queues`: those that changed since the last one, or all (`whole`). */
export interface LiveUpdate extends Omit<Top, 'queues'> {
  readonly whole: boolean
  readonly queues: readonly TopQueue[]
  readonly gone: readonly string[]
}

export const top = defineVerb({
  summary: 'watch the queues and what runs',
  details:
    'On a terminal it goes on until q: arrows, Enter and Escape lead to the items of a queue and to all about one, ? lists the ' +
    'keys. Elsewhere, and with --json, it says once how things are.',
  arguments: { queue: { type: 'queue', summary: 'only these', many: true, optional: true } },
  options: {},
  examples: [{ command: 'rq top', says: 'all queues, every second' }],
  run: async (context, input): Promise<Answer<Top>> => {
    const { of, rows, problems } = await queueRows(context, input.queue)
    const now = context.now()
    const queues: TopQueue[] = []
    const running: Running[] = []
    const rootPaused = of.paused
    for await (const { queue, row } of oneByOne(rows)) {
      const status = context.memory === undefined ? workerStatus(queue.dir) : context.memory.workerStatus(queue)
      const seen = figures(queue, now, context.memory)
      const problem = problemOf({ row, status, seen, daemon: of.daemon, rootPaused, now })
      queues.push({ ...row, ...seen, problem })
      if (status?.alive === true) running.push(...status.running.slice(0, MOST_RUNNING).map((run) => ({ queue, run })))
    }
    const time = new Date(now).toISOString()
    return ok({ ...of, time, queues, running: runRows(running, now) }, problems)
  },
})
