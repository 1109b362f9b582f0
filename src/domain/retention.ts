/**
 * What may be removed of what has ended, oldest first. Pure: the cleaner lists, asks, and carries out.
 *
 * Of done/ and relayed/ the minutes are judged newest first, so that nothing behind the first one that is over a limit
 * has to be looked at; of a state without minutes all items are, by the time they came into it.
 */
import type { State } from './item.ts'
import { type Millis, minuteBucket } from './name.ts'

/** States that items stay in, and that may be kept bounded. */
export const KEPT_STATES = ['done', 'relayed', '_err'] as const satisfies readonly State[]
export type KeptState = (typeof KEPT_STATES)[number]

/** Infinite where nothing is said: kept for ever. */
export interface KeepLimits {
  /** Since it came into its state, ms. */
  readonly age: Millis
  /** How many stay: the newest. */
  readonly count: number
  /** Bytes of those that stay: the newest. */
  readonly size: number
}

export interface RetentionPolicy extends Readonly<Record<KeptState, KeepLimits>> {
  /** Half-built items, and what was left in `_tmp`. */
  readonly prep: Millis
  /** What people removed. */
  readonly trash: Millis
  /** How often a worker has its queue cleaned. */
  readonly every: Millis
  readonly archive: ArchivePolicy
}

export interface ArchivePolicy {
  /** Relative to the queue, or absolute. */
  readonly dir: string
  /** What is archived before it is removed. */
  readonly states: readonly KeptState[]
  /** How long archives stay themselves; infinite: for ever. */
  readonly keep: Millis
}

export function isLimited({ age, count, size }: KeepLimits): boolean {
  return Number.isFinite(age) || Number.isFinite(count) || Number.isFinite(size)
}

/** Is there anything to be done again and again? Leftovers alone are looked for now and then. */
export function hasRetention(policy: RetentionPolicy): boolean {
  return KEPT_STATES.some((state) => isLimited(policy[state])) || Number.isFinite(policy.archive.keep)
}

/** What stays of the newer ones that were looked at before. */
export interface Seen {
  readonly count: number
  readonly bytes: number
  /** One was over a limit: all that are older go, too. */
  readonly full: boolean
}

export const NOTHING_SEEN: Seen = { count: 0, bytes: 0, full: false }

/**
 * `whole`: it goes by one rename. `each`: what lies in it now goes, one by one, as it is so young that something may
 * still come. `look`: some of it may go.
 */
export type BucketFate = 'keep' | 'whole' | 'each' | 'look'

/** A settle makes its minute and then moves into it; this long after the minute nobody does. */
const SETTLED_AFTER: Millis = 120_000

/** `bucket`: `YYYYMMDD/HHMM`. A minute is as old as the last item that may have come into it. */
export function bucketFate(bucket: string, seen: Seen, limits: KeepLimits, now: Millis): BucketFate {
  const gone = bucket < minuteOf(now - SETTLED_AFTER) ? 'whole' : 'each'
  if (bucket < minuteOf(now - limits.age)) return gone
  if (seen.full || seen.count >= limits.count || seen.bytes >= limits.size) return gone
  return Number.isFinite(limits.count) || Number.isFinite(limits.size) ? 'look' : 'keep'
}

/** Nobody makes a minute in it any more. */
export function isPastDay(day: string, now: Millis): boolean {
  return day < minuteOf(now - SETTLED_AFTER).slice(0, day.length)
}

const EARLIEST = Date.UTC(1970, 0, 1)

function minuteOf(time: Millis): string {
  return minuteBucket(Number.isFinite(time) ? Math.max(EARLIEST, time) : EARLIEST)
}

/** Is this a day and a minute that there are? Whatever else lies in done/ is not ours to remove. */
export function isBucket(day: string, minute = '0000'): boolean {
  if (!/^\d{8}$/.test(day) || !/^\d{4}$/.test(minute)) return false
  const iso = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T${minute.slice(0, 2)}:${minute.slice(2)}:00.000Z`
  const time = Date.parse(iso)
  return !Number.isNaN(time) && new Date(time).toISOString() === iso
}

export interface ItemFacts {
  readonly name: string
  /** When it came into its state, ms. */
  readonly since: Millis
  /** 0 where no limit asks for it. */
  readonly bytes: number
}

/** The items that go, oldest first, and what stays. `since` counts only where `limits.age` is finite. */
export function overLimit<I extends ItemFacts>(
  items: readonly I[],
  before: Seen,
  limits: KeepLimits,
  now: Millis,
): { readonly doomed: readonly I[]; readonly seen: Seen } {
  let { count, bytes, full } = before
  const doomed: I[] = []
  for (const item of items.toSorted(newestFirst)) {
    full ||= count + 1 > limits.count || bytes + item.bytes > limits.size || now - item.since > limits.age
    if (full) doomed.push(item)
    else {
      count += 1
      bytes += item.bytes
    }
  }
  return { doomed: doomed.reverse(), seen: { count, bytes, full } }
}

function newestFirst(a: ItemFacts, b: ItemFacts): number {
  return b.since - a.since || (a.name < b.name ? 1 : a.name > b.name ? -1 : 0)
}

/** `mail-2026-11-26.tar.gz`, and for the next ones of a day `mail-2026-11-26-2.tar.gz`. */
export function archiveName(queue: string, now: Millis, n: number): string {
  return `${queue}-${new Date(now).toISOString().slice(0, 10)}${n === 1 ? '' : `-${n}`}.tar.gz`
}

/** Is this a name that `archiveName` gives for that queue? */
export function isArchiveOf(queue: string, name: string): boolean {
  return name.startsWith(`${queue}-`) && /^\d{4}-\d{2}-\d{2}(?:-\d+)?\.tar\.gz$/.test(name.slice(queue.length + 1))
}
