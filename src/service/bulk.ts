/** Doing something with all items that match a query: by name first, each looked at right before it is touched. */

import type { State } from '../domain/item.ts'
import { parseItemName } from '../domain/name.ts'
import { costOf, type Query } from '../domain/query.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { type Answer, type Problem, problem, refuse } from './answer.ts'
import type { Context } from './context.ts'
import type { Candidate } from './facts.ts'
import { Gathered } from './gathered.ts'
import { callName } from './item-ref.ts'
import type { Found } from './lookup.ts'
import { isQuery, readQuery } from './query.ts'
import { type Act, type Attempted, type Done, forEachItem } from './relocate.ts'
import { Results } from './results.ts'
import { matches, type Place, placesFor, queuesNamed } from './select.ts'
import type { Spec } from './verb.ts'

/** Between two looks at whether to stop, and two tellings of how far it is. */
export const STEP = 64
const MATCHES = 'matches'

/** The options of every verb that can change many. */
export const bulkOptions = {
  where: {
    type: 'query',
    summary: 'all items that match (docs/QUERY.md) instead of IDs; what stands for IDs names the queues then',
    value: 'QUERY',
    short: 'w',
  },
  'dry-run': { type: 'flag', summary: 'with --where: only say how many', short: 'n' },
  first: { type: 'count', summary: 'with --where: only the first N, in the order in which they would run', value: 'N' },
  last: { type: 'count', summary: 'with --where: only the last N', value: 'N' },
} as const satisfies Record<string, Spec>

/** What these options and the argument `id` were parsed into. */
export interface Meant {
  readonly id: readonly string[]
  readonly where: string | undefined
  readonly 'dry-run': boolean
  readonly first: number | undefined
  readonly last: number | undefined
}

interface Where {
  /** Where is looked unless the query speaks of states. */
  readonly states: readonly State[]
  /** Of several items that one id may mean. */
  readonly preferred?: readonly State[]
  /** Of each queue the oldest first, where not the first or the last that would run are asked for. */
  readonly oldestFirst?: boolean
}

/** Acts on the items that are named, or on all that match. */
export async function forEachMeant(
  context: Context,
  meant: Meant,
  act: Act<Done>,
  { states, preferred = [], oldestFirst = false }: Where,
): Promise<Answer<readonly Done[]>> {
  if (meant.where === undefined) {
    if (meant['dry-run'] || meant.first !== undefined || meant.last !== undefined)
      return refuse('usage', '--dry-run, --first and --last go with --where')
    if (meant.id.length === 0) return refuse('usage', 'say which: by ID, or by --where QUERY')
    return forEachItem(context, meant.id, act, preferred)
  }
  if (meant.first !== undefined && meant.last !== undefined) return refuse('usage', 'only one of --first and --last')
  const query = readQuery([meant.where], context.now())
  if (!isQuery(query)) return { value: undefined, problems: [query] }
  const queues = await queuesNamed(context.root, meant.id)
  if ('kind' in queues) return { value: undefined, problems: [queues] }
  const places = placesFor(queues, query, states, context.now())
  return actOn(context, query, places, meant, act, oldestFirst)
}

/** By name alone nothing is kept of those that are only counted; else all are known before the first is touched. */
async function actOn(
  context: Context,
  query: Query,
  places: readonly Place[],
  meant: Meant,
  act: Act<Done>,
  oldestFirst: boolean,
): Promise<Answer<readonly Done[]>> {
  const { first, last, 'dry-run': dryRun } = meant
  const results = new Results<Done>(context)
  const limit = first ?? last ?? Number.POSITIVE_INFINITY
  const byName = costOf(query) === 'name'
  const gathered = new Gathered(query, context, byName ? limit : Number.POSITIVE_INFINITY)
  if (dryRun && byName && limit === Number.POSITIVE_INFINITY) {
    await gathered.each(places, (candidate) =>
      results.count(candidate.queue.name, MATCHES, () => done(candidate, MATCHES)),
    )
    return results.summed()
  }
  const isSome = limit !== Number.POSITIVE_INFINITY
  const { total, candidates } = await (isSome
    ? gathered.ordered(places, last !== undefined)
    : gathered.all(places, oldestFirst))
  let index = 0
  let matched = 0
  let unknown = 0
  for (const candidate of candidates) {
    if (matched >= limit) break
    if (index % STEP === 0 && (await isStopped(context, index, total))) break
    index += 1
    const answer = byName || matches(candidate, query, context.now())
    if (answer === undefined) unknown += 1
    if (answer !== true) continue
    matched += 1
    const did = dryRun ? done(candidate, MATCHES) : await once(candidate, act, results.context)
    await results.add(callName(candidate.at.raw), did)
  }
  if (unknown > 0) context.tell({ kind: 'note', text: unjudged(unknown) })
  return results.summed()
}

/** Signals are heard, and others have their turn. */
export async function isStopped(context: Context, at: number, total: number): Promise<boolean> {
  context.tell({ kind: 'progress', done: at, total })
  await new Promise((resolve) => setImmediate(resolve))
  return context.cancelled.aborted
}

type Placed = Pick<Candidate, 'queue' | 'at'>

/** What somebody else took meanwhile is his: it is not looked for, as it may match no more. */
export async function once(candidate: Placed, act: Act<Done>, context: Context): Promise<Done | Problem> {
  const { queue, at } = candidate
  const item: Found = { queue, at, id: parseItemName(at.raw).id }
  try {
    const result: Attempted<Done> = await act(item, context)
    return result === 'gone' ? done(candidate, 'gone meanwhile') : result
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    return problem('failed', `${callName(at.raw)}: ${error.message}`)
  }
}

function done({ queue, at }: Placed, did: string): Done {
  return { queue: queue.name, id: callName(at.raw), did }
}

export function unjudged(count: number): string {
  return `${count} ${count === 1 ? 'item' : 'items'} could not be judged (gone, not readable, too large, or no message): nothing was done to ${count === 1 ? 'it' : 'them'}`
}
