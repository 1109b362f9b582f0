/** What of a worker's own state keeps the items of its queue waiting (domain/pick.ts). */
import type { Millis } from '../domain/name.ts'
import type { QueueFacts } from '../domain/pick.ts'
import type { Worker } from './worker.ts'

/** Verdicts on their way to the disk, per slot, before nothing more is started. */
const UNSETTLED_PER_SLOT = 64

export function queueFacts(worker: Worker, now: Millis): QueueFacts {
  const { config, runs, handler } = worker
  const limit = Math.min(handler.isDoubtful ? 1 : config.slots, runs.pool.limit)
  const backlogged = runs.unsettled > config.slots * UNSETTLED_PER_SLOT
  return {
    stopping: worker.stopping !== undefined && worker.stopping !== 'retire',
    rootPaused: worker.rootPaused,
    ...worker.flags,
    configProblem: worker.configuration.problem,
    brokenHandler: worker.hooks.broken(now),
    diskProblem: worker.disk.problem,
    shortage: worker.shortage.last,
    pressure: worker.gauge.read(now),
    slots: config.slots,
    freeSlots: backlogged ? 0 : Math.max(0, limit - runs.size),
    noPermit: worker.permits.missing,
  }
}
