/** `rq ls`: the items that a query is about, from names alone where it asks no more; only what is shown is looked at more closely. */

import { nearest } from '../config/near.ts'
import { BUCKETED } from '../domain/item.ts'
import { STATE_CHOICES } from '../domain/query-fields.ts'
import { currentAttempt } from '../fsqueue/content.ts'
import { place } from '../fsqueue/place.ts'
import { type Answer, type Problem, problem, refuse } from './answer.ts'
import { unjudged } from './bulk.ts'
import type { Context } from './context.ts'
import { describe, enteredAt, type Row, sinceTime } from './describe.ts'
import { type Candidate, factsOf } from './facts.ts'
import { ITEMS_BOUND, NAMES_BOUND, type Page, pageOf, SORTED_UNASKED, SORTS } from './listing.ts'
import { noteOf } from './note.ts'
import { type Progress, progressOf } from './progress.ts'
import { isQuery, readQuery } from './query.ts'
import { placesFor, queuesNamed } from './select.ts'
import { allQueues, openQueue, type Queue } from './spool.ts'
import { defineVerb } from './verb.ts'

const DEFAULT_LIMIT = 50
const UNFINISHED = ['run', 'que', 'pause', '_err'] as const

export const COLUMNS = [
  'id', 'name', 'queue', 'status', 'priority', 'age', 'created', 'due', 'finished', 'tags', 'size', 'attempts', 'exit', 'text', 'note',
] as const // biome-ignore format: a list
export type Column = (typeof COLUMNS)[number]

export interface Listed extends Row {
  /** When it came into its state; null when it has left it meanwhile. */
  readonly since: string | null
  /** What the handler of a running item last told. */
  readonly progress?: Progress
  /** What is wrong with its message, or what its last attempt said. */
  readonly text?: string
  /** Where a column asks for them; null when it has none. */
  readonly size?: number | null
  readonly attempts?: number | null
  readonly exit?: number | null
}

export interface Listing extends Omit<Page, 'items'> {
  /** null: more than one. */
  readonly queue: string | null
  readonly items: readonly Listed[]
}

const options = {
  all: { type: 'flag', summary: 'of all queues; what stands for QUEUE belongs to the query then', short: 'a' },
  limit: { type: 'count', summary: `at most so many (default ${DEFAULT_LIMIT}, 0: all)`, value: 'N', short: 'n' },
  offset: { type: 'count', summary: 'leave out so many at the beginning', value: 'N' },
  sort: { type: 'text', summary: `by ${SORTS.join(', ')}; reads all that may match`, value: 'COLUMN', words: SORTS },
  reverse: { type: 'flag', summary: 'with --sort: the other way round', short: 'r' },
  columns: { type: 'text', summary: `of ${COLUMNS.join(', ')}`, value: 'A,B', words: COLUMNS },
  deep: { type: 'flag', summary: `look at more than ${NAMES_BOUND} names and ${ITEMS_BOUND} items` },
  ids: { type: 'flag', summary: 'print ids only, one a line', short: 'q' },
} as const

export const ls = defineVerb({
  summary: 'list items',
  details:
    'QUERY is a state (waiting, scheduled, settling, unavailable, running, held, failed, done, relayed) or words such as tag:eu, ' +
    'age>1h, exit:1, param.user=7, text:"timeout", name:*.csv (docs/QUERY.md). Without a state: what runs, waits, is held or has ' +
    `failed. Waiting items are in the order in which they will run, up to ${SORTED_UNASKED} of them; beyond that, --sort order ` +
    'reads the whole directory.',
  arguments: {
    queue: { type: 'queue', summary: 'the queue, or a pattern such as mail-*; without it all', optional: true },
    query: { type: 'query', summary: 'only items that match', many: true, optional: true },
  },
  options,
  examples: [
    { command: 'rq ls mail', says: 'what runs, waits, is held or has failed' },
    { command: 'rq ls mail done -n 5', says: 'five of those that finished last' },
    { command: "rq ls mail failed 'exit:1 age<1d' --columns id,age,text", says: 'what went wrong today' },
    { command: "rq ls --all 'param.user=7'", says: 'all about a user' },
  ],
  run: async (context, input): Promise<Answer<Listing>> => {
    const sort = chosen(input.sort, SORTS, 'column')
    if (typeof sort === 'object') return { value: undefined, problems: [sort] }
    const columns = columnsOf(input.columns)
    if ('kind' in columns) return { value: undefined, problems: [columns] }
    if (input.reverse && sort === undefined) return refuse('usage', '--reverse goes with --sort')
    const where = await whereToLook(context.root, input)
    if ('kind' in where) return { value: undefined, problems: [where] }
    const query = readQuery(where.words, context.now())
    if (!isQuery(query)) return { value: undefined, problems: [query] }
    const limit = input.limit === 0 ? Number.POSITIVE_INFINITY : (input.limit ?? DEFAULT_LIMIT)
    const wanted = { sort, reverse: input.reverse, offset: input.offset ?? 0, limit, deep: input.deep }
    const page = pageOf(placesFor(where.queues, query, UNFINISHED, context.now()), query, wanted, context.now())
    if (page.unknown > 0) context.tell({ kind: 'note', text: unjudged(page.unknown) })
    const [only, another] = where.queues
    const queue = another === undefined ? (only?.name ?? null) : null
    const items = lookCloser(context, page, columns, sort === undefined, input.ids)
    return { value: { ...page, queue, items }, problems: [] }
  },
})

interface Where {
  readonly queue: string | undefined
  readonly query: readonly string[]
  readonly all: boolean
}

/** The first word is a queue if one has this name or is named like it; else it may belong to the query. */
async function whereToLook(
  root: string,
  { queue, query, all }: Where,
): Promise<{ queues: readonly Queue[]; words: readonly string[] } | Problem> {
  if (queue === undefined) return { queues: await allQueues(root), words: query }
  if (all) return { queues: await allQueues(root), words: [queue, ...query] }
  const named = await openQueue(root, queue)
  if (!('kind' in named)) return { queues: [named], words: query }
  if (/[:=<>~(]|^!/.test(queue) || Object.hasOwn(STATE_CHOICES, queue))
    return { queues: await allQueues(root), words: [queue, ...query] }
  const queues = await queuesNamed(root, [queue])
  return 'kind' in queues ? queues : { queues, words: query }
}

function chosen<W extends string>(
  word: string | undefined,
  words: readonly W[],
  what: string,
): W | undefined | Problem {
  const known = words.find((one) => one === word)
  if (word === undefined || known !== undefined) return known
  const near = nearest(word, words)
  return problem(
    'usage',
    `no ${what} "${word}": ${near === undefined ? `there are ${words.join(', ')}` : `did you mean ${near}?`}`,
  )
}

function columnsOf(given: string | undefined): readonly Column[] | Problem {
  const columns = (given?.split(',') ?? []).map((word) => chosen(word.trim(), COLUMNS, 'column'))
  const wrong = columns.find((column) => typeof column === 'object')
  return wrong ?? columns.filter((column) => typeof column === 'string')
}

/** One lstat of each, its message, and the attempt of what runs; nothing where only ids are asked for. */
function lookCloser(
  context: Context,
  { items }: Page,
  columns: readonly Column[],
  asFound: boolean,
  idsOnly: boolean,
): Listed[] {
  const now = context.now()
  const isFinished = items.length > 0 && items.every(({ at }) => BUCKETED[at.state])
  if (idsOnly && !isFinished) return items.map((item) => ({ ...rowOf(item, now), since: null }))
  const looked = items.map((item) => ({ item, entered: enteredAt(item.queue.dir, item.at) }))
  // What ended in one minute stands in its order, the last first.
  if (isFinished && asFound)
    looked.sort(
      (a, b) => compareText(b.item.at.bucket ?? '', a.item.at.bucket ?? '') || (b.entered ?? 0) - (a.entered ?? 0),
    )
  return looked.map(({ item, entered }) => {
    const row = rowOf(item, now)
    const live = item.at.state === 'run' ? currentAttempt(place(item.queue.dir, item.at.state, item.at.raw)) : undefined
    const progress = progressOf(live)
    const text = noteOf(item)
    return {
      ...row,
      since: sinceTime(row, entered),
      ...(progress === undefined ? {} : { progress }),
      ...(text === undefined ? {} : { text }),
      ...extra(item, columns, now),
    }
  })
}

function rowOf({ queue, at, worker }: Candidate, now: number): Row {
  return describe(queue.name, at, now, worker?.alive === true ? worker : undefined)
}

/** Only what a column asks for is counted. */
function extra(
  item: Candidate,
  columns: readonly Column[],
  now: number,
): Partial<Pick<Listed, 'size' | 'attempts' | 'exit'>> {
  const facts = factsOf(item, now, 'message')
  return Object.fromEntries(
    (['size', 'attempts', 'exit'] as const)
      .filter((name) => columns.includes(name))
      .map((name) => [name, facts.number({ name }) ?? null]),
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
