/**
 * The worker's view of que/: two bounded sets that may be dropped at any moment, because the directory is
 * the truth. `ready` holds the best few thousand that may run, `future` those that wait for a time.
 */
import { BoundedSet } from './bounded-set.ts'
import { Peers } from './coalesce.ts'
import { compareTimes, comparing, type Entry } from './entry.ts'
import { Lines } from './lines.ts'
import type { ItemId, Millis, RawName } from './name.ts'
import { Parking } from './parking.ts'
import { BOUNDS, type Gates, type ScheduleOptions } from './schedule-options.ts'

export class Schedule {
  readonly #ready: BoundedSet
  readonly #future: BoundedSet
  readonly #gates: Gates | undefined
  readonly #parking: Parking
  readonly #lines: Lines
  readonly #peers: Peers | undefined
  #truncated = false
  /** Earliest time of an entry that found no place in `future`. */
  #evictedAt = Number.POSITIVE_INFINITY
  /** Just taken: whatever became of it, the next of its keys are tried. */
  #tried: { readonly line: string | undefined } | undefined
  /** Keys under which an entry in `ready` was parked before. */
  readonly #cameFrom = new Map<RawName, string>()

  constructor({ bounds: given, aging, gates, mergedBy }: ScheduleOptions = {}) {
    const bounds = { ...BOUNDS, ...given }
    const compare = comparing(aging)
    this.#gates = gates
    this.#parking = new Parking(compare, bounds.parkedPerKey, bounds.parkedPerClass, bounds.parked)
    this.#lines = new Lines(bounds.perLine, bounds.lines, (raw) => this.#leave(new Set([raw])))
    this.#peers = mergedBy === undefined ? undefined : new Peers(mergedBy)
    this.#ready = new BoundedSet(bounds.ready, compare, (entry) => {
      this.#truncated = true
      this.#left(entry.raw)
    })
    this.#future = new BoundedSet(bounds.ready, compareTimes, (entry) => {
      this.#evictedAt = Math.min(this.#evictedAt, entry.notBefore)
    })
  }

  get readySize(): number {
    return this.#ready.size
  }

  get futureSize(): number {
    return this.#future.size
  }

  /** How many are held back by each reason, as far as they are known. */
  parked(): Record<string, number> {
    return this.#parking.counts()
  }

  /** Something that may run was left out: a low `readySize` then asks for a scan. */
  get truncated(): boolean {
    return this.#truncated
  }

  has(raw: RawName): boolean {
    return this.#ready.has(raw) || this.#future.has(raw) || this.#parking.has(raw) || this.#lines.has(raw)
  }

  add(entry: Entry, now: Millis): void {
    this.#peers?.add(entry)
    if (this.has(entry.raw)) return
    const line = this.#gates?.lineOf(entry)
    if (line === undefined) {
      this.#offer(entry, now)
      return
    }
    this.#lines.add(line, entry)
    this.#advance(line, now)
  }

  /** The head of a line takes part; the others wait in it. */
  #advance(line: string, now: Millis): void {
    const head = this.#lines.next(line)
    if (head !== undefined) this.#offer(head, now)
  }

  #offer(entry: Entry, now: Millis): void {
    if (this.#ready.has(entry.raw) || this.#future.has(entry.raw) || this.#parking.has(entry.raw)) return
    if (entry.notBefore > now) {
      this.#future.add(entry)
      return
    }
    const shut = this.#gates?.shut(entry, now)
    if (shut === undefined) this.#ready.add(entry)
    else this.#parking.park(entry, shut)
  }

  /** It cannot run before `until`: it takes no ready place. */
  postpone(entry: Entry, until: Millis): void {
    const later = { ...entry, notBefore: until }
    if (this.#gates !== undefined) this.add(later, until - 1)
    else if (!this.has(entry.raw)) this.#future.add(later)
  }

  /** What has become due or open comes to the others. How many may run now, as far as it is known. */
  ripen(now: Millis): number {
    for (let next = this.#future.peek(); next !== undefined && next.notBefore <= now; next = this.#future.peek()) {
      this.#future.pop()
      this.#offer(next, now)
    }
    if (this.#gates !== undefined) this.#goOn(this.#gates, now)
    return this.#ready.size
  }

  /** The best entry that may run now, taken out. */
  take(now: Millis): Entry | undefined {
    this.ripen(now)
    const taken = this.#gates === undefined ? this.#ready.pop() : this.#takeOpen(this.#gates, now)
    if (taken !== undefined) this.#peers?.remove(taken)
    return taken
  }

  #takeOpen(gates: Gates, now: Millis): Entry | undefined {
    for (;;) {
      this.#goOn(gates, now)
      const best = this.#ready.pop()
      if (best === undefined) return undefined
      const line = gates.lineOf(best)
      const shut = gates.shut(best, now)
      this.#left(best.raw, shut?.key)
      if (shut !== undefined) {
        this.#parking.park(best, shut)
        continue
      }
      if (line !== undefined && !this.#lines.take(line, best)) {
        this.#advance(line, now)
        continue
      }
      this.#tried = { line }
      this.opened(gates.forget(best.raw))
      return best
    }
  }

  /** Out of `ready`: the next of the key that it was parked under is tried, unless it is parked there again. */
  #left(raw: RawName, again?: string): void {
    const cameFrom = this.#cameFrom.get(raw)
    this.#cameFrom.delete(raw)
    if (cameFrom !== undefined && cameFrom !== again) this.#parking.open(cameFrom)
  }

  #goOn(gates: Gates, now: Millis): void {
    const line = this.#tried?.line
    this.#tried = undefined
    if (line !== undefined) this.#advance(line, now)
    for (const { entry, key } of this.#parking.released(now, (best) => gates.shut(best, now))) {
      this.#cameFrom.set(entry.raw, key)
      this.#ready.add(entry)
    }
  }

  /** All that wait with the key of this entry, itself left out or not. */
  peers(entry: Entry): Entry[] {
    return this.#peers?.of(entry) ?? []
  }

  /** What waits and holds others back by that: where it is gone, nothing else would tell. */
  inTheWay(): Entry[] {
    const reserving = this.#gates?.reserving() ?? []
    const heads = this.#lines.inTheWay().filter(({ raw }) => !this.#ready.has(raw))
    return [...heads, ...reserving.flatMap((raw) => this.#parking.find(raw) ?? [])]
  }

  /** The same of what was parked since this was asked last: it may have gone while it was ready or in its line. */
  lateInTheWay(): Entry[] {
    const late = this.#parking.takeLate()
    if (late.length === 0) return late
    const reserving = new Set(this.#gates?.reserving())
    return late.filter(({ raw }) => this.#lines.holdsBack(raw) || reserving.has(raw))
  }

  /** They are not in que/ any more. */
  drop(entries: readonly Entry[], now: Millis): void {
    const raws = new Set(entries.map(({ raw }) => raw))
    for (const entry of entries) this.#peers?.remove(entry)
    this.#leave(raws)
    for (const raw of raws) this.opened(this.#gates?.forget(raw) ?? [])
    for (const line of this.#lines.drop(raws)) this.#advance(line, now)
  }

  #leave(raws: ReadonlySet<RawName>): void {
    for (const raw of raws) this.#left(raw)
    this.#ready.drop(raws)
    this.#future.drop(raws)
    this.#parking.drop(raws)
  }

  /** Keys of runs that ended (`FlowState.end`). */
  opened(keys: readonly string[]): void {
    for (const key of keys) this.#parking.open(key)
  }

  /** It runs, or its verdict is on its way: nothing later of its line starts. */
  hold(id: ItemId, line: string): void {
    this.#lines.hold(id, line)
  }

  release(id: ItemId, now: Millis): void {
    const line = this.#lines.release(id)
    if (line !== undefined) this.#advance(line, now)
  }

  /** When the future has something to say: the first due time, the first that was evicted, a key that opens. */
  nextTime(): Millis {
    const due = this.#future.peek()?.notBefore ?? Number.POSITIVE_INFINITY
    return Math.min(due, this.#evictedAt, this.#parking.nextOpening)
  }

  /** An evicted due time has come, or a key opened whose entries were left out: only a scan finds them. */
  needsScan(now: Millis, lowWater: number): boolean {
    if (this.#evictedAt <= now || (this.#truncated && this.#ready.size < lowWater)) return true
    return this.#parking.needsScan || this.#lines.needsScan
  }

  /** A scan begins: what it will see again need not be remembered as left out. */
  beginScan(): void {
    this.#truncated = false
    this.#evictedAt = Number.POSITIVE_INFINITY
    this.#parking.beginScan()
    this.#lines.beginScan()
  }

  /** All names were seen: lines are known from their beginning. */
  endScan(now: Millis): void {
    if (this.#gates === undefined) return
    this.#lines.forget()
    for (const line of this.#lines.endScan()) this.#advance(line, now)
  }

  clear(): void {
    this.#ready.clear()
    this.#future.clear()
    this.#parking.clear()
    this.#lines.clear()
    this.#peers?.clear()
    this.#cameFrom.clear()
    this.beginScan()
  }

  ready(): Entry[] {
    return this.#ready.toArray()
  }
}
