/** Entries in order, as many as are worth remembering. */

import type { Entry } from './entry.ts'
import type { RawName } from './name.ts'

/** A sorted set of at most `limit`; what is worse falls out at the end. Additions are sorted lazily, in bulk. */
export class BoundedSet {
  readonly #limit: number
  readonly #compare: (a: Entry, b: Entry) => number
  /** Told of every entry that finds no place, whenever that turns out. */
  readonly #onDrop: (entry: Entry) => void
  /** Worst first, so that taking the best is a pop. */
  #sorted: Entry[] = []
  #added: Entry[] = []
  readonly #names = new Set<RawName>()

  constructor(limit: number, compare: (a: Entry, b: Entry) => number, onDrop: (entry: Entry) => void) {
    this.#limit = limit
    this.#compare = compare
    this.#onDrop = onDrop
  }

  get size(): number {
    return this.#names.size
  }

  has(raw: RawName): boolean {
    return this.#names.has(raw)
  }

  find(raw: RawName): Entry | undefined {
    const isIt = (entry: Entry) => entry.raw === raw
    return this.#names.has(raw) ? (this.#sorted.find(isIt) ?? this.#added.find(isIt)) : undefined
  }

  add(entry: Entry): void {
    const worst = this.#sorted[0]
    if (this.#sorted.length >= this.#limit && worst !== undefined && this.#compare(entry, worst) > 0) {
      this.#onDrop(entry)
      return
    }
    this.#names.add(entry.raw)
    this.#added.push(entry)
    if (this.#added.length > this.#limit) this.#settle()
  }

  peek(): Entry | undefined {
    this.#settle()
    return this.#sorted.at(-1)
  }

  pop(): Entry | undefined {
    this.#settle()
    const best = this.#sorted.pop()
    if (best !== undefined) this.#names.delete(best.raw)
    return best
  }

  /** They are gone: nobody is told. */
  drop(raws: ReadonlySet<RawName>): void {
    const before = this.#names.size
    for (const raw of raws) this.#names.delete(raw)
    if (this.#names.size === before) return
    const isThere = ({ raw }: Entry) => this.#names.has(raw)
    this.#sorted = this.#sorted.filter(isThere)
    this.#added = this.#added.filter(isThere)
  }

  clear(): void {
    this.#sorted = []
    this.#added = []
    this.#names.clear()
  }

  /** Best first; for people who look. */
  toArray(): Entry[] {
    this.#settle()
    return this.#sorted.toReversed()
  }

  #settle(): void {
    if (this.#added.length === 0) return
    if (this.#added.length <= 16) for (const entry of this.#added) this.#insert(entry)
    else this.#sorted = this.#sorted.concat(this.#added).sort((a, b) => this.#compare(b, a))
    this.#added = []
    for (const entry of this.#sorted.splice(0, Math.max(0, this.#sorted.length - this.#limit))) {
      this.#names.delete(entry.raw)
      this.#onDrop(entry)
    }
  }

  #insert(entry: Entry): void {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const at = this.#sorted[middle]
      if (at !== undefined && this.#compare(at, entry) > 0) low = middle + 1
      else high = middle
    }
    this.#sorted.splice(low, 0, entry)
  }
}
