/** `_restart`: somebody wants a new process in our place. Handlers run on and are adopted. */
import { RESTART_FLAG, WORKER_EXIT } from '../domain/worker-protocol.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { removeFile } from '../fsqueue/files.ts'
import { inQueue } from '../fsqueue/place.ts'
import { shutDown } from './shutdown.ts'
import type { Worker } from './worker.ts'

/**
 * At our start: we are what it asked for. So a queue that slept when it was touched, or whose disk forgot that it was
 * removed, is not restarted for it, and nothing can go round in a circle.
 */
export function forgetRestart(worker: Worker): void {
  take(worker)
}

export function restartIfAsked(worker: Worker): void {
  // Told to end anyway: whoever comes next finds the file, and is new.
  if (worker.stopping !== undefined || !take(worker)) return
  worker.options.emit({ kind: 'restart-asked' })
  void shutDown(worker, 'detach').then(() => {
    // Told something else meanwhile, it is that order which ends us.
    if (worker.stopping === 'detach') process.exit(WORKER_EXIT.again)
  })
}

/** Who cannot remove it does not obey it: it would be there for the next one, too. */
function take(worker: Worker): boolean {
  try {
    return removeFile(inQueue(worker.options.queue, RESTART_FLAG))
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    worker.trouble(error)
    return false
  }
}
