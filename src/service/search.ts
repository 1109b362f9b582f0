/**
 * Looking for what matches, step by step: each step is a row, or only a moment at which others may have their turn. A search
 * says where its bound is reached, and can be gone on with from there.
 */
import { BUCKETED } from '../domain/item.ts'
import type { Millis, RawName } from '../domain/name.ts'
import { buckets } from '../fsqueue/scan.ts'
import type { Cursor, KeyMark, PlaceMark, Spot } from './cursor.ts'
import { enteredAt } from './describe.ts'
import type { Candidate } from './facts.ts'
import { FirstRows, type Ranked, type Top } from './first-rows.ts'
import type { Heads } from './heads.ts'
import { type Effort, ITEMS_BOUND, type Looking, SORTED_UNASKED } from './looking.ts'
import { type Ended, endedIn } from './minute.ts'
import { PlainNames } from './plain-names.ts'
import { compareText, comparingRanks, markOf, type Ordering, type Rank, rankOf, rankOfMark } from './ranks.ts'
import { directoryOf, type Place } from './select.ts'
import { stretchesAfter } from './walk.ts'

export type Mark = KeyMark | PlaceMark

export interface Row {
  readonly candidate: Candidate
  /** Where the next page begins if this row is the last of one. */
  readonly mark: () => Mark
}
/** undefined: nothing yet. `over`: the bound is reached; the next step is for whoever asks again. */
export type Step = Row | 'over' | undefined
export type SearchSteps = Generator<Step, void, void>

export class Search {
  sorted = true
  /** Where the bound was reached. */
  stopped: Mark | undefined
  bounded = false
  /** Just now names are taken as they are found. */
  isAsFound = false
  readonly looking: Looking
  readonly #plain = new PlainNames()
  readonly #heads: Heads | undefined

  /** `heads`: of a process that keeps a search whose time is over for whoever goes on with it. */
  constructor(looking: Looking, heads?: Heads) {
    this.looking = looking
    this.#heads = heads
  }

  /** State by state; what waits in its order, unless there is too much; what ended the last first. */
  *found(places: readonly Place[], after: Cursor | undefined): SearchSteps {
    const mark = after?.mark.kind === 'place' ? after.mark : undefined
    const now = after?.now ?? this.looking.now
    for (const { place, spot } of placesAfter(places, mark)) {
      if (this.looking.isOver()) yield* this.#over(place, spot)
      yield* BUCKETED[place.state] ? this.#ended(place, spot) : this.#waiting(place, spot, now)
      yield undefined
    }
  }

  /** For somebody who asked again. */
  goOn(effort: Effort): void {
    this.bounded = false
    this.stopped = undefined
    this.looking.renew(effort)
  }

  /** All that matches, in this order. */
  *sortedBy(places: readonly Place[], ordering: Ordering, after: Cursor | undefined): SearchSteps {
    const behind = after?.mark.kind === 'key' ? rankOfMark(after.mark, ordering, this.#plain) : undefined
    const top = { ordering, behind, room: this.looking.rows, most: Number.POSITIVE_INFINITY, isWhole: true }
    const rows = new FirstRows(this.looking, this.#plain)
    const ranked = yield* rows.of(places, top)
    this.bounded = rows.isCut
    for (const { candidate, rank } of ranked ?? []) yield { candidate, mark: () => markOf(rank) }
  }

  *#over({ queue, state }: Place, spot: Spot): SearchSteps {
    this.bounded = true
    this.stopped = { kind: 'place', queue: queue.name, state, spot }
    yield 'over'
  }

  *#waiting(place: Place, spot: Spot, now: Millis): SearchSteps {
    if (spot.kind === 'found') return yield* this.#asFound(place, undefined, spot)
    const ordering = { sort: 'order', reverse: false, aging: place.queue.aging, now } as const
    let behind: Rank | undefined
    if (spot.kind === 'order')
      behind = rankOf({ ...place, worker: undefined, at: at(place, spot.raw) }, ordering, this.#plain)
    const room = this.looking.byName ? this.looking.rows : ITEMS_BOUND
    for (;;) {
      const most = behind === undefined ? SORTED_UNASKED : Number.POSITIVE_INFINITY
      const top = { ordering, behind, room, most, isWhole: false }
      const known = this.#known(place, top)
      const ranked = known.length > 0 ? known : yield* this.#firstRows(place, top)
      if (ranked === undefined) {
        this.sorted = false
        if (this.looking.byName) this.#heads?.want(place, now)
        return yield* this.#asFound(place, undefined, undefined)
      }
      yield* this.#inOrder(place, ranked, behind, known.length > 0)
      behind = ranked.at(-1)?.rank
      if (known.length === 0 && ranked.length < room) return
    }
  }

  *#inOrder(place: Place, ranked: readonly Ranked[], behind: Rank | undefined, isRemembered: boolean): SearchSteps {
    let before = spotBehind(behind)
    for (const { candidate, rank } of ranked) {
      if (!this.looking.byName && this.looking.isOver()) yield* this.#over(place, before)
      const spot = spotBehind(rank)
      before = spot
      // What is remembered may have left meanwhile.
      if (isRemembered && enteredAt(place.queue.dir, candidate.at) === undefined) continue
      const mark = () => placeMark(place.queue.name, place, spot)
      yield this.looking.holds(candidate) ? { candidate, mark } : undefined
    }
  }

  /** undefined: there are too many for an order. */
  *#firstRows(place: Place, top: Top): Generator<Step, readonly Ranked[] | undefined, void> {
    if (top.behind === undefined && this.#heads?.isLarge(place) === true) return undefined
    const steps = new FirstRows(this.looking, this.#plain).of([place], top)
    try {
      for (;;) {
        const step = steps.next()
        if (step.done === true) {
          if (step.value === undefined) this.#heads?.met(place)
          return step.value
        }
        yield undefined
        if (this.#mayRest()) yield* this.#over(place, spotBehind(top.behind))
      }
    } finally {
      // It closes its directory.
      steps.return(undefined)
    }
  }

  /** In the midst of what would begin anew for somebody who comes with a cursor. */
  #mayRest(): boolean {
    return this.#heads !== undefined && this.looking.isLate()
  }

  /** What is remembered of its order behind this row. */
  #known(place: Place, { ordering, behind }: Top): readonly Ranked[] {
    // Whoever opens them all is done sooner without an order, which costs a look at every name for each thousand items.
    const names = this.looking.byName ? (this.#heads?.of(place, ordering.now) ?? []) : []
    const mayMatch = this.looking.tests.of(place)
    const compare = comparingRanks(ordering)
    const known = names
      .map((raw) => this.looking.tests.candidate(place, at(place, raw)))
      .map((candidate) => ({ candidate, rank: rankOf(candidate, ordering, this.#plain) }))
      .filter(({ rank }) => behind === undefined || compare(rank, behind) > 0)
      .filter(({ candidate }) => mayMatch(candidate))
      .sort((a, b) => compare(a.rank, b.rank))
    // The rest of them would cost a look at every name; a page of what is found first costs next to none.
    const isTooFew = behind === undefined && known.length < this.looking.rows && this.#heads?.isPart(place) === true
    return isTooFew ? [] : known
  }

  *#asFound(place: Place, bucket: string | undefined, spot: FoundSpot | undefined): SearchSteps {
    const mayMatch = this.looking.tests.of(place)
    const spotAt = (found: { last: readonly RawName[]; count: number }): Spot => ({ kind: 'found', bucket, ...found })
    this.isAsFound = true
    for (const { names, from, isNew, spotBefore } of stretchesAfter(directoryOf(place, bucket), spot)) {
      for (let index = from; index < names.length; index += 1) {
        const raw = names[index]
        if (raw === undefined || !isNew(raw)) continue
        if (this.looking.isOverAt(index)) yield* this.#over(place, spotAt(spotBefore(index)))
        this.looking.looked += 1
        const candidate = this.looking.tests.candidate(place, at(place, raw, bucket))
        if (!mayMatch(candidate)) continue
        const mark = () => placeMark(place.queue.name, place, spotAt(spotBefore(index + 1)))
        yield this.looking.holds(candidate) ? { candidate, mark } : undefined
      }
      yield undefined
      if (spot !== undefined && from === names.length && this.#mayRest()) yield* this.#over(place, spot)
    }
    this.isAsFound = false
  }

  /** Minute by minute, the last first; within one by when they ended, unless there are too many. */
  *#ended(place: Place, spot: Spot): SearchSteps {
    const from = 'bucket' in spot ? spot.bucket : undefined
    for (const bucket of buckets(place.queue.dir, place.state, from)) {
      const own = bucket === from ? spot : undefined
      const begin: Spot = own ?? { kind: 'ended', bucket, entered: Number.MAX_VALUE, raw: '~' as RawName }
      if (this.looking.isOver()) yield* this.#over(place, begin)
      const minute = own?.kind === 'found' ? undefined : yield* endedIn(place, bucket, begin, this.looking)
      if (minute === undefined) yield* this.#asFound(place, bucket, own?.kind === 'found' ? own : undefined)
      else yield* this.#lastFirst(place, minute, begin)
      yield undefined
    }
  }

  *#lastFirst(place: Place, minute: readonly Ended[], begin: Spot): SearchSteps {
    let before = begin
    for (const { candidate, entered } of minute) {
      if (!this.looking.byName && this.looking.isOver()) yield* this.#over(place, before)
      const spot: Spot = { kind: 'ended', bucket: candidate.at.bucket ?? '', entered, raw: candidate.at.raw }
      before = spot
      const mark = () => placeMark(place.queue.name, place, spot)
      yield this.looking.holds(candidate) ? { candidate, mark } : undefined
    }
  }
}

type FoundSpot = Extract<Spot, { kind: 'found' }>

function at({ state }: Place, raw: RawName, bucket?: string) {
  return { state, raw, bucket }
}

function spotBehind(rank: Rank | undefined): Spot {
  return rank === undefined ? { kind: 'begin' } : { kind: 'order', raw: rank.at.raw }
}

function placeMark(queue: string, { state }: Place, spot: Spot): PlaceMark {
  return { kind: 'place', queue, state, spot }
}

/** From the marked place on; if its queue is gone, from the next one by name. */
function placesAfter(places: readonly Place[], mark: PlaceMark | undefined): { place: Place; spot: Spot }[] {
  const begin: Spot = { kind: 'begin' }
  if (mark === undefined) return places.map((place) => ({ place, spot: begin }))
  const exact = places.findIndex(({ queue, state }) => queue.name === mark.queue && state === mark.state)
  if (exact >= 0) return places.slice(exact).map((place, n) => ({ place, spot: n === 0 ? mark.spot : begin }))
  const next = places.findIndex(({ queue }) => compareText(queue.name, mark.queue) > 0)
  return next < 0 ? [] : places.slice(next).map((place) => ({ place, spot: begin }))
}
