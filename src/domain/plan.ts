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
  /** It left to make room for a new one, which comes at once, whether there is work or not. */
  | { readonly state: 'restarting'; readonly name: QueueName; readonly inode: string }

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
  const staying = workers.filter(
    (worker): worker is LiveWorker => isLive(worker) && wanted.get(worker.inode)?.name === worker.name,
  )
  const starts = planStarts(queues, workers, staying, limits, now)
  return [...planEnds(workers, wanted), ...starts, ...planRetirements(staying, starts.length, limits)]
}

type LiveWorker = Extract<Worker, { state: 'starting' | 'running' }>

function isLive(worker: Worker): worker is LiveWorker {
  return worker.state === 'running' || worker.state === 'starting'
}

function planEnds(workers: readonly Worker[], wanted: ReadonlyMap<string, WantedQueue>): PlanAction[] {
  return workers.flatMap((worker): PlanAction[] => {
    const { name, inode, state } = worker
    if (wanted.get(inode)?.name === name || state === 'stopping') return []
    const isProcess = state !== 'waiting' && state !== 'restarting'
    return isProcess ? [{ do: 'stop', name, inode, why: 'gone' }] : [{ do: 'forget', name, inode }]
  })
}

function planStarts(
  queues: readonly WantedQueue[],
  workers: readonly Worker[],
  staying: readonly LiveWorker[],
  limits: PlanLimits,
  now: Millis,
): PlanAction[] {
  const existing = new Map(workers.map((worker) => [worker.inode, worker]))
  const candidates = queues.filter((queue) => mayStart(queue, existing.get(queue.inode), now))
  const again = candidates.filter((queue) => existing.get(queue.inode)?.state === 'restarting')
  const others = candidates.filter((queue) => !again.includes(queue))
  const withWork = others.filter((queue) => needed(queue, now))
  const idle = others.filter((queue) => !needed(queue, now))
  const processes = workers.filter(({ state }) => state !== 'waiting' && state !== 'restarting').length
  const room = Math.max(0, limits.warmWorkers - processes - again.length - withWork.length)
  const starting = staying.filter((worker) => worker.state === 'starting').length
  return [...again, ...withWork, ...idle.slice(0, room)]
    .slice(0, Math.max(0, limits.startAtOnce - starting))
    .map(({ name, inode }) => ({ do: 'start', name, inode }))
}

/** `started`: what this plan starts counts already, or the next plan would retire for it. */
function planRetirements(staying: readonly LiveWorker[], started: number, limits: PlanLimits): PlanAction[] {
  return staying
    .filter((worker) => worker.state === 'running' && worker.idleSince !== undefined)
    .toSorted((a, b) => (a.idleSince ?? 0) - (b.idleSince ?? 0))
    .slice(0, Math.max(0, staying.length + started - limits.warmWorkers))
    .map(({ name, inode }) => ({ do: 'stop', name, inode, why: 'retire' }))
}

function needed(queue: WantedQueue, now: Millis): boolean {
  return queue.hasWork || queue.nextDue <= now
}

function mayStart(queue: WantedQueue, worker: Worker | undefined, now: Millis): boolean {
  if (worker === undefined || worker.state === 'restarting') return true
  // A failure of the queue that had this directory before is no reason to wait: that worker is forgotten.
  return worker.state === 'waiting' && (worker.until <= now || worker.name !== queue.name)
}

/** Restart delay after `failures` unexpected ends in a row: 0.1 s, doubling to 30 s, ± a quarter. */
export function restartDelay(failures: number, random: number): Millis {
  const base = Math.min(30_000, 100 * 2 ** Math.min(failures - 1, 20))
  return Math.round(base * (0.75 + random * 0.5))
}
