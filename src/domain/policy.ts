/** What a queue's configuration decides about its items, and the defaults. */
import type { AlertPolicy } from './alerts.ts'
import type { FlowPolicy } from './flow.ts'
import type { HooksPolicy } from './hooks.ts'
import type { State } from './item.ts'
import type { RunLimits } from './limits.ts'
import type { Millis } from './name.ts'
import type { PressureMarks } from './pressure.ts'
import type { RetentionPolicy } from './retention.ts'
import { DEFAULT_RETRY, type RetryPolicy } from './retry.ts'
import type { RunAs } from './run-as.ts'
import type { ScheduleSpec } from './schedules.ts'
import type { StatsPolicy } from './stats.ts'

/** What an exit status means. `fail` may be retried, `fatal` never. */
export const EXIT_MEANINGS = ['done', 'fail', 'fatal', 'reschedule', 'relay', 'broken'] as const
export type ExitMeaning = (typeof EXIT_MEANINGS)[number]

export interface SettlePolicy {
  readonly exitCodes: Readonly<Record<string, ExitMeaning>>
  /** `required` is RQ's rule: without a verdict line there is no success. */
  readonly handshake: 'none' | 'required'
  /** Counted attempts before an item fails for good. */
  readonly maxAttempts: number
  /** What turns a failure into a reschedule. */
  readonly retry: RetryPolicy
  /** How long exit 75 and 111 wait when the handler does not say. */
  readonly rescheduleAfter: Millis
  readonly relayTo: string | undefined
}

/** sysexits(3) where it has a word for it; 99, 100 and 111 are qmail-command(8)'s. */
export const DEFAULT_EXIT_CODES = {
  '0': 'done',
  '65': 'fatal',
  '75': 'reschedule',
  '78': 'broken',
  '99': 'relay',
  '100': 'fatal',
  '111': 'reschedule',
} as const satisfies Record<string, ExitMeaning>

export const DEFAULT_SETTLE_POLICY: SettlePolicy = {
  exitCodes: DEFAULT_EXIT_CODES,
  handshake: 'none',
  maxAttempts: 15,
  retry: DEFAULT_RETRY,
  rescheduleAfter: 60_000,
  relayTo: undefined,
}

/** Where each state lies, relative to the queue. */
export type StateDirNames = Readonly<Record<State, string>>

/** The effective configuration of one queue: every key has a value. */
export interface QueueConfig {
  /** In the words of the files, merged: what an item's own policy is laid over. */
  readonly settings: Readonly<Record<string, unknown>>
  /** The handler's argv; `./handler` in the queue's directory by default. Relative paths are the queue's. */
  readonly handler: readonly string[]
  /** Put before the handler's argv, as `["nice", "-n", "5"]`. */
  readonly execPrefix: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** In all classes together. */
  readonly slots: number
  /** So much waiting is worth one level of priority. */
  readonly aging: Millis | undefined
  /** undefined: nothing of it is used. */
  readonly flow: FlowPolicy | undefined
  readonly nice: number
  /** How long a dropped file's mtime must be past before it is taken. */
  readonly settle: Millis
  /** `.done`: `x` waits for `x.done`. */
  readonly marker: string | undefined
  readonly policy: SettlePolicy
  readonly limits: RunLimits
  /** Slots get a memory cgroup where there is a limit of memory, or never. */
  readonly cgroup: 'auto' | 'never'
  readonly holdWhen: PressureMarks
  /** Handlers may copy their message (`dup` lines, answered on fd 4). */
  readonly dup: boolean
  /** Bytes that one item's log may take. */
  readonly maxLog: number
  /** From TERM to KILL. */
  readonly termTimeout: Millis
  readonly durability: 'full' | 'group' | 'none'
  readonly dirs: StateDirNames
  readonly shared: boolean
  /** What stays of what has ended. */
  readonly retention: RetentionPolicy
  readonly schedules: readonly ScheduleSpec[]
  /** So long a key that was injected is not injected again; undefined: only where the caller says so. */
  readonly uniqueFor: Millis | undefined
  /** What is told to whom. */
  readonly alerts: AlertPolicy
  readonly hooks: HooksPolicy
  readonly runAs: RunAs
  readonly stats: StatsPolicy
}
