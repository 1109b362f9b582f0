/** Doing something with all items that match a query: by name first, each looked at right before it is touched. */

import { comparing, entryOf } from '../domain/entry.ts'
import type { State } from '../domain/item.ts'
import { parseItemName } from '../domain/name.ts'
import { costOf, type Query } from '../domain/query.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { type Answer, type Problem, problem, refuse } from './answer.ts'
import type { Context } from './context.ts'
import type { Candidate } from './facts.ts'
import { callName } from './item-ref.ts'
import type { Found } from './lookup.ts'
import { isQuery, readQuery } from './query.ts'
import { type Act, type Attempted, type Done, forEachItem, Results } from './relocate.ts'
import { candidatesIn, matches, placesFor, queuesNamed } from './select.ts'
import { agingOf } from './spool.ts'
import type { Spec } from './verb.ts'

/** Between two looks at whether to stop, and two tellings of how far it is. */
export const STEP = 64
/** Of many refusals that say the same, so many are told. */
const TOLD = 10

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
}

/** Acts on the items that are named, or on all that match. */
export async function forEachMeant(
  context: Context,
  meant: Meant,
  act: Act<Done>,
  { states, preferred = [] }: Where,
): Promise<Answer<readonly Done[]>> {
  if (meant.where === undefined) {
    if (meant['dry-run'] || meant.first !== undefined || meant.last !== undefined)
      return refuse('usage', '--dry-run, --first and --last go with --where')
    if (meant.id.length === 0) return refuse('usage', 'ID is missing; or say which with --where QUERY')
    return forEachItem(context, meant.id, act, preferred)
  }
  if (meant.first !== undefined && meant.last !== undefined) return refuse('usage', 'only one of --first and --last')
  const query = readQuery([meant.where], context.now())
  if (!isQuery(query)) return { value: undefined, problems: [query] }
  const queues = await queuesNamed(context.root, meant.id)
  if ('kind' in queues) return { value: undefined, problems: [queues] }
  const candidates = placesFor(queues, query, states, context.now()).flatMap((place) => [
    ...candidatesIn(place, query, context.now()),
  ])
  const answer = await actOn(context, query, ordered(candidates, meant, context.now()), meant, act)
  return { ...answer, problems: summed(answer.problems) }
}

/** In the order of names where a number of them is asked for: the first to run, or the last. */
function ordered(candidates: Candidate[], { first, last }: Meant, now: number): Candidate[] {
  if (first === undefined && last === undefined) return candidates
  const entries = candidates.map((candidate) => ({ candidate, entry: entryOf(candidate.at.raw, now) }))
  const compare = comparing(agingOf(candidates.map(({ queue }) => queue)))
  entries.sort((a, b) => compare(a.entry, b.entry))
  if (last !== undefined) entries.reverse()
  return entries.map(({ candidate }) => candidate)
}

async function actOn(
  context: Context,
  query: Query,
  candidates: readonly Candidate[],
  { first, last, 'dry-run': dryRun }: Meant,
  act: Act<Done>,
): Promise<Answer<readonly Done[]>> {
  const results = new Results<Done>(context)
  const limit = first ?? last ?? Number.POSITIVE_INFINITY
  const byName = costOf(query) === 'name'
  let matched = 0
  let unknown = 0
  for (const [index, candidate] of candidates.entries()) {
    if (matched >= limit) break
    if (index % STEP === 0 && (await isStopped(context, index, candidates.length))) break
    const answer = byName || matches(candidate, query, context.now())
    if (answer === undefined) unknown += 1
    if (answer !== true) continue
    matched += 1
    await results.add(
      callName(candidate.at.raw),
      dryRun ? done(candidate, 'matches') : await once(candidate, act, results.context),
    )
  }
  if (unknown > 0) context.tell({ kind: 'note', text: unjudged(unknown) })
  return results.answer()
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

/** A thousand refusals are told by the first few. */
export function summed(problems: readonly Problem[]): Problem[] {
  const kinds = [...new Set(problems.map(({ kind }) => kind))]
  return kinds.flatMap((kind) => {
    const all = problems.filter((one) => one.kind === kind)
    return all.length <= TOLD ? all : [...all.slice(0, TOLD), problem(kind, `and ${all.length - TOLD} more`)]
  })
}
