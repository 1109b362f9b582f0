/** The orders in which a listing can stand: total ones, so that a page goes on exactly behind the last row of another. */
import { comparing, type Entry, entryOf } from '../domain/entry.ts'
import { STATES } from '../domain/item.ts'
import { DEFAULT_PRIORITY, type Millis, type RawName } from '../domain/name.ts'
import type { FieldName } from '../domain/query-fields.ts'
import type { Located } from '../fsqueue/scan.ts'
import type { Key, KeyMark } from './cursor.ts'
import { statusAt } from './describe.ts'
import { type Candidate, factsOf } from './facts.ts'
import { callName } from './item-ref.ts'
import type { PlainNames } from './plain-names.ts'

/** `order` is the one in which items will run. */
export const SORTS = [
  'order', 'age', 'created', 'due', 'priority', 'size', 'attempts', 'exit', 'name', 'queue', 'status',
] as const // biome-ignore format: a list
export type Sort = (typeof SORTS)[number]

/** What decides where a row stands. */
export interface Rank {
  readonly key: Key
  readonly entry: Entry
  readonly queue: string
  readonly at: Located
  /** By the order of running, of an id without suffixes: two such stand as their bytes do. */
  readonly isPlain: boolean
}

export interface Ordering {
  readonly sort: Sort
  readonly reverse: boolean
  readonly aging: Millis | undefined
  /** The time by which something is due or not. */
  readonly now: Millis
}

/** Most names are compared with names alike, and never have to be read for it. */
class LazyRank implements Rank {
  readonly queue: string
  readonly at: Located
  readonly isPlain: boolean
  readonly #now: Millis
  readonly #key: Key | undefined
  #entry: Entry | undefined

  constructor(queue: string, at: Located, now: Millis, key: Key | undefined, isPlain: boolean) {
    this.queue = queue
    this.at = at
    this.#now = now
    this.#key = key
    this.isPlain = isPlain
  }

  get entry(): Entry {
    this.#entry ??= entryOf(this.at.raw, this.#now)
    return this.#entry
  }

  get key(): Key {
    if (this.#key !== undefined) return this.#key
    return this.isPlain ? 0 : Number(this.entry.notBefore > this.#now)
  }
}

export function rankOf(candidate: Candidate, { sort, now }: Ordering, names: PlainNames): Rank {
  const { queue, at } = candidate
  if (sort === 'order') return new LazyRank(queue.name, at, now, undefined, names.isPlain(at.raw))
  return new LazyRank(queue.name, at, now, keyOf(candidate, sort, now), false)
}

export function markOf({ key, queue, at }: Rank): KeyMark {
  return { kind: 'key', key, queue, state: at.state, bucket: at.bucket, raw: at.raw }
}

/** The entry is of the name alone: the mark of a row stands where the row stood. */
export function rankOfMark(mark: KeyMark, { sort, now }: Ordering, names: PlainNames): Rank {
  const { key, queue, state, bucket, raw } = mark
  return new LazyRank(queue, { state, raw, bucket }, now, key, sort === 'order' && names.isPlain(raw))
}

/** 0 only of the same row. */
export function comparingRanks({ reverse, aging }: Ordering): (a: Rank, b: Rank) => number {
  const sign = reverse ? -1 : 1
  const compare = comparing(aging)
  const compareNames = (a: Rank, b: Rank) =>
    a.isPlain && b.isPlain
      ? sign * compareText(a.at.raw, b.at.raw)
      : compareKeys(a.key, b.key, sign) || sign * compare(a.entry, b.entry)
  return (a, b) =>
    compareNames(a, b) ||
    compareText(a.queue, b.queue) ||
    STATES.indexOf(a.at.state) - STATES.indexOf(b.at.state) ||
    compareText(a.at.bucket ?? '', b.at.bucket ?? '')
}

/** What has no value stands last, whichever way. */
function compareKeys(a: Key, b: Key, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  return a === b ? 0 : a < b ? -sign : sign
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

function keyOf(candidate: Candidate, sort: Exclude<Sort, 'order'>, now: Millis): Key {
  switch (sort) {
    case 'name':
      return callName(candidate.at.raw)
    case 'queue':
      return candidate.queue.name
    case 'status':
      return statusAt(candidate.at, now, candidate.worker)
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

/** Does a plain name surely stand behind this row, in the order in which items run? */
export function isBehind(raw: RawName, rank: Rank, aging: Millis | undefined): boolean {
  if (rank.isPlain) return raw > rank.at.raw
  return aging === undefined && rank.key === 0 && rank.entry.priority < DEFAULT_PRIORITY
}

/** Does it surely stand before, or is it the same? */
export function isBefore(raw: RawName, rank: Rank, aging: Millis | undefined): boolean {
  if (rank.isPlain) return raw < rank.at.raw
  return rank.key === 1 || (aging === undefined && rank.key === 0 && rank.entry.priority > DEFAULT_PRIORITY)
}
