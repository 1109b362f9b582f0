/** Tells the supervisor when there has been nothing to do for a while, so that it may let us go. */
import type { Millis } from '../domain/name.ts'
import type { FromWorker } from '../domain/worker-protocol.ts'

const IDLE_AFTER: Millis = 500
/** A due time that moves by less is no news. */
const SAME_TIME: Millis = 1000

export class Idleness {
  readonly #isIdle: () => boolean
  /** Infinite when nothing is scheduled. */
  readonly #nextTime: () => Millis
  readonly #tell: (message: FromWorker) => void
  #told: { readonly nextDue: number | null } | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(isIdle: () => boolean, nextTime: () => Millis, tell: (message: FromWorker) => void) {
    this.#isIdle = isIdle
    this.#nextTime = nextTime
    this.#tell = tell
  }

  /** After anything that may have changed it. Work is told at once, if we were thought idle; idleness when it lasts. */
  look(): void {
    if (!this.#isIdle()) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      if (this.#told !== undefined) this.#tell({ type: 'busy' })
      this.#told = undefined
    } else if (this.#told === undefined || Math.abs((this.#due() ?? 0) - (this.#told.nextDue ?? 0)) >= SAME_TIME) {
      this.#timer ??= setTimeout(() => this.#say(), IDLE_AFTER)
    }
  }

  #say(): void {
    this.#timer = undefined
    if (!this.#isIdle()) return
    this.#told = { nextDue: this.#due() }
    this.#tell({ type: 'idle', nextDue: this.#told.nextDue })
  }

  #due(): number | null {
    const next = this.#nextTime()
    return Number.isFinite(next) ? next : null
  }
}
