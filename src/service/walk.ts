/** Reading a directory on from where an earlier reading stopped, whatever came and left meanwhile. */
import type { RawName } from '../domain/name.ts'
import type { BytePath } from '../fsqueue/place.ts'
import { scanPages } from '../fsqueue/scan.ts'
import { NAMES_KEPT } from './cursor.ts'

/** Where one is in the order of a directory. */
export interface FoundSpot {
  /** The last names that were looked at. */
  readonly last: readonly RawName[]
  /** How many names stood before, with these. */
  readonly count: number
}

/** Some names of a directory; those that were looked at before are left out of it. */
export interface Stretch {
  readonly names: readonly RawName[]
  readonly from: number
  readonly isNew: (raw: RawName) => boolean
  /** Where one is when the names before this index were looked at. */
  readonly spotBefore: (index: number) => FoundSpot
}

/**
 * The names of a directory in its own order, from behind the spot on. What stays in a directory keeps its place in that order,
 * on every file system that we know: behind the first of the last names that is met again, only the other ones of them are
 * old. If all have left, so many are passed over as had been read.
 */
export function* stretchesAfter(path: BytePath, spot: FoundSpot | undefined): Generator<Stretch, void, void> {
  if (spot === undefined || spot.count === 0) return yield* stretches(path, () => 0, new Set())
  const old = new Set(spot.last)
  let isMet = false
  const meet = (names: readonly RawName[]): number => {
    if (isMet) return 0
    const at = names.findIndex((raw) => old.has(raw))
    isMet = at >= 0
    return isMet ? at : names.length
  }
  yield* stretches(path, meet, old)
  if (isMet) return
  let left = spot.count
  const pass = (names: readonly RawName[]): number => {
    const passed = Math.min(left, names.length)
    left -= passed
    return passed
  }
  yield* stretches(path, pass, old)
}

function* stretches(
  path: BytePath,
  begin: (names: readonly RawName[]) => number,
  old: ReadonlySet<RawName>,
): Generator<Stretch, void, void> {
  let before = 0
  let tail: readonly RawName[] = []
  for (const names of scanPages(path)) {
    const from = begin(names)
    const spotBefore = spotter(names, tail, before)
    yield { names, from, isNew: (raw) => !old.has(raw), spotBefore }
    tail = names.slice(-NAMES_KEPT)
    before += names.length
  }
}

function spotter(names: readonly RawName[], tail: readonly RawName[], before: number): Stretch['spotBefore'] {
  return (index) => {
    const own = names.slice(Math.max(0, index - NAMES_KEPT), index)
    return { last: [...tail, ...own].slice(-NAMES_KEPT), count: before + index }
  }
}
