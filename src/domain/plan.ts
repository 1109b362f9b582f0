/** Which workers should exist: a pure plan of the supervisor's. Applied twice, the second is empty. */
import type { Millis, QueueName } from './name.ts'

export interface WantedQueue {
  readonly name: QueueName
  /** Device and inode: a directory renamed and another made in its place are two queues. */
  readonly inode: string
  /** Something lies in que/ or run/ that wants a worker. */
  readonly hasWork: boolean
  /** Its next due time, ms, as told by a worker that retired. */
  readonly nextDue: Millis
}

export type Worker =
  | {
      readonly state: 'starting' | 'running'
      readonly name: QueueName
      readonly inode: string
      readonly idleSince: Millis | undefined
    }
  | { readonly state: 'stopping'; readonly name: QueueName; readonly inode: string }
  /** It ended otherwise than asked; nothing is forked before `until`. */
  | { readonly state: 'waiting'; readonly name: QueueName; readonly inode: string; readonly until: Millis }

export type PlanAction =
  | { readonly do: 'start'; readonly name: QueueName; readonly inode: string }
  | { readonly do: 'stop'; readonly name: QueueName; readonly inode: string; readonly why: 'gone' | 'retire' }
  | { readonly do: 'forget'; readonly name: QueueName; readonly inode: string }

export interface PlanLimits {
  /** How many workers may stay without work. */
  readonly warmWorkers: number
  /** How many may start at one time: each costs some 0.2 s of a core. */
  readonly startAtOnce: number
}

/** One plan: stop what has no queue, start what has work, keep some idle ones warm, retire the rest. */
export function plan(
  queues: readonly WantedQueue[],
  workers: readonly Worker[],
  limits: PlanLimits,
  now: Millis,
): PlanAction[] {
  const wanted = new Map(queues.map((queue) => [queue.inode, queue]))
  const existing = new Map(workers.map((worker) => [worker.inode, worker]))
  const actions: PlanAction[] = []

  for (const worker of workers) {
    const queue = wanted.get(worker.inode)
    if (queue?.name === worker.name) continue
    if (worker.state === 'waiting') actions.push({ do: 'forget', name: worker.name, inode: worker.inode })
    else if (worker.state !== 'stopping')
      actions.push({ do: 'stop', name: worker.name, inode: worker.inode, why: 'gone' })
  }

  let starting = workers.filter((worker) => worker.state === 'starting').length
  const alive = workers.filter((worker) => worker.state !== 'waiting').length
  const candidates = queues.filter((queue) => mayStart(queue, existing.get(queue.inode), now))
  const busyFirst = [
    ...candidates.filter((queue) => needed(queue, now)),
    ...candidates.filter((queue) => !needed(queue, now)),
  ]
  let room = limits.warmWorkers - alive
  for (const queue of busyFirst) {
    if (starting >= limits.startAtOnce) break
    if (!needed(queue, now) && room <= 0) break
    actions.push({ do: 'start', name: queue.name, inode: queue.inode })
    starting += 1
    room -= 1
  }

  const idle = workers
    .filter(
      (worker) =>
        worker.state === 'running' && worker.idleSince !== undefined && wanted.get(worker.inode)?.name === worker.name,
    )
    .toSorted((a, b) => idleSince(a) - idleSince(b))
  const surplus =
    workers.filter((worker) => worker.state === 'running' || worker.state === 'starting').length - limits.warmWorkers
  for (const worker of idle.slice(0, Math.max(0, surplus))) {
    actions.push({ do: 'stop', name: worker.name, inode: worker.inode, why: 'retire' })
  }
  return actions
}

function idleSince(worker: Worker): Millis {
  return 'idleSince' in worker ? (worker.idleSince ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
}

function needed(queue: WantedQueue, now: Millis): boolean {
  return queue.hasWork || queue.nextDue <= now
}

function mayStart(_queue: WantedQueue, worker: Worker | undefined, now: Millis): boolean {
  return worker === undefined || (worker.state === 'waiting' && worker.until <= now)
}

/** Restart delay after `failures` unexpected ends in a row: 0.1 s, doubling to 30 s, ± a quarter. */
export function restartDelay(failures: number, random: number): Millis {
  const base = Math.min(30_000, 100 * 2 ** Math.min(failures - 1, 20))
  return Math.round(base * (0.75 + random * 0.5))
}
