/** Wakes the worker when a time has come; an idle one costs nothing. */
import type { Millis } from '../domain/name.ts'

const DUE_AGAIN: Millis = 1000
const DUE_LATELY: Millis = 50
/** A clock that is set moves what is due; so it is looked at once a minute at least. */
const LONGEST: Millis = 60_000

/** When something may happen by itself, ms since 1970; infinite when only an event can tell. */
export type Wake = (now: Millis) => Millis

export class Alarm {
  readonly #onTime: () => void
  readonly #wakes: Wake[]
  #timer: NodeJS.Timeout | undefined
  #timerFor: Millis | undefined = Number.POSITIVE_INFINITY
  #isOff = false

  constructor(wakes: readonly Wake[], onTime: () => void) {
    this.#wakes = [...wakes]
    this.#onTime = onTime
  }

  /** One more reason to wake. */
  add(wake: Wake): void {
    this.#wakes.push(wake)
  }

  next(now: Millis): Millis {
    return Math.min(...this.#wakes.map((wake) => wake(now)))
  }

  /** After anything that may have moved the next time. */
  set(now: Millis): void {
    const next = this.next(now)
    if (next === this.#timerFor) return
    clearTimeout(this.#timer)
    this.#timerFor = next
    if (!Number.isFinite(next) || this.#isOff) return
    this.#timer = setTimeout(
      () => {
        this.#timerFor = undefined
        this.#onTime()
      },
      // What is due by now and did not start waits for an event, not for the clock.
      next < now - DUE_LATELY ? DUE_AGAIN : Math.min(LONGEST, Math.max(1, next - now)),
    )
  }

  /** For a worker that is about to leave. */
  off(): void {
    this.#isOff = true
    clearTimeout(this.#timer)
  }
}
