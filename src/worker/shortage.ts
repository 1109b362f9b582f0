/** Something of the system's is short (descriptors, processes, room for a log): nothing is started for a moment. */
import type { Millis } from '../domain/name.ts'
import type { QueueFacts } from '../domain/pick.ts'
import type { Worker } from './worker.ts'

const PAUSE: Millis = 1000

export class Shortage {
  readonly #worker: Worker
  #last: QueueFacts['shortage']

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** The last one; over when its time is. */
  get last(): QueueFacts['shortage'] {
    return this.#last
  }

  endsAfter(now: Millis): Millis {
    return this.#last !== undefined && now < this.#last.until ? this.#last.until : Number.POSITIVE_INFINITY
  }

  pause(problem: string): void {
    this.#last = { problem, until: Date.now() + PAUSE }
  }

  /** Descriptors or processes are short, and slots take both: fewer of them leave some for verdicts. */
  happened(problem: string): void {
    this.#worker.runs.pool.shrink()
    this.pause(problem)
  }
}
