/** `rq retry --all`: everything that failed, at once or a few at a time. */
import { parseDuration } from '../config/units.ts'
import type { Millis, RawName } from '../domain/name.ts'
import { itemsOf } from '../fsqueue/scan.ts'
import { type Answer, isProblem } from './answer.ts'
import { isStopped, once, STEP } from './bulk.ts'
import type { Context } from './context.ts'
import { callName } from './item-ref.ts'
import { type Act, type Done, relocate } from './relocate.ts'
import { Results } from './results.ts'
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
  const value: RetriedQueue[] = []
  let before = 0
  for (const { queue, raws } of failed) {
    if (context.cancelled.aborted) break
    const answer = await retryQueue(context, queue, raws, pace, { before, total })
    const count = answer.counts?.did.find(({ did }) => did === RETRIED)?.count ?? 0
    problems.push(...answer.problems)
    value.push({ queue: queue.name, count, did: inWords(raws.length, pace) })
    before += raws.length
  }
  context.tell({ kind: 'progress', done: before, total })
  return { value, problems }
}

function inWords(count: number, pace: Pace | undefined): string {
  if (pace === undefined || count <= pace.count) return 'wait again'
  const groups = Math.ceil(count / pace.count)
  return `wait again, ${pace.count} at a time, the last in ${Math.ceil(((groups - 1) * pace.every) / 1000)} s`
}

const RETRIED = 'waits again'

async function retryQueue(
  context: Context,
  queue: Queue,
  raws: readonly RawName[],
  pace: Pace | undefined,
  { before, total }: { readonly before: number; readonly total: number },
): Promise<Answer<readonly Done[]>> {
  const start = context.now()
  const results = new Results<Done>(context)
  for (const [index, raw] of raws.entries()) {
    if (index % STEP === 0 && (await isStopped(context, before + index, total))) break
    const target = { state: 'que', due: dueOf(index, pace, start) } as const
    const act: Act<Done> = (item, shared) => relocate(shared, item, target, RETRIED)
    const placed = { queue, at: { state: '_err', raw, bucket: undefined } } as const
    await results.add(callName(raw), await once(placed, act, results.context))
  }
  return results.summed()
}

/** The due time of each item that is retried, in their order: each queue has the pace for itself. */
export function paced(pace: Pace, start: Millis): (queue: string) => number | undefined {
  const counts = new Map<string, number>()
  return (queue) => {
    const index = counts.get(queue) ?? 0
    counts.set(queue, index + 1)
    return dueOf(index, pace, start)
  }
}

/** The first group at once. */
function dueOf(index: number, pace: Pace | undefined, start: Millis): number | undefined {
  const group = pace === undefined ? 0 : Math.floor(index / pace.count)
  return pace === undefined || group === 0 ? undefined : Math.ceil((start + group * pace.every) / 1000)
}
