/** Whether the disk takes verdicts. While it does not, nothing new is started; asked again once a second. */
import type { Worker } from './worker.ts'

const AGAIN_MS = 1000

export class DiskState {
  readonly #worker: Worker
  #problem: string | undefined

  constructor(worker: Worker) {
    this.#worker = worker
  }

  get problem(): string | undefined {
    return this.#problem
  }

  refused(problem: string): void {
    this.#problem = problem
    setTimeout(() => this.#again(), AGAIN_MS).unref()
  }

  /** A verdict has arrived, or there is none to try with: the next start will tell. */
  well(): void {
    if (this.#problem === undefined) return
    this.#problem = undefined
    this.#worker.options.emit({ kind: 'disk-well' })
  }

  #again(): void {
    if (this.#worker.runs.settler.isDiskTroubled) {
      setTimeout(() => this.#again(), AGAIN_MS).unref()
      return
    }
    this.well()
    this.#worker.pump()
  }
}
