/** What `rq top` says of a queue in numbers, and what is wrong with it in words. */
import { formatDuration } from '../config/units.ts'
import { type Percentiles, percentiles } from '../domain/histogram.ts'
import type { Millis } from '../domain/name.ts'
import { explain, queueGate } from '../domain/pick.ts'
import { HOUR, isWritten, MINUTE, mergeRecords, ratePerMinute, type StatsRecord, startOf } from '../domain/stats.ts'
import { oldestOf } from './ages.ts'
import { lastHour, snapshotOf } from './history.ts'
import type { QueueMemory } from './queue-memory.ts'
import type { QueueRow } from './queues.ts'
import type { Queue } from './spool.ts'
import type { TopQueue } from './top.ts'
import { queueFacts } from './why.ts'
import type { WorkerStatus } from './worker-status.ts'

const MOST_AGES = 2000
const TREND_MINUTES = 60
/** Items that may run are started within moments; so long, and something is wrong. */
const STALLED: Millis = 5 * MINUTE

type Figures = Omit<TopQueue, keyof QueueRow | 'problem'>

export function figures(queue: Queue, now: Millis, memory: QueueMemory | undefined): Figures {
  const written = memory === undefined ? lastHour(queue.dir, now) : memory.lastHour(queue, now)
  const inMind = memory === undefined ? snapshotOf(queue.dir) : memory.unwritten(queue)
  const unwritten = inMind.filter((record) => !isWritten(record, written))
  const hour = [...written, ...unwritten].filter(({ from }) => from > now - HOUR)
  const lately = hour.filter(({ from }) => from >= now - 2 * MINUTE)
  const [first, ...rest] = lately
  const merged = first === undefined ? undefined : rest.reduce(mergeRecords, first)
  const { since } = memory === undefined ? oldestOf(queue, now, MOST_AGES) : memory.oldest(queue, now, MOST_AGES)
  return {
    donePerMinute: rate(lately, 'done', now),
    failedPerMinute: rate(lately, 'failed', now),
    oldest: since === undefined ? null : Math.max(0, now - since),
    ...named('wait', merged && percentiles(merged.wait)),
    ...named('run', merged && percentiles(merged.run)),
    trend: trendOf(hour, now),
  }
}

function named<W extends 'wait' | 'run'>(what: W, of: Percentiles | undefined) {
  const { p50 = null, p95 = null, p99 = null } = of ?? {}
  const values = { [`${what}P50`]: p50, [`${what}P95`]: p95, [`${what}P99`]: p99 }
  return values as Readonly<Record<`${W}P${50 | 95 | 99}`, Millis | null>>
}

function rate(records: readonly StatsRecord[], what: 'done' | 'failed', now: Millis): number {
  const minute = startOf(now, MINUTE)
  const within = (from: Millis) => records.reduce((sum, one) => sum + (one.from === from ? one.counts[what] : 0), 0)
  return Math.round(ratePerMinute(within(minute), within(minute - MINUTE), minute, now))
}

function trendOf(records: readonly StatsRecord[], now: Millis): readonly number[] {
  const trend = new Array<number>(TREND_MINUTES).fill(0)
  const last = startOf(now, MINUTE)
  for (const { from, counts } of records) {
    const at = TREND_MINUTES - 1 - (last - startOf(from, MINUTE)) / MINUTE
    if (at >= 0 && at < TREND_MINUTES) trend[at] = (trend[at] ?? 0) + counts.done
  }
  return trend
}

interface Looked {
  readonly row: QueueRow
  readonly status: WorkerStatus | undefined
  readonly seen: Figures
  readonly daemon: boolean
  readonly rootPaused: boolean
  readonly now: Millis
}

/** The first that is to be done away with, in the words of `rq why`. */
export function problemOf({ row, status, seen, daemon, rootPaused, now }: Looked): string | null {
  if (!daemon) return explain({ kind: 'daemon-down' })
  const live = status?.alive === true ? status : undefined
  const facts = queueFacts({ rootPaused, paused: row.paused, down: row.down }, live, row.config ?? undefined)
  const gate = queueGate({ ...facts, freeSlots: 1, noPermit: undefined }, now)
  if (gate !== undefined) return explain(gate)
  if (row.broken !== null) return row.broken
  const isIdle = row.counts.run === 0 && seen.trend.slice(-STALLED / MINUTE).every((done) => done === 0)
  if (!isIdle || (seen.oldest ?? 0) < STALLED) return null
  return `items wait, the oldest for ${formatDuration(seen.oldest ?? 0)}, and none was done for ${formatDuration(STALLED)}: \`rq why\` says why`
}
