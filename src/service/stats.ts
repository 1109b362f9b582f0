/** `rq stats`: what happened, from the history of each queue. Needs no daemon. */
import { parseDuration } from '../config/units.ts'
import { type Percentiles, percentiles } from '../domain/histogram.ts'
import type { Millis } from '../domain/name.ts'
import {
  type Counter,
  DAY,
  groupRecords,
  HOUR,
  MINUTE,
  mergeRecords,
  type StatsRecord,
  startOf,
} from '../domain/stats.ts'
import { type Answer, ok, refuse } from './answer.ts'
import { historyOf } from './history.ts'
import { openQueues, type Queue } from './spool.ts'
import { defineVerb } from './verb.ts'

const SPANS: Readonly<Record<string, Millis>> = { minute: MINUTE, hour: HOUR, day: DAY }
const DEFAULT_SINCE = HOUR

/** Times are ISO 8601, durations ms. */
export interface Figures extends Readonly<Record<Counter, number>> {
  readonly from: string
  /** Items that ended for good, a minute. */
  readonly rate: number
  /** The most at the end of any minute. */
  readonly waiting: number
  readonly oldest: Millis
  readonly running: number
  readonly wait: Percentiles | null
  readonly run: Percentiles | null
}

interface QueueStats {
  /** null: all of them together. */
  readonly queue: string | null
  readonly total: Figures | null
  readonly rows: readonly Figures[]
  /** What was done in each of 24 equal parts of the time. */
  readonly trend: readonly number[]
}

export interface Stats {
  readonly since: string
  readonly by: string | null
  readonly queues: readonly QueueStats[]
  readonly total: QueueStats
}

export const stats = defineVerb({
  summary: 'what was done, failed and waited for',
  details:
    'From the history that the workers keep in _stats/, minute by minute for a week, hour by hour for a year. Times are UTC. ' +
    'Percentiles are within 10 % of the true ones.',
  arguments: { queue: { type: 'queue', summary: 'only these', many: true, optional: true } },
  options: {
    since: { type: 'text', summary: 'a duration or "today" (default 1h)', value: 'TIME' },
    by: { type: 'text', summary: 'a row for each', value: 'SPAN', words: Object.keys(SPANS) },
  },
  examples: [
    { command: 'rq stats', says: 'the last hour, all queues' },
    { command: 'rq stats mail --since 7d --by day', says: 'a week of one queue, day by day' },
  ],
  run: async (context, input): Promise<Answer<Stats>> => {
    const now = context.now()
    const since = sinceTime(input.since, now)
    if (since === undefined)
      return refuse('usage', `--since "${input.since}": expected a duration such as 7d, or today`)
    const span = input.by === undefined ? undefined : SPANS[input.by]
    if (input.by !== undefined && span === undefined)
      return refuse('usage', `--by "${input.by}": expected ${Object.keys(SPANS).join(', ')}`)
    const opened = await openQueues(context.root, input.queue)
    const queues = opened.filter((queue): queue is Queue => !('kind' in queue))
    const histories = queues.map(({ name, dir }) => ({ name, records: historyOf(dir, since) }))
    const period = { since, now, span }
    const value = {
      since: new Date(since).toISOString(),
      by: input.by ?? null,
      queues: histories.map(({ name, records }) => summary(name, records, period)),
      total: summary(
        null,
        histories.flatMap(({ records }) => records),
        period,
      ),
    }
    return ok(
      value,
      opened.filter((queue) => 'kind' in queue),
    )
  },
})

function sinceTime(text: string | undefined, now: Millis): Millis | undefined {
  if (text === undefined) return now - DEFAULT_SINCE
  if (text === 'today') return startOf(now, DAY)
  const duration = parseDuration(text)
  return duration === undefined ? undefined : now - duration
}

interface Period {
  readonly since: Millis
  readonly now: Millis
  readonly span: Millis | undefined
}

const TREND_PARTS = 24

function summary(queue: string | null, records: readonly StatsRecord[], period: Period): QueueStats {
  const { since, now, span } = period
  const [first, ...rest] = records
  const minutes = Math.max(1, (now - since) / MINUTE)
  const trend = new Array<number>(TREND_PARTS).fill(0)
  for (const { from, counts } of records) {
    const part = Math.floor(((from - since) / Math.max(1, now - since)) * TREND_PARTS)
    const index = Math.min(TREND_PARTS - 1, Math.max(0, part))
    trend[index] = (trend[index] ?? 0) + counts.done
  }
  return {
    queue,
    total: first === undefined ? null : figures(rest.reduce(mergeRecords, first), minutes),
    rows: span === undefined ? [] : groupRecords(records, span).map((one) => figures(one, one.span / MINUTE)),
    trend,
  }
}

function figures({ from, counts, peaks, wait, run }: StatsRecord, minutes: number): Figures {
  const ended = counts.done + counts.failed + counts.relayed
  return {
    from: new Date(from).toISOString(),
    ...counts,
    ...peaks,
    rate: ended / minutes,
    wait: percentiles(wait) ?? null,
    run: percentiles(run) ?? null,
  }
}
