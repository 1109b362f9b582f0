/** The last starts of a key: at most `count` in any window of `per`, exactly. Pure. */
import type { Millis } from './name.ts'

export class Window {
  readonly #count: number
  readonly #per: Millis
  /** Oldest first, the newest `count` of them. */
  #times: Millis[] = []
  #head = 0

  constructor(count: number, per: Millis) {
    this.#count = count
    this.#per = per
  }

  add(time: Millis): void {
    this.#times.push(time)
    if (this.#times.length - this.#head > this.#count) this.#head += 1
    // Cut rarely: a shift of a long list for each start would cost more than the start.
    if (this.#head > this.#count) {
      this.#times = this.#times.slice(this.#head)
      this.#head = 0
    }
  }

  /** When one more may start. A start in the future was written by a clock that is set back: it counts from now. */
  opensAt(now: Millis): Millis {
    if (this.#times.length - this.#head < this.#count) return 0
    const oldest = this.#times[this.#head] ?? 0
    if (oldest <= now) return oldest + this.#per
    // Once: or it would count anew at each look.
    this.#times = this.#times.map((time) => Math.min(time, now))
    return now + this.#per
  }

  /** Those that still count. */
  times(now: Millis): readonly Millis[] {
    return this.#times.slice(this.#head).filter((time) => time > now - this.#per)
  }
}
