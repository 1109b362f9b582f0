/** How much was looked at for a search, and whether that is enough. */
import type { Millis } from '../domain/name.ts'
import { costOf, type Query } from '../domain/query.ts'
import type { Candidate } from './facts.ts'
import { matches, NameTests } from './select.ts'

/** So many names are looked at, and so many items opened, before it is asked for more. */
export const NAMES_BOUND = 200_000
export const ITEMS_BOUND = 20_000
/** A state with no more names than this is listed in the order in which its items will run, unasked. */
export const SORTED_UNASKED = 20_000
/** Between two looks at the clock. */
const NAMES_A_LOOK = 64

export interface Effort {
  /** No bound. */
  readonly deep: boolean
  /** As performance.now() tells it: nothing more is begun. */
  readonly until: number
  /** So many rows are wanted. */
  readonly rows: number
}

export class Looking {
  looked = 0
  opened = 0
  /** Could not be judged. */
  unknown = 0
  readonly now: Millis
  readonly byName: boolean
  readonly tests: NameTests
  readonly #query: Query
  #effort: Effort

  constructor(query: Query, effort: Effort, now: Millis) {
    this.#query = query
    this.#effort = effort
    this.now = now
    this.byName = costOf(query) === 'name'
    this.tests = new NameTests(query, now)
  }

  /** It goes on for somebody who asked again, with as much patience. */
  renew(effort: Effort): void {
    this.#effort = effort
    this.tests.renew()
    this.looked = 0
    this.opened = 0
    this.unknown = 0
  }

  get rows(): number {
    return this.#effort.rows
  }

  isLate(): boolean {
    const { until } = this.#effort
    return until !== Number.POSITIVE_INFINITY && performance.now() >= until
  }

  isOver(): boolean {
    const { deep } = this.#effort
    if (!deep && (this.looked >= NAMES_BOUND || this.opened >= ITEMS_BOUND)) return true
    // Whoever goes on where this ends is to come to an end some day.
    const isBegun = this.looked > 0 && (this.byName || this.opened > 0)
    return isBegun && this.isLate()
  }

  /** Asked of each name: the clock is not looked at every time. */
  isOverAt(index: number): boolean {
    return index % NAMES_A_LOOK === 0 || this.looked >= NAMES_BOUND || !this.byName ? this.isOver() : false
  }

  /** The whole question, asked of what may match by its name. */
  holds(candidate: Candidate): boolean {
    if (this.byName) return true
    this.opened += 1
    const answer = matches(candidate, this.#query, this.now)
    if (answer === undefined) this.unknown += 1
    return answer === true
  }
}
