/** `rq ls`: the items of a queue, from names alone. */

import { nearest } from '../config/near.ts'
import type { State } from '../domain/item.ts'
import type { Millis } from '../domain/name.ts'
import { compareEntries, entryOf } from '../domain/schedule.ts'
import { itemsOf, type Located } from '../fsqueue/scan.ts'
import { ok, refuse } from './answer.ts'
import { describe, type Row, STATUSES, type Status } from './describe.ts'
import { openQueue, type Queue } from './spool.ts'
import { defineVerb } from './verb.ts'
import { workerStatus } from './worker-status.ts'

/** So many names are read and sorted without being asked; of more, the first found are shown. */
const SORTED_UNASKED = 2_000
const DEFAULT_LIMIT = 50

interface Choice {
  readonly states: readonly State[]
  readonly status?: Status
}

/** Directory names and the words that people use for them. */
const CHOICES: Readonly<Record<string, Choice>> = {
  prep: { states: ['prep'] },
  que: { states: ['que'] },
  run: { states: ['run'] },
  pause: { states: ['pause'] },
  done: { states: ['done'] },
  relayed: { states: ['relayed'] },
  _err: { states: ['_err'] },
  err: { states: ['_err'] },
  building: { states: ['prep'] },
  waiting: { states: ['que'], status: 'waiting' },
  scheduled: { states: ['que'], status: 'scheduled' },
  settling: { states: ['que'], status: 'settling' },
  unavailable: { states: ['que'], status: 'unavailable' },
  running: { states: ['run'] },
  held: { states: ['pause'] },
  failed: { states: ['_err'] },
}
const UNFINISHED: Choice = { states: ['run', 'que', 'pause', '_err'] }

export const STATE_WORDS: readonly string[] = [...new Set([...STATUSES, ...Object.keys(CHOICES)])]

export interface Listing {
  readonly queue: string
  readonly items: readonly Row[]
  /** There are more than were asked for. */
  readonly more: boolean
  /** In the order in which they will run; false when there are so many that the first found are shown. */
  readonly sorted: boolean
}

export const ls = defineVerb({
  summary: 'list the items of a queue',
  details:
    'Without STATE: what runs, waits, is held or has failed. STATE is a directory (que, run, pause, done, relayed, _err, prep) ' +
    'or a word (waiting, scheduled, settling, unavailable, running, held, failed). Waiting items are in the order ' +
    `in which they will run, up to ${SORTED_UNASKED} of them; beyond that, --sort reads the whole directory.`,
  arguments: {
    queue: { type: 'queue', summary: 'the queue' },
    state: { type: 'status', summary: 'only items in this state', optional: true },
  },
  options: {
    limit: { type: 'count', summary: `at most so many (default ${DEFAULT_LIMIT}, 0: all)`, value: 'N', short: 'n' },
    sort: { type: 'flag', summary: 'sort even if that means reading a huge directory' },
    ids: { type: 'flag', summary: 'print ids only, one a line', short: 'q' },
  },
  examples: [
    { command: 'rq ls mail', says: 'what runs, waits, is held or has failed' },
    { command: 'rq ls mail done -n 5', says: 'the five that finished last' },
    { command: 'rq ls mail failed --ids --limit 0 | xargs rq retry', says: 'run all failed items again' },
  ],
  run: async (context, input) => {
    const queue = await openQueue(context.root, input.queue)
    if ('kind' in queue) return { value: undefined, problems: [queue] }
    const choice = input.state === undefined ? UNFINISHED : CHOICES[input.state]
    if (choice === undefined) {
      const near = nearest(input.state ?? '', STATE_WORDS)
      return refuse('usage', `no state "${input.state}"${near === undefined ? '' : `: did you mean ${near}?`}`)
    }
    const limit = input.limit === 0 ? Number.POSITIVE_INFINITY : (input.limit ?? DEFAULT_LIMIT)
    return ok(list(queue, choice, limit, input.sort, context.now()))
  },
})

function list(queue: Queue, choice: Choice, limit: number, sortAll: boolean, now: Millis): Listing {
  const status = workerStatus(queue.dir)
  const items: Row[] = []
  let sorted = true
  let more = false
  for (const state of choice.states) {
    const rows = rowsOf(state)
    for (const row of rows) {
      if (items.length >= limit) {
        more = true
        break
      }
      items.push(row)
    }
  }
  return { queue: queue.name, items, more, sorted }

  function* rowsOf(state: State): Generator<Row> {
    const order =
      state === 'done' || state === 'relayed'
        ? { items: itemsOf(queue.dir, state), sorted: true }
        : ordered(queue, state, sortAll, now)
    sorted &&= order.sorted
    for (const at of order.items) {
      const row = describe(queue.name, at, now, status?.alive === true ? status : undefined)
      if (choice.status === undefined || row.status === choice.status) yield row
    }
  }
}

/** A directory that is too large is not read to its end for the first rows of it. */
function ordered(
  queue: Queue,
  state: State,
  sortAll: boolean,
  now: Millis,
): { items: Iterable<Located>; sorted: boolean } {
  const all = itemsOf(queue.dir, state)
  const read: Located[] = []
  for (let next = all.next(); next.done !== true; next = all.next()) {
    read.push(next.value)
    if (!sortAll && read.length > SORTED_UNASKED) return { items: chain(read, all), sorted: false }
  }
  const entries = read.map((at) => ({ at, entry: entryOf(at.raw, now) }))
  entries.sort(
    (a, b) => Number(a.entry.notBefore > now) - Number(b.entry.notBefore > now) || compareEntries(a.entry, b.entry),
  )
  return { items: entries.map(({ at }) => at), sorted: true }
}

function* chain(read: Iterable<Located>, rest: Iterable<Located>): Generator<Located> {
  yield* read
  yield* rest
}
