/** The items that a change of many may be about, listed before the first is touched: as names, in little memory. */
import { comparing, type Entry, entryOf } from '../domain/entry.ts'
import type { RawName } from '../domain/name.ts'
import type { Query } from '../domain/query.ts'
import { Smallest } from '../domain/smallest.ts'
import { sorting } from '../domain/steps.ts'
import type { Context } from './context.ts'
import type { Candidate } from './facts.ts'
import { compareText } from './ranks.ts'
import { candidatesIn, NameTests, type Place } from './select.ts'
import { agingOf } from './spool.ts'
import { inTurns, takingTurns } from './turns.ts'

const STEPS_A_TURN = 64

export interface Several {
  readonly total: number
  readonly candidates: Iterable<Candidate>
}

/** Names of one directory. */
interface Group {
  readonly place: Place
  readonly bucket: string | undefined
  names: RawName[]
}

interface Placed {
  readonly candidate: Candidate
  readonly entry: Entry
}

export class Gathered {
  readonly #tests: NameTests
  readonly #context: Context
  readonly #limit: number

  /** `limit`: so many are needed of what is ordered. */
  constructor(query: Query, context: Context, limit: number) {
    this.#tests = new NameTests(query, context.now())
    this.#context = context
    this.#limit = limit
  }

  /** As found; others have their turn meanwhile. */
  async each(places: readonly Place[], take: (candidate: Candidate, place: Place) => void): Promise<void> {
    const turn = takingTurns()
    for (const place of places) {
      let steps = 0
      for (const candidate of candidatesIn(place, this.#tests)) {
        steps += 1
        const wait = steps % STEPS_A_TURN === 0 ? turn() : undefined
        if (wait !== undefined) await wait
        if (this.#context.cancelled.aborted) return
        if (candidate !== undefined) take(candidate, place)
      }
    }
  }

  /** As found, or of each queue the oldest first: ids begin with their time. */
  async all(places: readonly Place[], oldestFirst: boolean): Promise<Several> {
    const groups: Group[] = []
    let total = 0
    await this.each(places, ({ at: { raw, bucket } }, place) => {
      const group = groups.at(-1)
      if (group?.place === place && group.bucket === bucket) group.names.push(raw)
      else groups.push({ place, bucket, names: [raw] })
      total += 1
    })
    if (oldestFirst) {
      groups.sort((a, b) => compareText(a.bucket ?? '', b.bucket ?? ''))
      for (const group of groups) group.names = await inTurns(sorting(group.names, compareText))
    }
    return { total, candidates: this.#candidatesOf(groups) }
  }

  *#candidatesOf(groups: readonly Group[]): Generator<Candidate, void, void> {
    for (const { place, bucket, names } of groups)
      for (const raw of names) yield this.#tests.candidate(place, { state: place.state, raw, bucket })
  }

  /** The first to run, or the last. */
  async ordered(places: readonly Place[], isLastFirst: boolean): Promise<Several> {
    const sign = isLastFirst ? -1 : 1
    const compare = comparing(agingOf(places.map(({ queue }) => queue)))
    const first = new Smallest<Placed>(this.#limit, (a, b) => sign * compare(a.entry, b.entry))
    const now = this.#context.now()
    if (this.#limit > 0)
      await this.each(places, (candidate) => first.add({ candidate, entry: entryOf(candidate.at.raw, now) }))
    const candidates = (await inTurns(first.sorted())).map(({ candidate }) => candidate)
    return { total: candidates.length, candidates }
  }
}
