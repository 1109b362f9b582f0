/** `rq queues`: every queue with its counts, as far as counting is cheap. */
import { BUCKETED, type State } from '../domain/item.ts'
import { hasFlag } from '../fsqueue/layout.ts'
import { inQueue } from '../fsqueue/place.ts'
import { countItems, itemsOf } from '../fsqueue/scan.ts'
import { type Answer, ok } from './answer.ts'
import { daemonRuns } from './daemon.ts'
import { isDown, isPaused, openQueues, type Queue, rootFlag } from './spool.ts'
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

interface Queues {
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
    const opened = await openQueues(context.root, input.queue)
    const found = opened.filter((queue): queue is Queue => !('kind' in queue))
    const paused = hasFlag(rootFlag(context.root, '_paused'))
    return ok(
      { root: context.root, daemon: await daemonRuns(context.root), paused, queues: found.map(row) },
      opened.filter((queue) => 'kind' in queue),
    )
  },
})

function row(queue: Queue): QueueRow {
  const status = workerStatus(queue.dir)
  const live = status?.alive === true ? status : undefined
  const capped: Counted[] = []
  const count = (state: Counted): number => {
    const counted = countState(queue, state)
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
    paused: isPaused(queue.dir),
    down: isDown(queue.dir),
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
function hasHandler(queue: Queue): boolean {
  return hasFlag(inQueue(queue.dir, 'handler')) || hasFlag(inQueue(queue.dir, 'config.json'))
}
