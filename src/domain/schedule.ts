/**
 * The worker's view of que/: two bounded sets that may be dropped at any moment, because the directory is
 * the truth. `ready` holds the best few thousand that may run, `future` those that wait for a time.
 */
import type { ItemId, Millis, RawName } from './name.ts'
import { idTime, parseItemName } from './name.ts'

export interface Entry {
  readonly raw: RawName
  readonly id: ItemId | undefined
  readonly priority: number
  /** Due time if the name has one, else its arrival, ms. Orders within a priority. */
  readonly at: Millis
  /** Not before, ms; 0 when it may run. */
  readonly notBefore: Millis
}

/** `seen`: when a name without an id was first seen; so nobody starves behind the alphabet. */
export function entryOf(raw: RawName, seen: Millis): Entry {
  const name = parseItemName(raw)
  const notBefore = name.due === undefined ? 0 : name.due * 1000
  const arrival = name.id === undefined ? seen : idTime(name.id)
  return { raw, id: name.id, priority: name.priority, at: notBefore || arrival, notBefore }
}

/** Priority, then time, then name in bytes. */
export function compareEntries(a: Entry, b: Entry): number {
  return a.priority - b.priority || a.at - b.at || (a.raw < b.raw ? -1 : a.raw > b.raw ? 1 : 0)
}

function compareTimes(a: Entry, b: Entry): number {
  return a.notBefore - b.notBefore || compareEntries(a, b)
}

/** A sorted set of at most `limit`; what is worse falls out at the end. Additions are sorted lazily, in bulk. */
class BoundedSet {
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

export class Schedule {
  readonly #ready: BoundedSet
  readonly #future: BoundedSet
  #truncated = false
  /** Earliest time of an entry that found no place in `future`. */
  #evictedAt = Number.POSITIVE_INFINITY

  constructor(limit = 20_000) {
    this.#ready = new BoundedSet(limit, compareEntries, () => {
      this.#truncated = true
    })
    this.#future = new BoundedSet(limit, compareTimes, (entry) => {
      this.#evictedAt = Math.min(this.#evictedAt, entry.notBefore)
    })
  }

  get readySize(): number {
    return this.#ready.size
  }

  get futureSize(): number {
    return this.#future.size
  }

  /** Something that may run was left out: a low `readySize` then asks for a scan. */
  get truncated(): boolean {
    return this.#truncated
  }

  has(raw: RawName): boolean {
    return this.#ready.has(raw) || this.#future.has(raw)
  }

  add(entry: Entry, now: Millis): void {
    if (this.has(entry.raw)) return
    if (entry.notBefore > now) this.#future.add(entry)
    else this.#ready.add(entry)
  }

  /** It cannot run before `until`: it takes no ready place. */
  postpone(entry: Entry, until: Millis): void {
    if (!this.has(entry.raw)) this.#future.add({ ...entry, notBefore: until })
  }

  /** The best entry that may run now, taken out. */
  take(now: Millis): Entry | undefined {
    for (let next = this.#future.peek(); next !== undefined && next.notBefore <= now; next = this.#future.peek()) {
      this.#future.pop()
      this.#ready.add(next)
    }
    return this.#ready.pop()
  }

  /** When the future has something to say: the first due time, or the first that was evicted. */
  nextTime(): Millis {
    return Math.min(this.#future.peek()?.notBefore ?? Number.POSITIVE_INFINITY, this.#evictedAt)
  }

  /** An evicted due time has come: only a scan finds its item. */
  needsScan(now: Millis, lowWater: number): boolean {
    return this.#evictedAt <= now || (this.#truncated && this.#ready.size < lowWater)
  }

  /** A scan begins: what it will see again need not be remembered as left out. */
  beginScan(): void {
    this.#truncated = false
    this.#evictedAt = Number.POSITIVE_INFINITY
  }

  clear(): void {
    this.#ready.clear()
    this.#future.clear()
    this.beginScan()
  }

  ready(): Entry[] {
    return this.#ready.toArray()
  }
}
