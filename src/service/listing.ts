/** A page of what matches, in bounded work and memory, and where the next one begins. */
import type { Millis } from '../domain/name.ts'
import type { Query } from '../domain/query.ts'
import type { Context } from './context.ts'
import { type Cursor, writeCursor } from './cursor.ts'
import { enteredAt } from './describe.ts'
import type { Candidate } from './facts.ts'
import { Looking } from './looking.ts'
import type { Sort } from './ranks.ts'
import { type Mark, type Row, Search, type SearchSteps, type Step } from './search.ts'
import type { Place } from './select.ts'
import { agingOf } from './spool.ts'
import { takingTurns } from './turns.ts'
import type { Unfinished } from './unfinished.ts'

/** The most rows of a page that somebody else's program asks for (`Context.mostRows`). */
export const MOST_ROWS = 1000
/** Behind a full page so many names, or opened items, are looked at to tell whether there is more. */
const LOOKAHEAD = { names: 2_000, items: 100 } as const

export interface Wanted {
  readonly sort: Sort | undefined
  readonly reverse: boolean
  readonly offset: number
  readonly limit: number
  /** No bound. */
  readonly deep: boolean
  /** So long it may take; then it ends with what it found. */
  readonly within: Millis | undefined
  /** What was asked, the same as a number (`aboutOf`), and where to go on. */
  readonly asked: string
  readonly about: number
  readonly after: Cursor | undefined
}

export interface Page {
  readonly items: readonly Candidate[]
  /** There are more than were asked for, or so many others behind them that it was not looked for more. */
  readonly more: boolean
  /** false: there are so many that the first found are shown. */
  readonly sorted: boolean
  /** The bound was reached: what lies behind it was not looked at. */
  readonly bounded: boolean
  readonly looked: number
  readonly opened: number
  /** Could not be judged: not readable, too large, gone. */
  readonly unknown: number
  /** Where to go on, behind the last row or where the bound was reached; null: there is no more. */
  readonly next: string | null
}

/** Others have their turn every few milliseconds. */
export async function pageOf(
  places: readonly Place[],
  query: Query,
  wanted: Wanted,
  now: Millis,
  { cancelled, memory }: Pick<Context, 'cancelled' | 'memory'>,
): Promise<Page> {
  const end = wanted.offset + wanted.limit
  const until = wanted.within === undefined ? Number.POSITIVE_INFINITY : performance.now() + wanted.within
  const effort = { deep: wanted.deep, until, rows: end + 1 }
  const kept =
    wanted.after === undefined ? undefined : memory?.unfinished.take(keyOf(wanted, writeCursor(wanted.after)))
  kept?.search.goOn(effort)
  const search = kept?.search ?? new Search(new Looking(query, effort, now), memory?.heads)
  const steps = kept?.steps ?? stepsOf(search, places, wanted, now)
  const filling = new Filling(search, end)
  let isKept = false
  try {
    const last = await fill(filling, { search, steps, pending: kept?.pending }, kept !== undefined, cancelled)
    const goOn = filling.more ? filling.mark : search.stopped
    const next =
      goOn === undefined ? null : writeCursor({ about: wanted.about, now: wanted.after?.now ?? now, mark: goOn })
    if (memory !== undefined && next !== null && (last === 'over' || (filling.more && search.isAsFound))) {
      const pending = typeof last === 'object' ? last : undefined
      memory.unfinished.keep(keyOf(wanted, next), { search, steps, pending })
      isKept = true
    }
    return pageIn(filling, search, wanted, next)
  } finally {
    if (!isKept) steps.return()
  }
}

function pageIn(filling: Filling, { sorted, bounded, looking }: Search, { offset }: Wanted, next: string | null): Page {
  const { looked, opened, unknown } = looking
  return { items: filling.items.slice(offset), more: filling.more, sorted, bounded, looked, opened, unknown, next }
}

/** Until there is enough, or the bound is reached; answers with the step that ended it. */
async function fill(
  filling: Filling,
  { steps, pending }: Unfinished,
  isOld: boolean,
  cancelled: AbortSignal,
): Promise<Step> {
  const turn = takingTurns()
  for (let step: Step = pending; ; ) {
    // What was listed before may have left meanwhile.
    if (isOld && typeof step === 'object' && hasLeft(step.candidate)) step = undefined
    if (step === 'over' || cancelled.aborted || filling.take(step)) return step
    const wait = turn()
    if (wait !== undefined) await wait
    const next = steps.next()
    if (next.done === true) return undefined
    step = next.value
  }
}

function hasLeft({ queue, at }: Candidate): boolean {
  return enteredAt(queue.dir, at) === undefined
}

/** The cursor says where, and of what by a number only. */
function keyOf({ asked }: Wanted, cursor: string): string {
  return `${cursor} ${asked}`
}

function stepsOf(search: Search, places: readonly Place[], wanted: Wanted, now: Millis): SearchSteps {
  const { sort, reverse, after } = wanted
  if (sort === undefined) return search.found(places, after)
  const aging = agingOf(places.map(({ queue }) => queue))
  return search.sortedBy(places, { sort, reverse, aging, now: after?.now ?? now }, after)
}

class Filling {
  readonly items: Candidate[] = []
  more = false
  /** Of the last row of a full page. */
  mark: Mark | undefined
  readonly #search: Search
  readonly #end: number
  #full: { readonly looked: number; readonly opened: number } | undefined

  constructor(search: Search, end: number) {
    this.#search = search
    this.#end = end
  }

  /** true: that is enough. */
  take(step: Row | undefined): boolean {
    if (step !== undefined && this.items.length < this.#end) {
      this.items.push(step.candidate)
      if (this.items.length < this.#end) return false
      this.mark = step.mark()
      this.#full = { looked: this.#search.looking.looked, opened: this.#search.looking.opened }
      return false
    }
    this.more = step !== undefined || this.#hasLookedAhead()
    return this.more
  }

  #hasLookedAhead(): boolean {
    if (this.#full === undefined) return false
    const { looked, opened } = this.#search.looking
    return looked - this.#full.looked >= LOOKAHEAD.names || opened - this.#full.opened >= LOOKAHEAD.items
  }
}
