/** Ending a run before its time: TERM, grace, KILL to the whole group. */
import type { StopCause } from '../domain/item.ts'
import { recordStop } from '../fsqueue/attempt.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { configOf } from './item-config.ts'
import { type Run, runPath, signalRun } from './run.ts'
import type { Worker } from './worker.ts'

/** The cause is on the disk first. Once only: what stops it first is the cause. */
export function stopRun(worker: Worker, run: Run, cause: StopCause): void {
  if (run.stopping !== undefined || run.isEnding) return
  const { queue, emit } = worker.options
  run.stopping = cause
  try {
    recordStop(runPath(queue, run), run.attempt, cause)
  } catch (error) {
    // A full disk must not keep anybody alive; only a crash now would forget why.
    if (!(error instanceof QueueIoError)) throw error
  }
  emit({ kind: 'item-stopping', id: run.id, cause, signal: 'SIGTERM' })
  signalRun(run, 'SIGTERM')
  signalRun(run, 'SIGCONT')
  run.killTimer = setTimeout(() => {
    emit({ kind: 'item-stopping', id: run.id, cause, signal: 'SIGKILL' })
    signalRun(run, 'SIGKILL')
  }, configOf(worker.config, run.msg).termTimeout)
}
