/** `rq ls`: the items of a queue, from names alone; only what is shown is looked at more closely. */

import { nearest } from '../config/near.ts'
import { BUCKETED, type State } from '../domain/item.ts'
import type { Millis } from '../domain/name.ts'
import { compareEntries, entryOf } from '../domain/schedule.ts'
import { currentAttempt } from '../fsqueue/content.ts'
import { place } from '../fsqueue/place.ts'
import { itemsOf, type Located } from '../fsqueue/scan.ts'
import { ok, refuse } from './answer.ts'
import { describe, enteredAt, type Row, STATUSES, type Status, sinceTime } from './describe.ts'
import { type Progress, progressOf } from './progress.ts'
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

export interface Listed extends Row {
  /** When it came into its state; null when it has left it meanwhile. */
  readonly since: string | null
  /** What the handler of a running item last told. */
  readonly progress?: Progress
}

export interface Listing {
  readonly queue: string
  readonly items: readonly Listed[]
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
    { command: 'rq ls mail done -n 5', says: 'five of those that finished last' },
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
  const seen: Seen[] = []
  let sorted = true
  let more = false
  for (const state of choice.states) {
    const rows = rowsOf(state)
    for (const row of rows) {
      if (seen.length >= limit) {
        more = true
        break
      }
      seen.push(row)
    }
  }
  return { queue: queue.name, items: lookCloser(queue, seen), more, sorted }

  function* rowsOf(state: State): Generator<Seen> {
    const order =
      state === 'done' || state === 'relayed'
        ? { items: itemsOf(queue.dir, state), sorted: true }
        : ordered(queue, state, sortAll, now)
    sorted &&= order.sorted
    for (const at of order.items) {
      const row = describe(queue.name, at, now, status?.alive === true ? status : undefined)
      if (choice.status === undefined || row.status === choice.status) yield { at, row }
    }
  }
}

interface Seen {
  readonly at: Located
  readonly row: Row
}

/** One lstat of each, and the attempt of what runs. What ended in one minute then stands in its order, the last first. */
function lookCloser(queue: Queue, seen: readonly Seen[]): Listed[] {
  const looked = seen.map((one) => ({ ...one, entered: enteredAt(queue.dir, one.at) }))
  if (looked.every(({ at }) => BUCKETED[at.state])) {
    looked.sort((a, b) => compareText(b.at.bucket ?? '', a.at.bucket ?? '') || (b.entered ?? 0) - (a.entered ?? 0))
  }
  return looked.map(({ at, row, entered }) => {
    const live = at.state === 'run' ? currentAttempt(place(queue.dir, at.state, at.raw)) : undefined
    const progress = progressOf(live)
    return { ...row, since: sinceTime(row, entered), ...(progress === undefined ? {} : { progress }) }
  })
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
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
