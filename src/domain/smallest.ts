/** The first of many in some order, in bounded memory: a heap whose root is the last of those that are kept. Pure. */
import { type Steps, sorting } from './steps.ts'

export class Smallest<T> {
  readonly #limit: number
  readonly #compare: (a: T, b: T) => number
  readonly #heap: T[] = []

  /** `limit`: at least 1; infinite keeps all. */
  constructor(limit: number, compare: (a: T, b: T) => number) {
    this.#limit = limit
    this.#compare = compare
  }

  /** What anything else must come before to be kept; undefined while there is room. */
  get last(): T | undefined {
    return this.#heap.length < this.#limit ? undefined : this.#heap[0]
  }

  add(one: T): void {
    const heap = this.#heap
    if (this.#limit === Number.POSITIVE_INFINITY) heap.push(one)
    else if (heap.length < this.#limit) {
      heap.push(one)
      this.#rise(heap.length - 1)
    } else if (heap[0] !== undefined && this.#compare(one, heap[0]) < 0) {
      heap[0] = one
      this.#sink()
    }
  }

  /** In their order; there may be very many. */
  sorted(): Steps<T[]> {
    return sorting(this.#heap, this.#compare)
  }

  #rise(from: number): void {
    let at = from
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.#isBehind(at, above)) return
      this.#swap(at, above)
      at = above
    }
  }

  #sink(): void {
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      let behind = at
      if (this.#isBehind(left, behind)) behind = left
      if (this.#isBehind(left + 1, behind)) behind = left + 1
      if (behind === at) return
      this.#swap(at, behind)
      at = behind
    }
  }

  #isBehind(a: number, b: number): boolean {
    const one = this.#heap[a]
    const other = this.#heap[b]
    return one !== undefined && other !== undefined && this.#compare(one, other) > 0
  }

  #swap(a: number, b: number): void {
    const one = this.#heap[a]
    const other = this.#heap[b]
    if (one === undefined || other === undefined) return
    this.#heap[a] = other
    this.#heap[b] = one
  }
}
