/** What a schedule is told: its bounds, its order, and what holds entries back. */
import type { Entry } from './entry.ts'
import type { Shut } from './flow.ts'
import type { Millis, RawName } from './name.ts'

/** What a queue's flow says of an entry (domain/flow.ts). */
export interface Gates {
  readonly shut: (entry: Entry, now: Millis) => Shut | undefined
  /** The key whose order is kept, or undefined. */
  readonly lineOf: (entry: Entry) => string | undefined
  /** Those that keep room from others while they wait. */
  readonly reserving: () => readonly RawName[]
  /** It does not wait any more: the keys that opened by it. */
  readonly forget: (raw: RawName) => readonly string[]
}

/** How much is remembered; what is beyond is found by scans. */
export interface Bounds {
  readonly ready: number
  readonly parkedPerKey: number
  readonly parkedPerClass: number
  readonly parked: number
  readonly perLine: number
  readonly lines: number
}

export const BOUNDS: Bounds = {
  ready: 20_000,
  parkedPerKey: 2000,
  parkedPerClass: 20_000,
  parked: 40_000,
  perLine: 2000,
  lines: 100_000,
}

export interface ScheduleOptions {
  readonly bounds?: Partial<Bounds>
  readonly aging?: Millis | undefined
  readonly gates?: Gates | undefined
  /** Name of the key by which waiting entries are merged. */
  readonly mergedBy?: string | undefined
}
