/** `rq stats`: what happened, from the history of each queue. Needs no daemon. */
import { parseDuration } from '../config/units.ts'
import { type Percentiles, percentiles } from '../domain/histogram.ts'
import type { Millis } from '../domain/name.ts'
import {
  type Counter,
  DAY,
  emptyTally,
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
import { oneByOne } from './turns.ts'
import { defineVerb } from './verb.ts'

const SPANS: Readonly<Record<string, Millis>> = { minute: MINUTE, hour: HOUR, day: DAY }
const DEFAULT_SINCE = HOUR
/** Of one queue, and of all together. */
const MOST_ROWS = 2_000
const MOST_ROWS_IN_ALL = 100_000

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

export interface StatsRow extends Figures {
  /** How long it is: an hour of old history stays whole among minutes. */
  readonly span: Millis
}

interface QueueStats {
  /** null: all of them together. */
  readonly queue: string | null
  readonly total: Figures | null
  readonly rows: readonly StatsRow[]
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
    by: {
      type: 'text',
      summary: 'a row for each minute, hour, day, 5m, 6h, …',
      value: 'SPAN',
      words: Object.keys(SPANS),
    },
    fill: { type: 'flag', summary: 'with --by: rows of zeros where nothing happened' },
  },
  examples: [
    { command: 'rq stats', says: 'the last hour, all queues' },
    { command: 'rq stats mail --since 7d --by day', says: 'a week of one queue, day by day' },
    { command: 'rq stats mail --since 1d --by 15m --fill --json', says: 'for a chart' },
  ],
  run: async (context, input): Promise<Answer<Stats>> => {
    const now = context.now()
    const since = sinceTime(input.since, now)
    if (since === undefined)
      return refuse('usage', `--since "${input.since}": expected a duration such as 7d, or today`)
    const span = input.by === undefined ? undefined : spanOf(input.by)
    if (input.by !== undefined && span === undefined)
      return refuse(
        'usage',
        `--by "${input.by}": expected ${Object.keys(SPANS).join(', ')}, or whole minutes such as 15m`,
      )
    if (input.fill && span === undefined) return refuse('usage', '--fill goes with --by')
    const opened = await openQueues(context.root, input.queue)
    const queues = opened.filter((queue): queue is Queue => !('kind' in queue))
    const period = { since, now, span, fill: input.fill }
    const spans = span === undefined ? 0 : (now - since) / span
    if (spans > MOST_ROWS || spans * queues.length > MOST_ROWS_IN_ALL)
      return refuse(
        'usage',
        `--by "${input.by}": more than ${MOST_ROWS} rows of a queue, or ${MOST_ROWS_IN_ALL} in all`,
      )
    const histories: { name: string; records: readonly StatsRecord[] }[] = []
    for await (const { name, dir } of oneByOne(queues)) histories.push({ name, records: historyOf(dir, since) })
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

/** Of whole minutes: history knows nothing shorter. */
function spanOf(text: string): Millis | undefined {
  if (Object.hasOwn(SPANS, text)) return SPANS[text]
  const span = parseDuration(text)
  return span === undefined || span < MINUTE || span % MINUTE !== 0 ? undefined : span
}

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
  readonly fill: boolean
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
    rows: span === undefined ? [] : rowsOf(records, period, span),
    trend,
  }
}

function rowsOf(records: readonly StatsRecord[], { since, now, fill }: Period, span: Millis): StatsRow[] {
  const rows = groupRecords(records, span)
  const all = fill ? filled(rows, span, since, now) : rows
  return all.map((one) => ({ ...figures(one, one.span / MINUTE), span: one.span }))
}

/** Zeros for each span of the time that no row reaches into. */
function filled(rows: readonly StatsRecord[], span: Millis, since: Millis, now: Millis): StatsRecord[] {
  const all: StatsRecord[] = []
  let next = 0
  let covered = Number.NEGATIVE_INFINITY
  for (let from = startOf(since, span); from < now; from += span) {
    for (let row = rows[next]; row !== undefined && row.from <= from; row = rows[next]) {
      all.push(row)
      covered = Math.max(covered, row.from + row.span)
      next += 1
    }
    if (covered <= from) all.push({ ...emptyTally(from), from, span })
  }
  return [...all, ...rows.slice(next)]
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
