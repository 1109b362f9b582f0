/** `rq top`: all queues and what runs, at one moment. The command line repeats it on a terminal. */
import { percentiles } from '../domain/histogram.ts'
import type { Millis } from '../domain/name.ts'
import { MINUTE, mergeRecords, ratePerMinute, startOf } from '../domain/stats.ts'
import { currentAttempt } from '../fsqueue/content.ts'
import { stateDir, within } from '../fsqueue/place.ts'
import { attemptKey, outsidersByAttempt } from '../os/outsiders.ts'
import { type ProcessStat, processes, processStat } from '../os/process.ts'
import { type Usage, usageOf } from '../os/usage.ts'
import { agesOf, waitingAge } from './ages.ts'
import { type Answer, ok } from './answer.ts'
import { snapshotOf } from './history.ts'
import { type Progress, progressOf } from './progress.ts'
import { type QueueRow, queues as queuesVerb } from './queues.ts'
import { openQueue, type Queue } from './spool.ts'
import { defineVerb } from './verb.ts'
import { type RunningItem, workerStatus } from './worker-status.ts'

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
  /** Bytes, of all its processes that are alive, also of those that left its slot's group. */
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

interface Running {
  readonly queue: Queue
  readonly run: RunningItem
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
    const { value, problems } = await queuesVerb.run(context, input)
    if (value === undefined) return { value, problems }
    const now = context.now()
    const queues: TopQueue[] = []
    const running: Running[] = []
    for (const row of value.queues) {
      const queue = await openQueue(context.root, row.name)
      // It was removed meanwhile.
      if ('kind' in queue) continue
      queues.push({ ...row, ...figures(queue, now) })
      const status = workerStatus(queue.dir)
      if (status?.alive === true) running.push(...status.running.slice(0, MOST_RUNNING).map((run) => ({ queue, run })))
    }
    const usage = measured(running.map(({ run }) => run))
    const { root, daemon, paused } = value
    const time = new Date(now).toISOString()
    const described = running.map((one) => describe(one, usage(one.run), now))
    return ok({ root, time, daemon, paused, queues, running: described }, problems)
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

function describe({ queue, run }: Running, usage: Usage | undefined, now: Millis): TopRun {
  const { id, attempt, slot, started, name } = run
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
}

/** What each run uses now: the processes in its slot's group, and those that left it. */
function measured(runs: readonly RunningItem[]): (run: RunningItem) => Usage | undefined {
  const slots = runs.flatMap(({ slot }) => (slot === undefined ? [] : (processStat(slot) ?? [])))
  if (slots.length === 0) return () => undefined
  const all = processes()
  const groups = new Map<number | undefined, ProcessStat[]>(slots.map(({ pid }) => [pid, []]))
  for (const stat of all) if (stat.pid !== stat.group) groups.get(stat.group)?.push(stat)
  const outsiders = outsidersByAttempt(all, Math.min(...slots.map(({ start }) => start)), groups)
  return ({ id, attempt, slot }) => {
    const members = groups.get(slot)
    return members && usageOf([...members, ...(outsiders.get(attemptKey(id, attempt)) ?? [])])
  }
}
