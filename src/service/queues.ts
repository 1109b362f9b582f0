/** `rq queues`: every queue with its counts, as far as counting is cheap. */
import { BUCKETED, type State } from '../domain/item.ts'
import { hasFlag } from '../fsqueue/layout.ts'
import { countItems, itemsOf } from '../fsqueue/scan.ts'
import { type Answer, ok, type Problem } from './answer.ts'
import type { Context } from './context.ts'
import { daemonRuns } from './daemon.ts'
import type { QueueMemory } from './queue-memory.ts'
import { hasEntry, openQueues, type Queue, rootFlag } from './spool.ts'
import { oneByOne } from './turns.ts'
import { defineVerb } from './verb.ts'
import { workerStatus } from './worker-status.ts'

const COUNTED = ['que', 'run', 'pause', '_err', 'done', 'relayed'] as const satisfies readonly State[]
type Counted = (typeof COUNTED)[number]

/** So many names, and so many minutes of done/, are read for a count. */
const NAMES = 10_000
const MINUTES = 500

export interface QueueRow {
  readonly name: string
  readonly counts: Readonly<Record<Counted, number>>
  /** Of these there are more than the count says. */
  readonly capped: readonly Counted[]
  readonly paused: boolean
  /** It refuses new items. */
  readonly down: boolean
  /** What its worker says is wrong with the handler. */
  readonly broken: string | null
  /** What its worker says is wrong with its configuration. */
  readonly config: string | null
  /** What its worker says is wrong with the disk. */
  readonly disk: string | null
  readonly worker: number | null
}

export interface Queues {
  readonly root: string
  /** Does one run on this root? */
  readonly daemon: boolean
  readonly paused: boolean
  readonly queues: readonly QueueRow[]
}

export const queues = defineVerb({
  summary: 'list the queues and how many items they hold',
  details: `Counting stops at ${NAMES} items of a state; there are more where a + follows.`,
  arguments: { queue: { type: 'queue', summary: 'only these', many: true, optional: true } },
  options: {},
  examples: [{ command: 'rq queues --json', says: 'for monitoring' }],
  run: async (context, input): Promise<Answer<Queues>> => {
    const { rows, ...all } = await queueRows(context, input.queue)
    return ok({ ...all.of, queues: rows.map(({ row }) => row) }, all.problems)
  },
})

export interface QueueRows {
  readonly of: Omit<Queues, 'queues'>
  readonly rows: readonly { readonly queue: Queue; readonly row: QueueRow }[]
  readonly problems: readonly Problem[]
}

/** Of these queues, or of all. */
export async function queueRows({ root, memory }: Context, names: readonly string[]): Promise<QueueRows> {
  const opened = await openQueues(root, names, memory)
  const found = opened.filter((queue): queue is Queue => !('kind' in queue))
  const paused = hasFlag(rootFlag(root, '_paused'))
  await memory?.counts.look(found, COUNTED)
  const rows: { queue: Queue; row: QueueRow }[] = []
  for await (const queue of oneByOne(found)) rows.push({ queue, row: rowOf(queue, memory) })
  const problems = opened.filter((queue) => 'kind' in queue)
  return { of: { root, daemon: await daemonRuns(root), paused }, rows, problems }
}

function rowOf(queue: Queue, memory: QueueMemory | undefined): QueueRow {
  const status = memory === undefined ? workerStatus(queue.dir) : memory.workerStatus(queue)
  const live = status?.alive === true ? status : undefined
  const capped: Counted[] = []
  const count = (state: Counted): number => {
    const counted = memory === undefined ? countState(queue, state) : memory.counts.of(queue, state)
    if (counted.more) capped.push(state)
    return counted.count
  }
  return {
    name: queue.name,
    counts: {
      que: count('que'),
      run: count('run'),
      pause: count('pause'),
      _err: count('_err'),
      done: count('done'),
      relayed: count('relayed'),
    },
    capped,
    paused: hasEntry(queue, '_paused'),
    down: hasEntry(queue, '_down'),
    broken: live?.brokenHandler?.problem ?? (hasHandler(queue) ? null : 'it has no handler yet'),
    config: live?.configProblem ?? null,
    disk: live?.disk ?? null,
    worker: live?.pid ?? null,
  }
}

/** The newest minutes of done/ stand for all: a queue that finished things for years has very many. */
function countState(queue: Queue, state: Counted): { count: number; more: boolean } {
  let more = false
  function* bounded() {
    if (!BUCKETED[state]) return yield* itemsOf(queue.dir, state)
    let minute = ''
    let minutes = 0
    for (const at of itemsOf(queue.dir, state)) {
      if (at.bucket !== minute) {
        minute = at.bucket ?? ''
        minutes += 1
        if (minutes > MINUTES) {
          more = true
          return
        }
      }
      yield at
    }
  }
  const count = countItems(bounded(), NAMES + 1)
  return { count: Math.min(count, NAMES), more: more || count > NAMES }
}

/** A configuration may name another one; whether that works is the worker's to say. */
export function hasHandler(queue: Queue): boolean {
  return hasEntry(queue, 'handler') || hasEntry(queue, 'config.json')
}
