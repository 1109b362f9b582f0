/**
 * Durations in buckets whose bounds grow by a constant factor, so that a percentile of many minutes is as exact as one of a
 * single minute: within 10 % of the true value from 1 ms up, within 1 ms below. The idea is DDSketch's (Masson et al., 2019).
 */
import type { Millis } from './name.ts'

export const RELATIVE_ERROR = 0.1
const GROWTH = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
const LOG_GROWTH = Math.log(GROWTH)
/** A hundred years. */
const LAST = 150

export interface Histogram {
  /** Bucket → how many. 0 is below 1 ms; n is up to GROWTH ** (n - 1) ms. */
  readonly buckets: Map<number, number>
  sum: Millis
  max: Millis
}

export function emptyHistogram(): Histogram {
  return { buckets: new Map(), sum: 0, max: 0 }
}

export function bucketOf(ms: Millis): number {
  return ms < 1 ? 0 : Math.min(LAST, 1 + Math.ceil(Math.log(ms) / LOG_GROWTH))
}

/** The largest whole duration that counts into this bucket or an earlier one, ms: durations are rounded before they count. */
export function boundOf(bucket: number): Millis {
  let bound = bucket === 0 ? 0 : Math.floor(GROWTH ** (bucket - 1))
  // The last digit of a power and of a logarithm need not agree.
  while (bucketOf(bound) > bucket) bound -= 1
  while (bucketOf(bound + 1) <= bucket && bucket < LAST) bound += 1
  return bound
}

/** A value that is near all those of the bucket. */
function middleOf(bucket: number): Millis {
  return bucket === 0 ? 0 : (2 * GROWTH ** (bucket - 1)) / (GROWTH + 1)
}

/** Less than nothing is nothing: clocks are set. */
export function addDuration(histogram: Histogram, ms: Millis): void {
  const duration = ms > 0 ? Math.round(ms) : 0
  const bucket = bucketOf(duration)
  histogram.buckets.set(bucket, (histogram.buckets.get(bucket) ?? 0) + 1)
  histogram.sum += duration
  if (duration > histogram.max) histogram.max = duration
}

export function mergeHistograms(a: Histogram, b: Histogram): Histogram {
  const buckets = new Map(a.buckets)
  for (const [bucket, n] of b.buckets) buckets.set(bucket, (buckets.get(bucket) ?? 0) + n)
  return { buckets, sum: a.sum + b.sum, max: Math.max(a.max, b.max) }
}

/** Of a histogram that somebody else may have written. */
export function isHistogram({ buckets }: Histogram): boolean {
  return [...buckets.keys()].every((bucket) => Number.isInteger(bucket) && bucket >= 0 && bucket <= LAST)
}

/** ms; `max` is exact. */
export interface Percentiles {
  readonly count: number
  readonly mean: Millis
  readonly p50: Millis
  readonly p95: Millis
  readonly p99: Millis
  readonly max: Millis
}

/** undefined of nothing. */
export function percentiles(histogram: Histogram): Percentiles | undefined {
  const ordered = [...histogram.buckets].toSorted(([a], [b]) => a - b)
  const total = ordered.reduce((sum, [, n]) => sum + n, 0)
  if (total === 0) return undefined
  const at = (part: number): Millis => {
    let rank = Math.ceil(part * total)
    for (const [bucket, n] of ordered) {
      rank -= n
      if (rank <= 0) return Math.min(histogram.max, middleOf(bucket))
    }
    return histogram.max
  }
  const { sum, max } = histogram
  return { count: total, mean: sum / total, p50: at(0.5), p95: at(0.95), p99: at(0.99), max }
}
