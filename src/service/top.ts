/** `rq top`: all queues and what runs, at one moment. The command line repeats it on a terminal. */
import { readFileSync } from 'node:fs'
import { percentiles } from '../domain/histogram.ts'
import type { Millis } from '../domain/name.ts'
import { MINUTE, mergeRecords, ratePerMinute, startOf } from '../domain/stats.ts'
import { currentAttempt } from '../fsqueue/content.ts'
import { stateDir, within } from '../fsqueue/place.ts'
import { errnoOf } from '../os/errno.ts'
import { processStat } from '../os/process.ts'
import { type Usage, usageOf } from '../os/usage.ts'
import { agesOf, waitingAge } from './ages.ts'
import { type Answer, ok } from './answer.ts'
import { snapshotOf } from './history.ts'
import { type Progress, progressOf } from './progress.ts'
import { type QueueRow, queues as queuesVerb } from './queues.ts'
import { openQueue, type Queue } from './spool.ts'
import { defineVerb } from './verb.ts'
import { type WorkerStatus, workerStatus } from './worker-status.ts'

const MOST_AGES = 2000
const MOST_RUNNING = 200

export interface TopQueue extends QueueRow {
  /** Items a minute, over the last sixty seconds. */
  readonly donePerMinute: number
  /** ms; null when nothing waits, or nothing was started lately. */
  readonly oldest: Millis | null
  readonly waitP95: Millis | null
}

export interface TopRun {
  readonly queue: string
  readonly id: string
  readonly attempt: number | null
  readonly elapsed: Millis | null
  readonly progress: Progress | null
  readonly slot: number | null
  /** Bytes, of the processes that its slot started and that still run as its children. */
  readonly rss: number | null
  /** CPU time of the same processes, in ms. */
  readonly cpu: Millis | null
}

export interface Top {
  readonly root: string
  readonly time: string
  readonly daemon: boolean
  readonly paused: boolean
  readonly queues: readonly TopQueue[]
  readonly running: readonly TopRun[]
}

export const top = defineVerb({
  summary: 'watch the queues and what runs',
  details:
    'On a terminal it goes on until q (j, k select a queue, p pauses it, s sorts); elsewhere, and with --json, it says once how things are.',
  arguments: { queue: { type: 'queue', summary: 'only these', many: true, optional: true } },
  options: {},
  examples: [{ command: 'rq top', says: 'all queues, every second' }],
  run: async (context, input): Promise<Answer<Top>> => {
    const { value, problems } = await queuesVerb.run(context, input)
    if (value === undefined) return { value, problems }
    const now = context.now()
    const queues: TopQueue[] = []
    const running: TopRun[] = []
    for (const row of value.queues) {
      const queue = await openQueue(context.root, row.name)
      // It was removed meanwhile.
      if ('kind' in queue) continue
      queues.push({ ...row, ...figures(queue, now) })
      const status = workerStatus(queue.dir)
      if (status?.alive === true) running.push(...runs(queue, status, now))
    }
    const { root, daemon, paused } = value
    return ok({ root, time: new Date(now).toISOString(), daemon, paused, queues, running }, problems)
  },
})

function figures(queue: Queue, now: Millis): Pick<TopQueue, 'donePerMinute' | 'oldest' | 'waitP95'> {
  const lately = snapshotOf(queue.dir).filter(({ from }) => from >= now - 2 * MINUTE)
  const minute = startOf(now, MINUTE)
  const doneIn = (from: Millis) => lately.reduce((sum, one) => sum + (one.from === from ? one.counts.done : 0), 0)
  const [first, ...rest] = lately
  const wait = first === undefined ? undefined : percentiles(rest.reduce(mergeRecords, first).wait)
  const ages = agesOf(queue, 'que', now, MOST_AGES).items.flatMap((aged) => waitingAge(aged, now) ?? [])
  return {
    donePerMinute: Math.round(ratePerMinute(doneIn(minute), doneIn(minute - MINUTE), minute, now)),
    oldest: ages.length === 0 ? null : ages.reduce((most, age) => Math.max(most, age), 0),
    waitP95: wait?.p95 ?? null,
  }
}

function runs(queue: Queue, status: WorkerStatus, now: Millis): TopRun[] {
  return status.running.slice(0, MOST_RUNNING).map(({ id, attempt, slot, started, name }) => {
    const usage = slot === undefined ? null : childrenUsage(slot)
    const item = name === undefined ? undefined : within(stateDir(queue.dir, 'run'), name)
    return {
      queue: queue.name,
      id,
      attempt: attempt ?? null,
      elapsed: started === undefined ? null : now - Date.parse(started),
      progress: (item === undefined ? undefined : progressOf(currentAttempt(item))) ?? null,
      slot: slot ?? null,
      rss: usage?.rss ?? null,
      cpu: usage?.cpu ?? null,
    }
  })
}

/** The children of the slot, as the kernel lists them now. */
function childrenUsage(slot: number): Usage | null {
  try {
    const children = readFileSync(`/proc/${slot}/task/${slot}/children`, 'latin1').trim().split(' ').filter(Boolean)
    return usageOf(children.flatMap((pid) => processStat(Number(pid)) ?? []))
  } catch (error) {
    // It ended meanwhile, or it is another user's.
    if (errnoOf(error) === undefined) throw error
    return null
  }
}
