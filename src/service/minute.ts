/** What ended in one minute, the last first. */
import type { Millis, RawName } from '../domain/name.ts'
import type { Steps } from '../domain/steps.ts'
import { scanPages } from '../fsqueue/scan.ts'
import type { Spot } from './cursor.ts'
import { enteredAt } from './describe.ts'
import type { Candidate } from './facts.ts'
import type { Looking } from './looking.ts'
import { compareText } from './ranks.ts'
import { directoryOf, type Place } from './select.ts'

/** So many of one minute are listed by when they ended. */
const ENDED_SORTED = 5_000
/** An lstat each. */
const LOOKS_A_STEP = 128

export interface Ended {
  readonly candidate: Candidate
  readonly entered: Millis
}

/** What may match and stands behind the spot; undefined: too many to look at each. */
export function* endedIn(place: Place, bucket: string, spot: Spot, looking: Looking): Steps<Ended[] | undefined> {
  const behind = spot.kind === 'ended' ? spot : undefined
  const isBegun = behind !== undefined && behind.entered !== Number.MAX_VALUE
  const mayMatch = looking.tests.of(place)
  const read: Candidate[] = []
  let count = 0
  for (const names of scanPages(directoryOf(place, bucket))) {
    count += names.length
    if (count > ENDED_SORTED && !isBegun) return undefined
    for (const raw of names) {
      const candidate = looking.tests.candidate(place, { state: place.state, raw, bucket })
      if (mayMatch(candidate)) read.push(candidate)
    }
    yield
  }
  looking.looked += count
  const ended: Ended[] = []
  for (const [index, candidate] of read.entries()) {
    const entered = enteredAt(place.queue.dir, candidate.at)
    if (index % LOOKS_A_STEP === 0) yield
    if (entered === undefined) continue
    const one = { candidate, entered }
    if (behind === undefined || compare(one, { entered: behind.entered, raw: behind.raw }) > 0) ended.push(one)
  }
  return ended.sort((a, b) => compare(a, { entered: b.entered, raw: b.candidate.at.raw }))
}

function compare({ candidate, entered }: Ended, other: { entered: Millis; raw: RawName }): number {
  return other.entered - entered || compareText(candidate.at.raw, other.raw)
}
