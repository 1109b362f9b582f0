/** What waits, as its name says, and the orders that it can stand in. */
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
  /** When it came, ms: the id's own time. */
  readonly arrival: Millis
  readonly tags: readonly string[]
}

/** `seen`: when a name without an id was first seen; so nobody starves behind the alphabet. */
export function entryOf(raw: RawName, seen: Millis): Entry {
  const name = parseItemName(raw)
  const notBefore = name.due === undefined ? 0 : name.due * 1000
  const arrival = name.id === undefined ? seen : idTime(name.id)
  return { raw, id: name.id, priority: name.priority, at: notBefore || arrival, notBefore, arrival, tags: name.tags }
}

/** Priority, then time, then name in bytes. */
export function compareEntries(a: Entry, b: Entry): number {
  return a.priority - b.priority || a.at - b.at || (a.raw < b.raw ? -1 : a.raw > b.raw ? 1 : 0)
}

/** With aging a level of priority is worth so much waiting, ms: the order stays the same while all wait. */
export function comparing(aging: Millis | undefined): (a: Entry, b: Entry) => number {
  if (aging === undefined) return compareEntries
  const rank = (entry: Entry) => entry.at + entry.priority * aging
  return (a, b) => rank(a) - rank(b) || (a.raw < b.raw ? -1 : a.raw > b.raw ? 1 : 0)
}

export function compareTimes(a: Entry, b: Entry): number {
  return a.notBefore - b.notBefore || compareEntries(a, b)
}

/** By the time of the id, whatever its priority or due time. */
export function compareArrival(a: Entry, b: Entry): number {
  return a.arrival - b.arrival || (a.raw < b.raw ? -1 : a.raw > b.raw ? 1 : 0)
}
