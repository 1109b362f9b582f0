/** `rq ls`: the items that a query is about, from names alone where it asks no more; only what is shown is looked at more closely. */

import { nearest } from '../config/near.ts'
import type { Millis } from '../domain/name.ts'
import type { Query } from '../domain/query.ts'
import { STATE_CHOICES } from '../domain/query-fields.ts'
import { currentAttempt } from '../fsqueue/content.ts'
import { place } from '../fsqueue/place.ts'
import { type Answer, type Problem, problem, refuse } from './answer.ts'
import { unjudged } from './bulk.ts'
import type { Context } from './context.ts'
import { aboutOf, type Cursor, readCursor } from './cursor.ts'
import { describe, enteredAt, type Row, sinceTime } from './describe.ts'
import { type Candidate, factsOf } from './facts.ts'
import { type Page, pageOf } from './listing.ts'
import { ITEMS_BOUND, NAMES_BOUND, SORTED_UNASKED } from './looking.ts'
import { noteOf } from './note.ts'
import { type Progress, progressOf } from './progress.ts'
import { isQuery, readQuery } from './query.ts'
import { SORTS, type Sort } from './ranks.ts'
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
  after: { type: 'text', summary: 'go on where another page ended, by its `next`', value: 'CURSOR' },
  within: { type: 'duration', summary: 'stop looking after so long, with what was found', value: 'TIME' },
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
    `failed. Waiting items are in the order in which they will run, of up to ${SORTED_UNASKED} names; beyond that, --sort order ` +
    'reads the whole directory. With --json a page says where the next one begins (--after).',
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
    const where = await whereToLook(context, input)
    if ('kind' in where) return { value: undefined, problems: [where] }
    const query = readQuery(where.words, context.now())
    if (!isQuery(query)) return { value: undefined, problems: [query] }
    const page = await wantedPage(context, input, sort, where.queues, query)
    if ('kind' in page) return { value: undefined, problems: [page] }
    if (page.unknown > 0) context.tell({ kind: 'note', text: unjudged(page.unknown) })
    const [only, another] = where.queues
    const queue = another === undefined ? (only?.name ?? null) : null
    const items = lookCloser(context, page, columns, input.ids)
    return { value: { ...page, queue, items }, problems: [] }
  },
})

interface Asked extends Where {
  readonly limit: number | undefined
  readonly offset: number | undefined
  readonly reverse: boolean
  readonly deep: boolean
  readonly within: Millis | undefined
  readonly after: string | undefined
}

async function wantedPage(
  context: Context,
  input: Asked,
  sort: Sort | undefined,
  queues: readonly Queue[],
  query: Query,
): Promise<Page | Problem> {
  const words = [input.queue, ...input.query, input.all, sort, input.reverse]
  const about = aboutOf(words)
  const after = input.after === undefined ? undefined : cursorFor(input.after, about, sort !== undefined)
  if (after !== undefined && !('about' in after)) return after
  const asked = input.limit === 0 ? Number.POSITIVE_INFINITY : (input.limit ?? DEFAULT_LIMIT)
  const limit = Math.min(asked, context.mostRows ?? asked)
  const { reverse, deep, within, offset = 0 } = input
  const wanted = { sort, reverse, offset, limit, deep, within, asked: JSON.stringify(words), about, after }
  const now = context.now()
  return pageOf(placesFor(queues, query, UNFINISHED, now), query, wanted, now, context)
}

function cursorFor(text: string, about: number, isSorted: boolean): Cursor | Problem {
  const cursor = readCursor(text)
  if (cursor === undefined) return problem('usage', '--after: it is no cursor; take `next` of a page as it is')
  if (cursor.about === about && (cursor.mark.kind === 'key') === isSorted) return cursor
  return problem('usage', '--after: the cursor is of another listing; queue, query and order must be the same')
}

interface Where {
  readonly queue: string | undefined
  readonly query: readonly string[]
  readonly all: boolean
}

/** The first word is a queue if one has this name or is named like it; else it may belong to the query. */
async function whereToLook(
  { root, memory }: Context,
  { queue, query, all }: Where,
): Promise<{ queues: readonly Queue[]; words: readonly string[] } | Problem> {
  if (queue === undefined) return { queues: await allQueues(root, memory), words: query }
  if (all) return { queues: await allQueues(root, memory), words: [queue, ...query] }
  const named = await openQueue(root, queue)
  if (!('kind' in named)) return { queues: [named], words: query }
  if (/[:=<>~(]|^!/.test(queue) || Object.hasOwn(STATE_CHOICES, queue))
    return { queues: await allQueues(root, memory), words: [queue, ...query] }
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
function lookCloser(context: Context, { items }: Page, columns: readonly Column[], idsOnly: boolean): Listed[] {
  const now = context.now()
  if (idsOnly) return items.map((item) => ({ ...rowOf(item, now), since: null }))
  const looked = items.map((item) => ({ item, entered: enteredAt(item.queue.dir, item.at) }))
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
