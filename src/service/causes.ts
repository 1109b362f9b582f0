/** `rq causes`: what failed, grouped by why, with a query for each group. */
import type { Millis } from '../domain/name.ts'
import { writeWord } from '../domain/query.ts'
import { itemsOf } from '../fsqueue/scan.ts'
import { type Answer, isProblem, ok } from './answer.ts'
import { isStopped, STEP } from './bulk.ts'
import type { Context } from './context.ts'
import { factsOf } from './facts.ts'
import { callName } from './item-ref.ts'
import { openQueues, type Queue } from './spool.ts'
import { oneByOne } from './turns.ts'
import { defineVerb } from './verb.ts'

/** Items of a queue that are looked at: a message is read for each. */
const MOST_ITEMS = 20_000
const EXAMPLES = 3
const DEFAULT_LIMIT = 100

/** Times are ISO 8601: when items failed. */
export interface CauseGroup {
  readonly queue: string
  /** The same for all of them; numbers, ids, paths and the like are replaced by words such as `<n>`. */
  readonly reason: string
  readonly cause: string | null
  readonly count: number
  readonly newest: string
  readonly oldest: string
  /** Ids, the newest first. */
  readonly examples: readonly string[]
  /** Selects just these, and what fails so from now on (docs/QUERY.md). */
  readonly query: string
}

export interface Causes {
  readonly groups: readonly CauseGroup[]
  /** Groups beyond the limit. */
  readonly more: number
  /** Queues of which not all items were looked at. */
  readonly capped: readonly string[]
  /** Could not be read. */
  readonly unknown: number
}

export const causes = defineVerb({
  summary: 'what failed, grouped by cause',
  details:
    'Items are of one cause if the last attempt of each ended alike: cause, exit status or signal, and text without its numbers, ids, times, ' +
    `paths and quoted texts. --json tells of each group the query that selects it, for --where. At most ${MOST_ITEMS} items of a ` +
    'queue are looked at.',
  arguments: { queue: { type: 'queue', summary: 'only these', many: true, optional: true } },
  options: {
    since: { type: 'duration', summary: 'only what failed so long ago or later', value: 'DURATION' },
    limit: { type: 'count', summary: `at most so many groups (default ${DEFAULT_LIMIT}, 0: all)`, value: 'N' },
  },
  examples: [
    { command: 'rq causes', says: 'why things fail, the most frequent first' },
    { command: 'rq causes mail --since 1d --json', says: 'with a query for each cause' },
  ],
  run: async (context, input): Promise<Answer<Causes>> => {
    const since = input.since === undefined ? undefined : Math.floor(context.now() - input.since)
    const opened = await openQueues(context.root, input.queue)
    const found: Found = { groups: [], capped: [], unknown: 0 }
    for await (const queue of oneByOne(opened)) if (!isProblem(queue)) await look(context, queue, since, found)
    const groups = found.groups.toSorted((a, b) => b.count - a.count || b.newest - a.newest)
    const limit = input.limit === 0 ? groups.length : (input.limit ?? DEFAULT_LIMIT)
    const value = {
      groups: groups.slice(0, limit).map((group) => told(group, since)),
      more: Math.max(0, groups.length - limit),
      capped: found.capped,
      unknown: found.unknown,
    }
    return ok(value, opened.filter(isProblem))
  },
})

interface Found {
  readonly groups: Group[]
  readonly capped: string[]
  unknown: number
}

interface Example {
  readonly at: Millis
  readonly id: string
}

interface Group {
  readonly queue: string
  readonly reason: string
  readonly cause: string | null
  count: number
  newest: Millis
  oldest: Millis
  examples: readonly Example[]
}

async function look(context: Context, queue: Queue, since: Millis | undefined, found: Found): Promise<void> {
  const groups = new Map<string, Group>()
  let looked = 0
  for (const at of itemsOf(queue.dir, '_err')) {
    if (looked >= MOST_ITEMS) {
      found.capped.push(queue.name)
      break
    }
    if (looked % STEP === 0 && (await isStopped(context, looked, MOST_ITEMS))) break
    looked += 1
    const facts = factsOf({ queue, at, worker: undefined }, context.now(), 'message')
    const entered = facts.number({ name: 'entered' })
    if (typeof entered === 'number' && since !== undefined && entered < since) continue
    const reason = facts.texts({ name: 'reason' })?.[0]
    if (typeof entered !== 'number' || reason === undefined) found.unknown += 1
    else
      add(groups, queue.name, reason, facts.texts({ name: 'cause' })?.[0] ?? null, {
        at: entered,
        id: callName(at.raw),
      })
  }
  found.groups.push(...groups.values())
}

function add(groups: Map<string, Group>, queue: string, reason: string, cause: string | null, one: Example): void {
  const group = groups.get(reason) ?? { queue, reason, cause, count: 0, newest: one.at, oldest: one.at, examples: [] }
  groups.set(reason, group)
  group.count += 1
  group.newest = Math.max(group.newest, one.at)
  group.oldest = Math.min(group.oldest, one.at)
  group.examples = [...group.examples, one].toSorted((a, b) => b.at - a.at).slice(0, EXAMPLES)
}

function told({ queue, reason, cause, count, newest, oldest, examples }: Group, since: Millis | undefined): CauseGroup {
  const words = [
    writeWord({ name: 'queue' }, '=', queue),
    'failed',
    writeWord({ name: 'reason' }, '=', reason),
    ...(since === undefined ? [] : [writeWord({ name: 'entered' }, '>=', new Date(since).toISOString())]),
  ]
  return {
    queue,
    reason,
    cause,
    count,
    newest: new Date(newest).toISOString(),
    oldest: new Date(oldest).toISOString(),
    examples: examples.map(({ id }) => id),
    query: words.join(' '),
  }
}
