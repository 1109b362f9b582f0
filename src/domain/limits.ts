/** Limits of one run, and which of them it is over (docs/LIMITS.md). Pure. */
import type { LimitCause } from './item.ts'
import type { Millis } from './name.ts'

/** Without a limit, undefined. `memory` is in bytes. */
export interface RunLimits {
  /** Wall time. */
  readonly timeout: Millis | undefined
  /** CPU time of all of its processes. */
  readonly cpu: Millis | undefined
  /** Resident memory, summed over its processes. */
  readonly memory: number | undefined
  /** Without a byte of output and without a status line. */
  readonly silence: Millis | undefined
}

/** What was seen of a run; undefined where nobody looked. */
export interface RunSample {
  readonly elapsed: Millis
  readonly cpu: Millis | undefined
  readonly rss: number | undefined
  readonly silent: Millis | undefined
}

export interface Excess {
  readonly cause: LimitCause
  readonly value: number
  readonly limit: number
}

export const NO_LIMITS: RunLimits = { timeout: undefined, cpu: undefined, memory: undefined, silence: undefined }

/** The first limit, in this order, that a run is over. */
export function excessOf(sample: RunSample, limits: RunLimits): Excess | undefined {
  return (
    over('timeout', sample.elapsed, limits.timeout) ??
    over('cpu', sample.cpu, limits.cpu) ??
    over('memory', sample.rss, limits.memory) ??
    over('silence', sample.silent, limits.silence)
  )
}

function over(cause: LimitCause, value: number | undefined, limit: number | undefined): Excess | undefined {
  return value === undefined || limit === undefined || value <= limit ? undefined : { cause, value, limit }
}

/** For the attempt's record, when nothing more exact is known. */
export const OVER_LIMIT = {
  timeout: 'it ran longer than it may',
  cpu: 'it used more CPU time than it may',
  memory: 'it used more memory than it may',
  silence: 'it said nothing for longer than it may',
} as const satisfies Record<LimitCause, string>

/** `it used 612.3 MiB of memory, more than 512 MiB` */
export function explainExcess({ cause, value, limit }: Excess): string {
  switch (cause) {
    case 'timeout':
      return `it ran ${seconds(value)}, more than ${seconds(limit)}`
    case 'cpu':
      return `it used ${seconds(value)} of CPU time, more than ${seconds(limit)}`
    case 'memory':
      return `it used ${megabytes(value)} of memory, more than ${megabytes(limit)}`
    case 'silence':
      return `it said nothing for ${seconds(value)}, more than ${seconds(limit)}`
  }
}

/** For an attempt in which the kernel's OOM killer was at work; `limit`: of its slot's cgroup. */
export function explainKill(limit: number | undefined): string {
  const most = limit === undefined ? '' : `, of which it may have ${megabytes(limit)}`
  return `the kernel killed a process of it for want of memory${most}`
}

function seconds(ms: Millis): string {
  return `${Math.round(ms / 100) / 10} s`
}

function megabytes(bytes: number): string {
  return `${Math.round((bytes / 1024 ** 2) * 10) / 10} MiB`
}
