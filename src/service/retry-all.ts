/** `rq retry --all`: everything that failed, at once or a few at a time. */
import { parseDuration } from '../config/units.ts'
import type { Millis, RawName } from '../domain/name.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { moveItem } from '../fsqueue/move.ts'
import { makeDir, stateDir } from '../fsqueue/place.ts'
import { itemsOf } from '../fsqueue/scan.ts'
import { syncInOrder } from '../fsqueue/sync.ts'
import { loadNative } from '../os/native.ts'
import { type Answer, isProblem, type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { openQueues, type Queue } from './spool.ts'

/** What was done with the failed items of one queue. */
export interface RetriedQueue {
  readonly queue: string
  readonly count: number
  readonly did: string
}

/** So many at a time, and how long from one group to the next. */
export interface Pace {
  readonly count: number
  readonly every: Millis
}

/** `10/15s`; undefined when it is none. */
export function parsePace(text: string): Pace | undefined {
  const [, count = '', every = ''] = /^(\d{1,6})\/(.+)$/.exec(text) ?? []
  const ms = every === '' ? undefined : parseDuration(every)
  return ms === undefined || Number(count) === 0 ? undefined : { count: Number(count), every: ms }
}

/** Items moved before both directories are put on the disk. */
const TOGETHER = 200

/** Without names: in all queues. Each queue has the pace for itself. */
export async function retryAll(
  context: Context,
  names: readonly string[],
  pace: Pace | undefined,
  dryRun: boolean,
): Promise<Answer<readonly RetriedQueue[]>> {
  const opened = await openQueues(context.root, [...new Set(names)])
  const problems = opened.filter(isProblem)
  // Listed before anything is moved: what fails again meanwhile is not caught once more.
  const failed = opened
    .filter((queue): queue is Queue => !isProblem(queue))
    .map((queue) => ({ queue, raws: [...itemsOf(queue.dir, '_err')].map(({ raw }) => raw).toSorted() }))
    .filter(({ raws }) => raws.length > 0 || names.length > 0)
  if (dryRun) {
    const value = failed.map(({ queue, raws }) => ({ queue: queue.name, count: raws.length, did: 'would wait again' }))
    return { value, problems }
  }
  const total = failed.reduce((sum, { raws }) => sum + raws.length, 0)
  let before = 0
  const value: RetriedQueue[] = []
  for (const { queue, raws } of failed) {
    const tell = (done: number) => context.tell({ kind: 'progress', done: before + done, total })
    const { count, trouble } = await retryQueue(context, queue, raws, pace, tell)
    if (trouble !== undefined) problems.push(trouble)
    value.push({ queue: queue.name, count, did: inWords(raws.length, pace) })
    before += raws.length
  }
  return { value, problems }
}

function inWords(count: number, pace: Pace | undefined): string {
  if (pace === undefined || count <= pace.count) return 'wait again'
  const groups = Math.ceil(count / pace.count)
  return `wait again, ${pace.count} at a time, the last in ${Math.ceil(((groups - 1) * pace.every) / 1000)} s`
}

async function retryQueue(
  context: Context,
  queue: Queue,
  raws: readonly RawName[],
  pace: Pace | undefined,
  tell: (done: number) => void,
): Promise<{ count: number; trouble?: Problem }> {
  const start = context.now()
  const native = await loadNative()
  const dirs = [stateDir(queue.dir, 'que'), stateDir(queue.dir, '_err')]
  let count = 0
  try {
    makeDir(stateDir(queue.dir, 'que'))
    for (let at = 0; at < raws.length && !context.cancelled.aborted; at += TOGETHER) {
      raws.slice(at, at + TOGETHER).forEach((raw, index) => {
        const target = { state: 'que', due: dueOf(at + index, pace, start) } as const
        const how = { now: start, newId: context.newId, native }
        const moved = moveItem(queue.dir, { state: '_err', raw, bucket: undefined }, target, how)
        if (moved.kind === 'moved') count += 1
      })
      await syncInOrder(dirs)
      tell(Math.min(raws.length, at + TOGETHER))
    }
    return { count }
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    const unsure = 'what was moved last may not be on the disk'
    return { count, trouble: problem('failed', `${queue.name}: ${error.message}; ${unsure}`) }
  }
}

/** The first group at once. */
function dueOf(index: number, pace: Pace | undefined, start: Millis): number | undefined {
  const group = pace === undefined ? 0 : Math.floor(index / pace.count)
  return pace === undefined || group === 0 ? undefined : Math.ceil((start + group * pace.every) / 1000)
}
