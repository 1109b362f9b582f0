/**
 * What lies in run/ while nobody is at work on it: a claim or a start that the disk cut short, and that could not be
 * undone. It is looked at once more, as a worker does at its start.
 */
import { QueueIoError } from '../fsqueue/errors.ts'
import { recoverRuns } from './recovery.ts'
import type { Worker } from './worker.ts'

const LOOK_MS = 1000

export class Strays {
  readonly #worker: Worker
  #timer: NodeJS.Timeout | undefined

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Something went wrong on the way into run/; what it left there is found in a moment. */
  expect(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#look()
    }, LOOK_MS)
  }

  get areExpected(): boolean {
    return this.#timer !== undefined
  }

  #look(): void {
    // The next worker begins with it.
    if (this.#worker.stopping !== undefined) return
    try {
      recoverRuns(this.#worker)
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      this.#worker.trouble(error)
      this.expect()
    }
    this.#worker.pump()
  }
}
