/**
 * What will run next in directories that are too large to be read for a page: their first names in order, read in slices
 * between which everything else has its turn, and kept for whoever looks again within moments.
 */
import type { Millis, RawName } from '../domain/name.ts'
import { EVERYTHING } from '../domain/query.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { FirstRows } from './first-rows.ts'
import { Looking } from './looking.ts'
import { PlainNames } from './plain-names.ts'
import { directoryOf, type Place } from './select.ts'
import { takingTurns } from './turns.ts'
import { Watched } from './watched.ts'

const NAMES = 2_000
const MOST_HEADS = 32
/** An order that is older is none, unless nothing has changed since. */
const OLD_MS = 30_000
/** Reading one directory again and again may take one part in twenty of the time. */
const READ_SHARE = 20

interface Head {
  readonly watched: Watched
  readonly names: readonly RawName[]
  readonly at: number
  readonly cost: number
}

export class Heads {
  readonly #heads = new Map<string, Head>()
  /** Directories of many names, and when they were met. */
  readonly #large = new Map<string, number>()
  readonly #reading = new Set<string>()
  readonly #stop = new AbortController()

  /** Some of them may have left. undefined: not known now. */
  of(place: Place, now: Millis): readonly RawName[] | undefined {
    const path = directoryOf(place, undefined)
    const head = this.#heads.get(path)
    if (head === undefined || !head.watched.isChanged(path)) return head?.names
    const age = performance.now() - head.at
    if (age > READ_SHARE * head.cost) this.want(place, now)
    return age > OLD_MS ? undefined : head.names
  }

  /** There are more than are known of it. */
  isPart(place: Place): boolean {
    return (this.#heads.get(directoryOf(place, undefined))?.names.length ?? 0) >= NAMES
  }

  /** It has too many names for an order; that is believed for a while. */
  met(place: Place): void {
    const path = directoryOf(place, undefined)
    this.#large.delete(path)
    this.#large.set(path, performance.now())
    dropOldest(this.#large)
  }

  isLarge(place: Place): boolean {
    const met = this.#large.get(directoryOf(place, undefined))
    return met !== undefined && performance.now() - met < OLD_MS
  }

  /** It will be known soon. */
  want(place: Place, now: Millis): void {
    const path = directoryOf(place, undefined)
    if (this.#reading.has(path) || this.#stop.signal.aborted) return
    this.#reading.add(path)
    this.#read(place, path, now)
      // What cannot be read is listed as found, and says so there.
      .catch((error: unknown) => this.#failed(path, error))
      .finally(() => this.#reading.delete(path))
  }

  close(): void {
    this.#stop.abort()
    this.#heads.clear()
    this.#large.clear()
  }

  #failed(path: string, error: unknown): void {
    this.#heads.delete(path)
    if (!(error instanceof QueueIoError)) throw error
  }

  async #read(place: Place, path: string, now: Millis): Promise<void> {
    const watched = new Watched()
    watched.isRead(directoryOf(place, undefined))
    const effort = { deep: true, until: Number.POSITIVE_INFINITY, rows: NAMES }
    const rows = new FirstRows(new Looking(EVERYTHING, effort, now), new PlainNames())
    const ordering = { sort: 'order', reverse: false, aging: place.queue.aging, now } as const
    const most = Number.POSITIVE_INFINITY
    const steps = rows.of([place], { ordering, behind: undefined, room: NAMES, most, isWhole: false })
    const turn = takingTurns()
    let cost = 0
    for (;;) {
      const began = performance.now()
      const step = steps.next()
      cost += performance.now() - began
      if (step.done === true) {
        const names = (step.value ?? []).map(({ candidate }) => candidate.at.raw)
        this.#keep(path, { watched, names, at: performance.now(), cost })
        return
      }
      const wait = turn()
      if (wait !== undefined) await wait
      if (this.#stop.signal.aborted) return void steps.return(undefined)
    }
  }

  /** Those that were read last. */
  #keep(path: string, head: Head): void {
    this.#heads.delete(path)
    this.#heads.set(path, head)
    dropOldest(this.#heads)
  }
}

function dropOldest(known: Map<string, unknown>): void {
  const [oldest] = known.keys()
  if (known.size > MOST_HEADS && oldest !== undefined) known.delete(oldest)
}
