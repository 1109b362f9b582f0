/** A page of what matches, in bounded work: what is shown, and no more names than the bound on the way to it. */

import { comparing, entryOf } from '../domain/entry.ts'
import { BUCKETED } from '../domain/item.ts'
import type { Millis } from '../domain/name.ts'
import { costOf, type Query } from '../domain/query.ts'
import type { FieldName } from '../domain/query-fields.ts'
import { describe } from './describe.ts'
import { type Candidate, factsOf } from './facts.ts'
import { callName } from './item-ref.ts'
import { candidatesIn, matches, type Place } from './select.ts'
import { agingOf } from './spool.ts'

/** So many names are read and sorted without being asked; of more, the first found are shown. */
export const SORTED_UNASKED = 2_000
/** So many names are looked at, and so many items opened, before it is asked for more. */
export const NAMES_BOUND = 200_000
export const ITEMS_BOUND = 20_000

/** `order` is the one in which items will run. */
export const SORTS = [
  'order', 'age', 'created', 'due', 'priority', 'size', 'attempts', 'exit', 'name', 'queue', 'status',
] as const // biome-ignore format: a list
export type Sort = (typeof SORTS)[number]

export interface Wanted {
  readonly sort: Sort | undefined
  readonly reverse: boolean
  readonly offset: number
  readonly limit: number
  /** No bound. */
  readonly deep: boolean
}

export interface Page {
  readonly items: readonly Candidate[]
  /** There are more than were asked for. */
  readonly more: boolean
  /** false: there are so many that the first found are shown. */
  readonly sorted: boolean
  /** The bound was reached: what lies behind it was not looked at. */
  readonly bounded: boolean
  readonly looked: number
  readonly opened: number
  /** Could not be judged: not readable, too large, gone. */
  readonly unknown: number
}

export function pageOf(places: readonly Place[], query: Query, wanted: Wanted, now: Millis): Page {
  const search = new Search(query, wanted, now)
  const end = wanted.offset + wanted.limit
  let items: Candidate[] = []
  let more = false
  for (const candidate of wanted.sort === undefined ? search.found(places) : search.all(places, wanted.sort)) {
    if (items.length >= end) {
      more = true
      break
    }
    items.push(candidate)
  }
  items = items.slice(wanted.offset)
  return { items, more, sorted: search.sorted, ...search.work() }
}

class Search {
  sorted = true
  readonly #query: Query
  readonly #wanted: Wanted
  readonly #now: Millis
  readonly #byName: boolean
  #looked = 0
  #opened = 0
  #unknown = 0
  #bounded = false

  constructor(query: Query, wanted: Wanted, now: Millis) {
    this.#query = query
    this.#wanted = wanted
    this.#now = now
    this.#byName = costOf(query) === 'name'
  }

  work(): Pick<Page, 'bounded' | 'looked' | 'opened' | 'unknown'> {
    return { bounded: this.#bounded, looked: this.#looked, opened: this.#opened, unknown: this.#unknown }
  }

  /** State by state; what waits in its order, as long as it is few. */
  *found(places: readonly Place[]): Generator<Candidate, void, void> {
    for (const place of places)
      yield* this.#matching(
        BUCKETED[place.state] ? this.#named(place) : this.#ordered(this.#named(place), place.queue.aging),
      )
  }

  /** Everything that matches, sorted. */
  all(places: readonly Place[], sort: Sort): Candidate[] {
    const keyed = [...this.#matching(this.#everyName(places))].map((candidate) => ({
      candidate,
      key: keyOf(candidate, sort, this.#now),
      entry: entryOf(candidate.at.raw, this.#now),
    }))
    const sign = this.#wanted.reverse ? -1 : 1
    const compare = comparing(agingOf(places.map(({ queue }) => queue)))
    keyed.sort((a, b) => compareKeys(a.key, b.key, sign) || sign * compare(a.entry, b.entry))
    return keyed.map(({ candidate }) => candidate)
  }

  *#everyName(places: readonly Place[]): Generator<Candidate, void, void> {
    for (const place of places) yield* this.#named(place)
  }

  #named(place: Place): Generator<Candidate, void, void> {
    return candidatesIn(place, this.#query, this.#now, () => this.#mayLook())
  }

  #mayLook(): boolean {
    if (this.#looked >= NAMES_BOUND && !this.#wanted.deep) this.#bounded = true
    else this.#looked += 1
    return !this.#bounded
  }

  *#matching(candidates: Iterable<Candidate>): Generator<Candidate, void, void> {
    for (const candidate of candidates) {
      if (this.#opened >= ITEMS_BOUND && !this.#wanted.deep) {
        this.#bounded = true
        return
      }
      if (!this.#byName) this.#opened += 1
      const answer = this.#byName || matches(candidate, this.#query, this.#now)
      if (answer === undefined) this.#unknown += 1
      if (answer === true) yield candidate
    }
  }

  /** A directory that is too large is not read to its end for the first rows of it. */
  *#ordered(candidates: Generator<Candidate, void, void>, aging: Millis | undefined): Generator<Candidate, void, void> {
    const read: Candidate[] = []
    for (let next = candidates.next(); next.done !== true; next = candidates.next()) {
      read.push(next.value)
      if (read.length <= SORTED_UNASKED) continue
      this.sorted = false
      yield* read
      yield* candidates
      return
    }
    const entries = read.map((candidate) => ({ candidate, entry: entryOf(candidate.at.raw, this.#now) }))
    const waits = ({ notBefore }: { notBefore: Millis }) => Number(notBefore > this.#now)
    const compare = comparing(aging)
    entries.sort((a, b) => waits(a.entry) - waits(b.entry) || compare(a.entry, b.entry))
    for (const { candidate } of entries) yield candidate
  }
}

type Key = string | number | null

function keyOf(candidate: Candidate, sort: Sort, now: Millis): Key {
  switch (sort) {
    case 'order': {
      const { notBefore } = entryOf(candidate.at.raw, now)
      return Number(notBefore > now)
    }
    case 'name':
      return callName(candidate.at.raw)
    case 'queue':
      return candidate.queue.name
    case 'status':
      return describe(candidate.queue.name, candidate.at, now, candidate.worker).status
    case 'age':
    case 'created':
    case 'due':
    case 'priority':
    case 'size':
    case 'attempts':
    case 'exit':
      return factsOf(candidate, now, 'message').number({ name: sort satisfies FieldName }) ?? null
  }
}

/** What has no value stands last, whichever way. */
function compareKeys(a: Key, b: Key, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  return a === b ? 0 : a < b ? -sign : sign
}
