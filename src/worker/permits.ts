/**
 * Permits of the pool that the queue belongs to (domain/permits.ts): one for each run. They come from the supervisor;
 * what is not used at once goes back, so that a freed one is given to the first in the pool's order that wants it.
 */
import { queueGate } from '../domain/pick.ts'
import type { ToWorker } from '../domain/worker-protocol.ts'
import { queueFacts } from './facts.ts'
import type { Worker } from './worker.ts'

type Granted = Extract<ToWorker, { readonly type: 'permits' }>

export class Permits {
  readonly #worker: Worker
  #pool: string | undefined
  #epoch = 0
  #received = 0
  /** Granted, and not used yet. */
  #spare = 0
  /** The last word, to say nothing twice. */
  #told = ''

  constructor(worker: Worker, pool: string | undefined) {
    this.#worker = worker
    this.#pool = pool
  }

  /** The queue's, as the supervisor says. */
  get pool(): string | undefined {
    return this.#pool
  }

  /** The pool, when nothing may be started for want of a permit. */
  get missing(): string | undefined {
    return this.#spare > 0 ? undefined : this.#pool
  }

  granted({ epoch, pool, more }: Granted): void {
    if (epoch !== this.#epoch) {
      this.#epoch = epoch
      this.#pool = pool ?? undefined
      this.#received = 0
      this.#spare = 0
    }
    this.#received += more
    this.#spare += more
    this.#worker.pump()
  }

  begun(): void {
    if (this.#spare > 0) this.#spare -= 1
  }

  /** Whatever could be started was. Once what an earlier worker left is known, or less would be told than there is. */
  tell(): void {
    if (this.#pool === undefined) return
    this.#spare = 0
    const held = this.#worker.runs.size
    const word = { epoch: this.#epoch, held, received: this.#received, wants: held + this.#couldStart() }
    const told = JSON.stringify(word)
    if (told === this.#told) return
    this.#told = told
    this.#worker.options.tell({ type: 'permits', ...word })
  }

  #couldStart(): number {
    const now = Date.now()
    const facts = { ...queueFacts(this.#worker, now), noPermit: undefined }
    return queueGate(facts, now) === undefined ? Math.min(facts.freeSlots, this.#worker.intake.ready(now)) : 0
  }
}
