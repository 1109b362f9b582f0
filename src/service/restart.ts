/** `rq restart`: `touch _restart`, and wait until a new worker has said so in `_status.json`. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Millis } from '../domain/name.ts'
import { RESTART_FLAG } from '../domain/worker-protocol.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { removeFile } from '../fsqueue/files.ts'
import { setFlag } from '../fsqueue/layout.ts'
import { type BytePath, inQueue, look } from '../fsqueue/place.ts'
import { type Answer, isProblem, type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { daemonRuns } from './daemon.ts'
import { openQueue, type Queue } from './spool.ts'
import { defineVerb } from './verb.ts'
import { workerStatus } from './worker-status.ts'

const DEFAULT_TIMEOUT: Millis = 30_000
const EVERY_MS = 25
/** A worker whose `_status.json` somebody removed has so long to take the file. */
const UNSEEN_MS = 1_000

export interface Restarted {
  readonly queue: string
  /** `none`: no worker ran; the next one is new anyway. */
  readonly did: 'restarted' | 'none'
  /** Of the worker before and the one after. */
  readonly before: number | null
  readonly pid: number | null
}

export const restart = defineVerb({
  summary: 'start a new worker process for a queue; handlers run on',
  details:
    'The worker leaves, its handlers run on, and the new worker adopts them: none is started twice, and nothing is counted. ' +
    'A queue that sleeps has no worker; then there is nothing to do. Needs the daemon.',
  arguments: { queue: { type: 'queue', summary: 'queues to restart', many: true } },
  options: {
    timeout: { type: 'duration', summary: 'how long to wait for it (default 30s)', value: 'DURATION', short: 't' },
  },
  examples: [{ command: 'rq restart mail', says: 'returns when the new worker runs' }],
  run: async (context, input): Promise<Answer<readonly Restarted[]>> => {
    const opened = await Promise.all(input.queue.map((name) => openQueue(context.root, name)))
    const problems: Problem[] = opened.filter((queue) => 'kind' in queue)
    const queues = opened.filter((queue): queue is Queue => !('kind' in queue))
    if (queues.length > 0 && !(await daemonRuns(context.root)))
      return { value: [], problems: [...problems, noDaemon(context)] }
    const deadline = performance.now() + (input.timeout ?? DEFAULT_TIMEOUT)
    // All are told before any is waited for.
    const ends = await Promise.all(queues.map((queue) => restartOne(context, queue, deadline)))
    problems.push(...ends.filter(isProblem))
    return { value: ends.filter((end): end is Restarted => !isProblem(end)), problems }
  },
})

function noDaemon(context: Context): Problem {
  return problem('daemon-down', `no daemon runs on ${context.root}, so there is no worker to restart`)
}

async function restartOne(context: Context, queue: Queue, deadline: Millis): Promise<Restarted | Problem> {
  const flag = inQueue(queue.dir, RESTART_FLAG)
  const status = workerStatus(queue.dir)
  // A worker that begins just now has read everything anew.
  if (status?.alive === false) return none(queue, null)
  try {
    setFlag(flag)
    return await untilNew(context, { queue, flag, ours: stampOf(flag), before: status?.pid }, deadline)
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    return problem('failed', error.message)
  }
}

interface Asked {
  readonly queue: Queue
  readonly flag: BytePath
  /** Of the file as we made or met it. */
  readonly ours: string | undefined
  /** The worker's pid, if it has told it. */
  readonly before: number | undefined
}

/** Taken and touched again by somebody else it is another file, though it may have the same inode. */
function stampOf(flag: BytePath): string | undefined {
  const stat = look(flag)
  return stat === undefined ? undefined : `${stat.ino} ${stat.ctimeMs}`
}

/** However it ends, no file of ours is left that would restart somebody later. */
async function untilNew(context: Context, asked: Asked, deadline: Millis): Promise<Restarted | Problem> {
  const { queue, flag, ours, before } = asked
  const seenBy = performance.now() + UNSEEN_MS
  for (;;) {
    const status = workerStatus(queue.dir)
    if (status?.alive === true && status.pid !== before)
      return { queue: queue.name, did: 'restarted', before: before ?? null, pid: status.pid }
    const isGone = before === undefined ? performance.now() > seenBy : status?.alive !== true
    // It ended by itself, retired or killed, before it took the file: whoever comes next is new.
    if (isGone && ours !== undefined && stampOf(flag) === ours && removeFile(flag))
      return (await daemonRuns(context.root)) ? none(queue, before ?? null) : noDaemon(context)
    if (performance.now() > deadline || context.cancelled.aborted) return tooLate(asked)
    await sleep(EVERY_MS)
  }
}

function tooLate({ queue, flag, before }: Asked): Problem {
  const worker = `the worker of ${queue.name}${before === undefined ? '' : ` (pid ${before})`}`
  if (removeFile(flag)) return problem('busy', `${worker} did not answer in time, and is asked no more`)
  return problem('busy', `${worker} has left, and no new one was ready in time: \`rqd status\` tells`)
}

function none(queue: Queue, before: number | null): Restarted {
  return { queue: queue.name, did: 'none', before, pid: null }
}
