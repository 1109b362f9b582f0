/**
 * Entries that may not run for what else runs or ran, by the key that holds them back. Bounded and droppable: what
 * finds no place is remembered by its key only, and found by a scan when that key has run empty.
 */
import { BoundedSet } from './bounded-set.ts'
import type { Entry } from './entry.ts'
import type { Shut } from './flow.ts'
import type { Millis, RawName } from './name.ts'

interface Lot {
  readonly entries: BoundedSet
  readonly reason: Shut['reason']['kind']
  until: Millis
}

export interface Released {
  readonly entry: Entry
  readonly key: string
}

export class Parking {
  readonly #compare: (a: Entry, b: Entry) => number
  readonly #perKey: number
  readonly #perClass: number
  readonly #inAll: number
  readonly #lots = new Map<string, Lot>()
  readonly #keyOf = new Map<RawName, string>()
  /** Parked since `takeLate`. */
  #late = new Map<RawName, Entry>()
  /** Keys of which something found no place. */
  readonly #more = new Set<string>()
  /** Keys that may be open: their best is to be tried. */
  readonly #open = new Set<string>()
  #isShortOf = false
  #nextOpening = Number.POSITIVE_INFINITY

  /** `perClass`: of those that a class of slots holds back; there are few classes, and much may wait for one. */
  constructor(compare: (a: Entry, b: Entry) => number, perKey: number, perClass: number, inAll: number) {
    this.#compare = compare
    this.#perKey = perKey
    this.#perClass = perClass
    this.#inAll = inAll
  }

  get size(): number {
    return this.#keyOf.size
  }

  has(raw: RawName): boolean {
    return this.#keyOf.has(raw)
  }

  find(raw: RawName): Entry | undefined {
    return this.#lots.get(this.#keyOf.get(raw) ?? '')?.entries.find(raw)
  }

  /** How many wait for each reason. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { reason, entries } of this.#lots.values()) counts[reason] = (counts[reason] ?? 0) + entries.size
    return counts
  }

  /** True: an opened key has nothing left here, and something in the directory. */
  get needsScan(): boolean {
    return this.#isShortOf
  }

  /** When the first key opens by itself. */
  get nextOpening(): Millis {
    return this.#nextOpening
  }

  park(entry: Entry, { key, reason, until }: Shut): void {
    if (this.#keyOf.size >= this.#inAll && (this.#lots.get(key)?.entries.size ?? 0) > 0) {
      this.#more.add(key)
      return
    }
    const lot = this.#lots.get(key) ?? this.#newLot(key, reason.kind)
    lot.until = until
    this.#nextOpening = Math.min(this.#nextOpening, until)
    this.#keyOf.set(entry.raw, key)
    this.#late.set(entry.raw, entry)
    lot.entries.add(entry)
  }

  #newLot(key: string, reason: Lot['reason']): Lot {
    const entries = new BoundedSet(
      key.startsWith('class:') ? this.#perClass : this.#perKey,
      this.#compare,
      (dropped) => {
        this.#forget(dropped.raw)
        this.#more.add(key)
      },
    )
    const lot = { entries, reason, until: Number.POSITIVE_INFINITY }
    this.#lots.set(key, lot)
    return lot
  }

  /** A key opened, or `class` for all classes: its best is tried at the next look. */
  open(key: string): void {
    if (key !== 'class') {
      this.#open.add(key)
      return
    }
    for (const known of this.#lots.keys()) if (known.startsWith('class:')) this.#open.add(known)
  }

  /** The best of each opened key that is open indeed, taken out. One at a time of each: the next when that was tried. */
  released(now: Millis, shut: (entry: Entry) => Shut | undefined): Released[] {
    if (this.#nextOpening <= now) this.#openByTime(now)
    if (this.#open.size === 0) return []
    const released: Released[] = []
    for (const key of this.#open) {
      const lot = this.#lots.get(key)
      const best = lot?.entries.peek()
      if (lot === undefined || best === undefined) {
        this.#isShortOf ||= this.#more.has(key)
        this.#lots.delete(key)
        continue
      }
      const gate = shut(best)
      if (gate?.key === key) {
        lot.until = gate.until
        this.#nextOpening = Math.min(this.#nextOpening, gate.until)
        continue
      }
      lot.entries.pop()
      this.#forget(best.raw)
      released.push({ entry: best, key })
    }
    this.#open.clear()
    return released
  }

  #forget(raw: RawName): void {
    this.#keyOf.delete(raw)
    this.#late.delete(raw)
  }

  /** Those that were parked since the last call and still are: it may be long ago that they were seen. */
  takeLate(): Entry[] {
    if (this.#late.size === 0) return []
    const late = [...this.#late.values()]
    this.#late = new Map()
    return late
  }

  /** They are gone. A key that is empty now goes when it opens. */
  drop(raws: ReadonlySet<RawName>): void {
    const keys = new Set<string>()
    for (const raw of raws) {
      const key = this.#keyOf.get(raw)
      if (key !== undefined) keys.add(key)
      this.#forget(raw)
    }
    for (const key of keys) this.#lots.get(key)?.entries.drop(raws)
  }

  #openByTime(now: Millis): void {
    this.#nextOpening = Number.POSITIVE_INFINITY
    for (const [key, { until }] of this.#lots) {
      if (until <= now) this.#open.add(key)
      else this.#nextOpening = Math.min(this.#nextOpening, until)
    }
  }

  /** A scan sees again what was left out. */
  beginScan(): void {
    this.#more.clear()
    this.#isShortOf = false
  }

  clear(): void {
    this.#lots.clear()
    this.#keyOf.clear()
    this.#late.clear()
    this.#open.clear()
    this.#nextOpening = Number.POSITIVE_INFINITY
    this.beginScan()
  }
}
