/** What of a queue is to go by its retention: the listing for the decisions of domain/retention.ts. Changes nothing. */
import { BUCKETED } from '../domain/item.ts'
import type { Millis, RawName } from '../domain/name.ts'
import {
  bucketFate,
  isBucket,
  isPastDay,
  type KeepLimits,
  type KeptState,
  NOTHING_SEEN,
  overLimit,
  type Seen,
} from '../domain/retention.ts'
import { type BytePath, inQueue, look, names, type QueueDir, stateDir, within } from './place.ts'
import { scanPages } from './scan.ts'
import { tmpNames } from './scratch.ts'
import { removals } from './trash.ts'
import { bytesIn, newestChange } from './tree.ts'

export type Doomed =
  | { readonly kind: 'day' | 'bucket'; readonly path: BytePath; readonly bucket: string }
  /** `since`: when it came there, ms; one of that name that came later is another. */
  | {
      readonly kind: 'item'
      readonly path: BytePath
      readonly bucket: string | undefined
      readonly since: Millis | undefined
    }

/** Directories above the items of each. */
export const LEVELS = { day: 2, bucket: 1, item: 0 } as const satisfies Record<Doomed['kind'], number>

/** How many items that is, now. */
export function itemCount({ kind, path }: Doomed): number {
  switch (kind) {
    case 'day':
      return names(path).reduce((sum, minute) => sum + names(within(path, minute)).length, 0)
    case 'bucket':
      return names(path).length
    case 'item':
      return 1
  }
}

/** Oldest first. */
export function doomedIn(queue: QueueDir, state: KeptState, limits: KeepLimits, now: Millis): Doomed[] {
  const root = stateDir(queue, state)
  if (!isRealDir(root)) return []
  return BUCKETED[state] ? doomedBuckets(root, limits, now) : doomedItems(root, limits, now)
}

function doomedItems(root: BytePath, limits: KeepLimits, now: Millis): Doomed[] {
  const { doomed } = overLimit(factsIn(root, limits), NOTHING_SEEN, limits, now)
  return doomed.map(({ path, since }) => ({ kind: 'item', path, bucket: undefined, since }))
}

function doomedBuckets(root: BytePath, limits: KeepLimits, now: Millis): Doomed[] {
  const found: Doomed[] = []
  let seen = NOTHING_SEEN
  for (const day of newestFirst(names(root).filter((name) => isBucket(name)))) {
    const dir = within(root, day)
    if (!isRealDir(dir)) continue
    const entries = names(dir)
    const minutes = newestFirst(entries.filter((minute) => isBucket(day, minute) && isRealDir(within(dir, minute))))
    const ofDay: Doomed[] = []
    for (const minute of minutes)
      seen = judgeBucket(`${day}/${minute}`, within(dir, minute), { limits, now, seen, ofDay })
    // What else lies there is nobody's to remove, so that the day stays.
    const isWhole = entries.length === minutes.length && ofDay.length === minutes.length
    // One that is empty was left by a cleaner that was killed.
    const mayGo = minutes.length > 0 || isPastDay(day, now)
    if (isWhole && mayGo && ofDay.every(({ kind }) => kind === 'bucket'))
      found.push({ kind: 'day', path: dir, bucket: day })
    else found.push(...ofDay)
  }
  return found.reverse()
}

interface Judging {
  readonly limits: KeepLimits
  readonly now: Millis
  readonly seen: Seen
  /** Newest first. */
  readonly ofDay: Doomed[]
}

function judgeBucket(bucket: string, path: BytePath, { limits, now, seen, ofDay }: Judging): Seen {
  const item = ({ path, since }: { readonly path: BytePath; readonly since?: Millis }): Doomed => ({
    ...{ kind: 'item', path, bucket, since },
  })
  switch (bucketFate(bucket, seen, limits, now)) {
    case 'keep':
      return seen
    case 'whole':
      ofDay.push({ kind: 'bucket', path, bucket })
      return { ...seen, full: true }
    case 'each':
      for (const page of scanPages(path)) ofDay.push(...page.map((raw) => item({ path: within(path, raw) })))
      return { ...seen, full: true }
    case 'look': {
      const count = Number.isFinite(limits.size) ? Number.POSITIVE_INFINITY : names(path).length
      if (seen.count + count <= limits.count) return { ...seen, count: seen.count + count }
      const byMinute = { ...limits, age: Number.POSITIVE_INFINITY }
      const judged = overLimit(factsIn(path, limits), seen, byMinute, now)
      ofDay.push(...judged.doomed.map(item).reverse())
      return judged.seen
    }
  }
}

function factsIn(dir: BytePath, limits: KeepLimits) {
  const facts: { name: RawName; path: BytePath; since: Millis; bytes: number }[] = []
  for (const page of scanPages(dir)) {
    for (const name of page) {
      const path = within(dir, name)
      const stat = look(path)
      if (stat === undefined) continue
      facts.push({ name, path, since: stat.ctimeMs, bytes: Number.isFinite(limits.size) ? bytesIn(path) : 0 })
    }
  }
  return facts
}

function newestFirst<T extends string>(list: readonly T[]): T[] {
  return list.toSorted().reverse()
}

function isRealDir(path: BytePath): boolean {
  return look(path)?.isDirectory() === true
}

/** Half-built items that nobody has touched since. */
export function oldDrafts(queue: QueueDir, age: Millis, now: Millis): BytePath[] {
  const prep = stateDir(queue, 'prep')
  if (!isRealDir(prep)) return []
  return names(prep)
    .map((name) => within(prep, name))
    .filter((path) => isOlder(path, age, now))
}

export interface TrashEntry {
  readonly path: BytePath
  /** When it was removed, ms. */
  readonly since: Millis
}

/** What was removed together, and may be put back (trash.ts). */
export function trashEntries(queue: QueueDir): TrashEntry[] {
  return removals(queue).map(({ path, at }) => ({ path, since: at }))
}

/** FIFOs are of slots that may outlive any worker; the rest has an owner of its own. */
const OWNED = /^(?:trash-|clean-|fifo\.|status\.new$)/

/** Copies that an editor died with, and what else lies in `_tmp`. */
export function oldScratch(queue: QueueDir, age: Millis, now: Millis): BytePath[] {
  return tmpNames(queue)
    .filter((name) => !OWNED.test(name))
    .map((name) => inQueue(queue, `_tmp/${name}`))
    .filter((path) => isOlder(path, age, now))
}

export function isOlder(path: BytePath, age: Millis, now: Millis): boolean {
  const stat = look(path)
  return stat !== undefined && now - stat.ctimeMs > age && now - newestChange(path) > age
}

/** Is there anything that a cleaner would remove, whatever the retention of what has ended? */
export function hasLeftovers(
  queue: QueueDir,
  ages: { readonly prep: Millis; readonly trash: Millis },
  now: Millis,
): boolean {
  return (
    tmpNames(queue).some((name) => name.startsWith('clean-')) ||
    trashEntries(queue).some(({ since }) => now - since > ages.trash) ||
    oldScratch(queue, ages.prep, now).length > 0 ||
    oldDrafts(queue, ages.prep, now).length > 0
  )
}
