/**
 * Strict order: entries of an equal key stand in a line by their arrival, and only its head may be offered. What waits
 * for a time holds back the later ones of its line. Bounded: a line keeps its earliest; what is later than anything
 * left out is left out too, and nothing of a line is offered while a scan looks for what was left out.
 */
import { BoundedSet } from './bounded-set.ts'
import { compareArrival, type Entry } from './entry.ts'
import type { ItemId, RawName } from './name.ts'

interface Line {
  readonly entries: BoundedSet
  /** The head that was offered; not again until it was tried. */
  offered: RawName | undefined
  /** The earliest that was left out. */
  leftOut: Entry | undefined
}

export class Lines {
  readonly #perLine: number
  readonly #most: number
  readonly #onLeftOut: (raw: RawName) => void
  readonly #lines = new Map<string, Line>()
  readonly #lineOf = new Map<RawName, string>()
  /** Running, or with a verdict that has not arrived: it may come back, and then it is first. */
  readonly #held = new Map<string, Set<ItemId>>()
  readonly #holders = new Map<ItemId, string>()
  /** Lines that are known from their beginning only after this scan; undefined: all of them. */
  #doubted: Set<string> | undefined
  #isSure = false
  #lacksLines = false

  /** `onLeftOut`: it was in its line, and may have been offered. */
  constructor(perLine: number, most: number, onLeftOut: (raw: RawName) => void) {
    this.#perLine = perLine
    this.#most = most
    this.#onLeftOut = onLeftOut
  }

  get size(): number {
    return this.#lineOf.size
  }

  has(raw: RawName): boolean {
    return this.#lineOf.has(raw)
  }

  /** A line has run out, or there were too many lines: a scan knows more. */
  get needsScan(): boolean {
    if (this.#lacksLines && this.#lines.size < this.#most / 2) return true
    return this.#isShort
  }

  #isShort = false

  add(key: string, entry: Entry): void {
    let line = this.#lines.get(key)
    if (line === undefined) {
      // Once one found no place, earlier entries of any new line may have been left out.
      if (this.#lacksLines || this.#lines.size >= this.#most) {
        this.#lacksLines = true
        return
      }
      line = this.#newLine(key)
    }
    if (line.leftOut !== undefined && compareArrival(entry, line.leftOut) > 0) return
    this.#lineOf.set(entry.raw, key)
    line.entries.add(entry)
  }

  #newLine(key: string): Line {
    const line: Line = {
      offered: undefined,
      leftOut: undefined,
      entries: new BoundedSet(this.#perLine, compareArrival, (dropped) => {
        this.#lineOf.delete(dropped.raw)
        this.#onLeftOut(dropped.raw)
        if (line.leftOut === undefined || compareArrival(dropped, line.leftOut) < 0) line.leftOut = dropped
      }),
    }
    this.#lines.set(key, line)
    return line
  }

  /** The head, if it may be offered now and was not yet. */
  next(key: string): Entry | undefined {
    const line = this.#lines.get(key)
    if (line === undefined || this.#held.has(key) || this.#isDoubtful(key)) return undefined
    const head = line.entries.peek()
    if (head === undefined) {
      if (line.leftOut === undefined) this.#lines.delete(key)
      else this.#isShort = true
      return undefined
    }
    if (line.offered === head.raw) return undefined
    line.offered = head.raw
    return head
  }

  #isDoubtful(key: string): boolean {
    if (this.#isSure) return false
    return this.#doubted === undefined || this.#doubted.has(key)
  }

  /** May the offered entry be tried? It is taken out then. An earlier one may have come, or its line be held by now. */
  take(key: string, entry: Entry): boolean {
    const line = this.#lines.get(key)
    if (line === undefined) return false
    if (this.#held.has(key) || this.#isDoubtful(key) || line.entries.peek()?.raw !== entry.raw) {
      if (line.offered === entry.raw) line.offered = undefined
      return false
    }
    line.entries.pop()
    line.offered = undefined
    this.#lineOf.delete(entry.raw)
    return true
  }

  /** Is it the head of a line in which others wait? */
  holdsBack(raw: RawName): boolean {
    const line = this.#lines.get(this.#lineOf.get(raw) ?? '')
    return line !== undefined && hasOthers(line) && line.entries.peek()?.raw === raw
  }

  /** The heads that hold back others of their line. */
  inTheWay(): Entry[] {
    return [...this.#lines.values()].flatMap((line) => (hasOthers(line) ? (line.entries.peek() ?? []) : []))
  }

  /** They are gone: the lines in which others may be first now. */
  drop(raws: ReadonlySet<RawName>): Set<string> {
    const lines = new Set<string>()
    for (const raw of raws) {
      const key = this.#lineOf.get(raw)
      if (key !== undefined) lines.add(key)
      this.#lineOf.delete(raw)
    }
    for (const key of lines) {
      const line = this.#lines.get(key)
      if (line === undefined) continue
      line.entries.drop(raws)
      if (line.offered !== undefined && raws.has(line.offered)) line.offered = undefined
    }
    return lines
  }

  /** Nothing of its line is offered until `release`. */
  hold(id: ItemId, key: string): void {
    this.#held.set(key, (this.#held.get(key) ?? new Set()).add(id))
    this.#holders.set(id, key)
  }

  /** The line that may go on, if any. */
  release(id: ItemId): string | undefined {
    const key = this.#holders.get(id)
    if (key === undefined) return undefined
    this.#holders.delete(id)
    const holders = this.#held.get(key)
    holders?.delete(id)
    if ((holders?.size ?? 0) > 0) return undefined
    this.#held.delete(key)
    return key
  }

  /** What was left out is to be found again; until the end of the scan its lines stand still. */
  beginScan(): void {
    if (this.#isSure) this.#doubted = new Set()
    this.#isSure = false
    this.#isShort = false
    if (this.#lacksLines) this.#doubted = undefined
    this.#lacksLines = false
    for (const [key, line] of this.#lines) {
      if (line.leftOut === undefined) continue
      line.leftOut = undefined
      this.#doubted?.add(key)
    }
  }

  /** All lines are known from their beginning; which ones there are. */
  endScan(): string[] {
    this.#isSure = true
    this.#doubted = undefined
    return [...this.#lines.keys()]
  }

  /** An offered entry found no place, or was dropped: it is offered again. */
  forget(): void {
    for (const line of this.#lines.values()) line.offered = undefined
  }

  clear(): void {
    this.#lines.clear()
    this.#lineOf.clear()
    this.#isSure = false
    this.#doubted = undefined
    this.#isShort = false
    this.#lacksLines = false
  }
}

/** Behind its head; what was left out waits for it as well. */
function hasOthers({ entries, leftOut }: Line): boolean {
  return entries.size > 1 || leftOut !== undefined
}
