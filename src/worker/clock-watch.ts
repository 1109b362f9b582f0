/** Notices a wall clock that was set back. */
import type { Millis } from '../domain/name.ts'

/** A clock that is slowed down for a while is none that was set back. */
const SLACK: Millis = 1000

export class ClockWatch {
  #latest: Millis = 0

  /** True once for each time that it was. */
  isSetBack(now: Millis): boolean {
    const isSetBack = now < this.#latest - SLACK
    this.#latest = isSetBack ? now : Math.max(now, this.#latest)
    return isSetBack
  }
}
