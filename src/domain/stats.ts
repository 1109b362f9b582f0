/**
 * A queue's history in numbers: what happened in a minute or an hour, as one JSON line (docs/STATS.md). Records are merged
 * by adding: two lines of one minute, sixty minutes of an hour, all queues of a root. Pure.
 */
import { addDuration, emptyHistogram, type Histogram, isHistogram, mergeHistograms } from './histogram.ts'
import { isRecord, parseJson } from './json.ts'
import type { Millis } from './name.ts'

export const MINUTE: Millis = 60_000
export const HOUR: Millis = 3_600_000
export const DAY: Millis = 86_400_000

/** How long history is kept. */
export interface StatsPolicy {
  /** Minute by minute; then hour by hour. */
  readonly minutes: Millis
  readonly hours: Millis
}

/** What is counted. `lost` counts attempts that are counted as retried or failed, too. */
export const COUNTERS = [
  'enqueued', 'started', 'done', 'failed', 'retried', 'relayed', 'interrupted', 'lost',
] as const // biome-ignore format: a list
export type Counter = (typeof COUNTERS)[number]

/** What is looked at when a minute ends; of several minutes, the most. `oldest` is an age in ms. */
export const PEAKS = ['waiting', 'oldest', 'running'] as const
export type Peak = (typeof PEAKS)[number]

export interface StatsRecord {
  /** The beginning of its minute or hour, and how long that is. */
  readonly from: Millis
  readonly span: Millis
  /** When the last thing in it happened. */
  readonly until: Millis
  readonly counts: Readonly<Record<Counter, number>>
  readonly peaks: Readonly<Record<Peak, number>>
  /** From arrival or due time to the start, and from the start to the end. */
  readonly wait: Histogram
  readonly run: Histogram
}

/** A record being written. */
export interface Tally extends StatsRecord {
  until: Millis
  readonly counts: Record<Counter, number>
  readonly peaks: Record<Peak, number>
}

export function emptyTally(now: Millis): Tally {
  const from = startOf(now, MINUTE)
  return {
    from,
    span: MINUTE,
    until: from,
    counts: { enqueued: 0, started: 0, done: 0, failed: 0, retried: 0, relayed: 0, interrupted: 0, lost: 0 },
    peaks: { waiting: 0, oldest: 0, running: 0 },
    wait: emptyHistogram(),
    run: emptyHistogram(),
  }
}

export function count(tally: Tally, counter: Counter, now: Millis): void {
  tally.counts[counter] += 1
  // A clock may be set back within a minute.
  tally.until = Math.max(tally.until, now)
}

export function measure(tally: Tally, what: 'wait' | 'run', ms: Millis): void {
  addDuration(tally[what], ms)
}

/** The beginning of the minute, hour or day (UTC) of a time. */
export function startOf(time: Millis, span: Millis): Millis {
  return Math.floor(time / span) * span
}

export function mergeRecords(a: StatsRecord, b: StatsRecord): StatsRecord {
  const from = Math.min(a.from, b.from)
  const counts = { ...a.counts }
  for (const counter of COUNTERS) counts[counter] += b.counts[counter]
  const peaks = { ...a.peaks }
  for (const peak of PEAKS) peaks[peak] = Math.max(peaks[peak], b.peaks[peak])
  return {
    from,
    span: Math.max(a.from + a.span, b.from + b.span) - from,
    until: Math.max(a.until, b.until),
    counts,
    peaks,
    wait: mergeHistograms(a.wait, b.wait),
    run: mergeHistograms(a.run, b.run),
  }
}

export type Written = Pick<StatsRecord, 'from' | 'span' | 'until'>

/**
 * Is a snapshot of a minute among the lines that were written? A line may have more than it: its worker went on counting.
 * Not by the time of the last line, as a clock may have been set back.
 */
export function isWritten({ from, until }: StatsRecord, lines: readonly Written[]): boolean {
  return lines.some((line) => line.from <= from && from < line.from + line.span && line.until >= until)
}

/** One record for each minute, hour or day in which there is one, in their order. An hour stays whole among minutes. */
export function groupRecords(records: Iterable<StatsRecord>, span: Millis): StatsRecord[] {
  const groups = new Map<Millis, StatsRecord>()
  for (const record of records) {
    const from = startOf(record.from, span)
    const before = groups.get(from)
    groups.set(from, before === undefined ? { ...record, from } : mergeRecords(before, { ...record, from }))
  }
  return [...groups.values()]
    .map((record) => ({ ...record, span: Math.max(record.span, span) }))
    .toSorted((a, b) => a.from - b.from)
}

/** Zeros are left out. Without the end of the line. */
export function encodeRecord(record: StatsRecord): string {
  const fields: Record<string, unknown> = {
    t: new Date(record.from).toISOString(),
    s: record.span / 1000,
    until: new Date(record.until).toISOString(),
  }
  for (const counter of COUNTERS) if (record.counts[counter] > 0) fields[counter] = record.counts[counter]
  for (const peak of PEAKS) if (record.peaks[peak] > 0) fields[peak] = record.peaks[peak]
  for (const what of ['wait', 'run'] as const) {
    const { buckets, sum, max } = record[what]
    if (buckets.size > 0) fields[what] = { sum, max, n: Object.fromEntries(buckets) }
  }
  return JSON.stringify(fields)
}

/** undefined: torn, or not ours. */
export function decodeRecord(line: string): StatsRecord | undefined {
  const fields = parseJson(line)
  if (!isRecord(fields)) return undefined
  const { t, s, until } = fields
  const from = timeOf(t)
  if (from === undefined || !isWhole(s) || s < 1 || s * 1000 > DAY) return undefined
  const tally = { ...emptyTally(from), from, span: s * 1000, until: timeOf(until) ?? from + s * 1000 }
  for (const counter of COUNTERS) {
    const value = fields[counter] ?? 0
    if (!isWhole(value)) return undefined
    tally.counts[counter] = value
  }
  for (const peak of PEAKS) {
    const value = fields[peak] ?? 0
    if (!isWhole(value)) return undefined
    tally.peaks[peak] = value
  }
  const wait = histogramOf(fields['wait'])
  const run = histogramOf(fields['run'])
  return wait === undefined || run === undefined ? undefined : { ...tally, wait, run }
}

function histogramOf(value: unknown): Histogram | undefined {
  if (value === undefined) return emptyHistogram()
  if (!isRecord(value) || !isRecord(value['n']) || !isWhole(value['sum']) || !isWhole(value['max'])) return undefined
  const buckets = new Map<number, number>()
  for (const [index, n] of Object.entries(value['n'])) {
    if (!isWhole(n)) return undefined
    buckets.set(Number(index), n)
  }
  const histogram = { buckets, sum: value['sum'], max: value['max'] }
  return isHistogram(histogram) ? histogram : undefined
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function timeOf(value: unknown): Millis | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) || time < 0 ? undefined : time
}

export interface Day {
  readonly records: readonly StatsRecord[]
  /** Lines that nobody here can read: kept as they are. */
  readonly foreign: readonly string[]
}

export function decodeDay(text: string): Day {
  const records: StatsRecord[] = []
  const foreign: string[] = []
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const record = decodeRecord(line)
    if (record === undefined) foreign.push(line)
    else records.push(record)
  }
  return { records, foreign }
}

/** A day hour by hour, with what could not be read. */
export function compactDay(day: Day): string {
  const hours = groupRecords(day.records, HOUR).map(encodeRecord)
  return [...hours, ...day.foreign].map((line) => `${line}\n`).join('')
}

/** `20261126.jsonl`, UTC. */
export function dayFile(time: Millis): string {
  return `${new Date(time).toISOString().slice(0, 10).replaceAll('-', '')}.jsonl`
}

/** When its day begins; undefined when the name is no day's. */
export function dayOf(file: string): Millis | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})\.jsonl$/.exec(file) ?? []
  return year === undefined ? undefined : timeOf(`${year}-${month}-${day}T00:00:00.000Z`)
}

export type DayFate = 'keep' | 'compact' | 'remove'

/** By the end of its day. */
export function dayFate(day: Millis, now: Millis, policy: StatsPolicy): DayFate {
  const age = now - (day + DAY)
  if (age >= policy.hours) return 'remove'
  return age >= policy.minutes ? 'compact' : 'keep'
}

/** Events a minute over the last sixty seconds: this minute's, and the part of the last one that is not past. */
export function ratePerMinute(current: number, previous: number, from: Millis, now: Millis): number {
  const share = Math.min(1, Math.max(0, (now - from) / MINUTE))
  return current + previous * (1 - share)
}
