/** What runs in the slots of the workers, and what each run uses: for `rq top` and `rq workers`. */
import type { Millis } from '../domain/name.ts'
import { currentAttempt } from '../fsqueue/content.ts'
import { stateDir, within } from '../fsqueue/place.ts'
import { attemptKey, outsidersByAttempt } from '../os/outsiders.ts'
import { type ProcessStat, processes, processStat } from '../os/process.ts'
import { type Usage, usageOf } from '../os/usage.ts'
import { agesOf, waitingAge } from './ages.ts'
import { type Progress, progressOf } from './progress.ts'
import type { Queue } from './spool.ts'
import type { RunningItem } from './worker-status.ts'

const MOST_AGES = 2000

export interface RunRow {
  readonly queue: string
  readonly id: string
  readonly attempt: number | null
  /** ISO 8601. */
  readonly started: string | null
  readonly elapsed: Millis | null
  readonly progress: Progress | null
  /** The pid of its slot. */
  readonly slot: number | null
  /** Bytes, of all its processes that are alive, also of those that left its slot's group. */
  readonly rss: number | null
  /** CPU time of the same processes, in ms. */
  readonly cpu: Millis | null
}

export interface Running {
  readonly queue: Queue
  readonly run: RunningItem
}

/** One look at the processes of the machine for all of them. */
export function runRows(running: readonly Running[], now: Millis): RunRow[] {
  const usage = measured(running.map(({ run }) => run))
  return running.map((one) => describe(one, usage(one.run), now))
}

function describe({ queue, run }: Running, usage: Usage | undefined, now: Millis): RunRow {
  const { id, attempt, slot, started, name } = run
  const item = name === undefined ? undefined : within(stateDir(queue.dir, 'run'), name)
  return {
    queue: queue.name,
    id,
    attempt: attempt ?? null,
    started: started ?? null,
    // It may have begun since `now`.
    elapsed: started === undefined ? null : Math.max(0, now - Date.parse(started)),
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

/** How long the oldest item has waited that may run by its time; undefined when none waits. Of the first names found. */
export function oldestWaiting(queue: Queue, now: Millis): Millis | undefined {
  const ages = agesOf(queue, 'que', now, MOST_AGES).items.flatMap((aged) => waitingAge(aged, now) ?? [])
  return ages.length === 0 ? undefined : ages.reduce((most, age) => Math.max(most, age), 0)
}
