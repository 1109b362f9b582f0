/** The first rows of a sorted listing, or those behind a row, by a look at every name and in memory for the rows alone. */
import { BUCKETED } from '../domain/item.ts'
import type { RawName } from '../domain/name.ts'
import { Smallest } from '../domain/smallest.ts'
import { buckets, scanPages } from '../fsqueue/scan.ts'
import type { Candidate } from './facts.ts'
import type { Looking } from './looking.ts'
import type { PlainNames } from './plain-names.ts'
import { comparingRanks, isBefore, isBehind, type Ordering, type Rank, rankOf } from './ranks.ts'
import { directoryOf, type Place } from './select.ts'

export interface Ranked {
  readonly candidate: Candidate
  readonly rank: Rank
}

export interface Top {
  readonly ordering: Ordering
  readonly behind: Rank | undefined
  readonly room: number
  readonly most: number
  /** What does not match is left out, and the bound is heeded. */
  readonly isWhole: boolean
}

export class FirstRows {
  /** The bound was reached: these are the first of what was looked at. */
  isCut = false
  readonly #looking: Looking
  readonly #plain: PlainNames

  constructor(looking: Looking, plain: PlainNames) {
    this.#looking = looking
    this.#plain = plain
  }

  /** The first `room` rows behind a row; undefined: there are more than `most` names. */
  *of(places: readonly Place[], top: Top): Generator<undefined, readonly Ranked[] | undefined, void> {
    const { ordering, behind, room, most, isWhole } = top
    const compare = comparingRanks(ordering)
    const first = new Smallest<Ranked>(room, (a, b) => compare(a.rank, b.rank))
    let names = 0
    for (const place of places) {
      const mayMatch = this.#looking.tests.of(place)
      for (const { bucket, page } of pagesOf(place)) {
        names += page.length
        if (names > most) {
          this.#looking.looked -= names - page.length
          return undefined
        }
        for (const [index, raw] of page.entries()) {
          if (isWhole && this.#looking.isOverAt(index)) {
            this.isCut = true
            return yield* first.sorted()
          }
          this.#looking.looked += 1
          if (this.#isElsewhere(raw, top, first.last?.rank)) continue
          const candidate = this.#looking.tests.candidate(place, { state: place.state, raw, bucket })
          if (!mayMatch(candidate) || (isWhole && !this.#looking.holds(candidate))) continue
          const rank = rankOf(candidate, ordering, this.#plain)
          if (behind === undefined || compare(rank, behind) > 0) first.add({ candidate, rank })
        }
        yield undefined
      }
    }
    return yield* first.sorted()
  }

  /** Told from the bytes of the name alone, of most names. */
  #isElsewhere(raw: RawName, { ordering, behind }: Top, last: Rank | undefined): boolean {
    if (ordering.sort !== 'order' || ordering.reverse || (behind === undefined && last === undefined)) return false
    if (!this.#plain.isPlain(raw)) return false
    if (last !== undefined && isBehind(raw, last, ordering.aging)) return true
    return behind !== undefined && isBefore(raw, behind, ordering.aging)
  }
}

function* pagesOf(place: Place): Generator<{ bucket: string | undefined; page: readonly RawName[] }, void, void> {
  const all = BUCKETED[place.state] ? buckets(place.queue.dir, place.state) : [undefined]
  for (const bucket of all) for (const page of scanPages(directoryOf(place, bucket))) yield { bucket, page }
}
