/** Everything rqd says of itself: one closed union. `log.ts` turns an event into a line; nobody writes text. */

import type { Skip } from '../domain/schedules.ts'

/** Of a queue's worker; goes to the queue's `_log`. */
export type QueueEvent =
  | { readonly kind: 'worker-started'; readonly pid: number; readonly adopted: number }
  | { readonly kind: 'worker-stopped'; readonly why: string }
  /** By its `_restart`. */
  | { readonly kind: 'restart-asked' }
  | { readonly kind: 'item-started'; readonly id: string; readonly attempt: number; readonly slot: number }
  | {
      readonly kind: 'item-ended'
      readonly id: string
      readonly attempt: number
      readonly to: string
      readonly verdict: string
      /** Where it is tried again, if that is another queue. */
      readonly retryQueue?: string
      readonly exit?: number
      readonly text?: string
      readonly ms?: number
    }
  | { readonly kind: 'item-refused'; readonly name: string; readonly why: string }
  | { readonly kind: 'item-adopted'; readonly id: string; readonly attempt: number; readonly slot: number }
  | { readonly kind: 'item-recovered'; readonly id: string; readonly action: string }
  /** Milliseconds, or bytes of memory. */
  | {
      readonly kind: 'limit-exceeded'
      readonly id: string
      readonly attempt: number
      readonly cause: string
      readonly value: number
      readonly limit: number
    }
  /** The kernel ended a process of it; what that means for it is in its verdict. */
  | { readonly kind: 'memory-kill'; readonly id: string; readonly attempt: number; readonly text: string }
  /** Limits of memory are looked at once a second, and no more. */
  | { readonly kind: 'cgroup-unavailable'; readonly why: string }
  | { readonly kind: 'item-stopping'; readonly id: string; readonly cause: string; readonly signal: string }
  | { readonly kind: 'item-unavailable'; readonly name: string; readonly problem: string; readonly retryMs: number }
  | {
      readonly kind: 'published'
      readonly id: string
      readonly to: string
      readonly as: string
      readonly why: 'relay' | 'dup'
    }
  /** `at`: the instant, ISO 8601. `missed`: so many instants before it have no item of their own. */
  | {
      readonly kind: 'schedule-fired'
      readonly schedule: string
      readonly at: string
      readonly id: string
      readonly missed: number
    }
  /** `at`: the newest of `count` instants that have no item. */
  | {
      readonly kind: 'schedule-skipped'
      readonly schedule: string
      readonly at: string
      readonly why: Skip
      readonly count: number
    }
  | { readonly kind: 'handler-broken'; readonly problem: string; readonly retryMs: number }
  | { readonly kind: 'handler-mended' }
  | { readonly kind: 'config-loaded'; readonly slots: number }
  | { readonly kind: 'config-bad'; readonly problem: string }
  | { readonly kind: 'disk-trouble'; readonly operation: string; readonly path: string; readonly code: string }
  | { readonly kind: 'disk-well' }
  | { readonly kind: 'slot-lost'; readonly slot: number; readonly id?: string }
  | {
      readonly kind: 'leftover-killed'
      readonly pid: number
      readonly id: string | undefined
      readonly escaped: boolean
    }
  /** `id`: of the item, if it is about one. */
  | { readonly kind: 'hook-failed'; readonly hook: string; readonly id?: string; readonly problem: string }
  | { readonly kind: 'log-cut'; readonly id: string; readonly bytes: number }
  /** What was removed, how many of each kind. */
  | {
      readonly kind: 'cleaned'
      readonly removed: Readonly<Record<string, number>>
      readonly archives: number
      readonly ms: number
    }
  | { readonly kind: 'clean-trouble'; readonly problems: readonly string[] }
  | { readonly kind: 'alerted'; readonly rules: readonly string[]; readonly sent: number }
  | { readonly kind: 'alert-trouble'; readonly problems: readonly string[] }
  | { readonly kind: 'scan'; readonly names: number; readonly ms: number; readonly why: string }

/** Of the supervisor; goes to stderr or `rqd.log`. */
export type DaemonEvent =
  | { readonly kind: 'daemon-started'; readonly root: string; readonly pid: number; readonly queues: number }
  | { readonly kind: 'daemon-stopping'; readonly how: string }
  | { readonly kind: 'daemon-stopped' }
  | { readonly kind: 'queue-appeared'; readonly queue: string }
  | { readonly kind: 'queue-gone'; readonly queue: string }
  | { readonly kind: 'queue-ignored'; readonly name: string; readonly why: string }
  | { readonly kind: 'worker-forked'; readonly queue: string; readonly pid: number }
  | { readonly kind: 'worker-ended'; readonly queue: string; readonly how: string; readonly restartMs?: number }
  /** It was told to, and not to retire. */
  | { readonly kind: 'worker-left'; readonly queue: string; readonly how: string }
  | { readonly kind: 'worker-retired'; readonly queue: string }
  | { readonly kind: 'reloading' }
  | { readonly kind: 'unclean-boot' }
  | { readonly kind: 'trouble'; readonly what: string }
  /** Without a token: who may read the log may not be who may change a queue. */
  | { readonly kind: 'web-listening'; readonly addresses: readonly string[] }
  | { readonly kind: 'web-refused'; readonly why: string }
  | { readonly kind: 'web-warning'; readonly text: string }
  | { readonly kind: 'web-ended'; readonly how: string; readonly restartMs: number }

export type RqEvent = QueueEvent | DaemonEvent
export type EventKind = RqEvent['kind']
export type Level = 'debug' | 'info' | 'warn' | 'error'

/** Total: an event without a level does not compile. */
export const LEVELS = {
  'worker-started': 'info',
  'worker-stopped': 'info',
  'restart-asked': 'info',
  'item-started': 'debug',
  'item-ended': 'info',
  'item-refused': 'warn',
  'item-adopted': 'info',
  'item-recovered': 'info',
  'limit-exceeded': 'warn',
  'memory-kill': 'warn',
  'cgroup-unavailable': 'info',
  'item-stopping': 'info',
  'item-unavailable': 'warn',
  published: 'info',
  'schedule-fired': 'info',
  'schedule-skipped': 'warn',
  'handler-broken': 'error',
  'handler-mended': 'info',
  'config-loaded': 'debug',
  'config-bad': 'error',
  'disk-trouble': 'error',
  'disk-well': 'info',
  'slot-lost': 'warn',
  'leftover-killed': 'warn',
  'hook-failed': 'warn',
  'log-cut': 'warn',
  cleaned: 'info',
  'clean-trouble': 'warn',
  alerted: 'info',
  'alert-trouble': 'error',
  scan: 'debug',
  'daemon-started': 'info',
  'daemon-stopping': 'info',
  'daemon-stopped': 'info',
  'queue-appeared': 'info',
  'queue-gone': 'info',
  'queue-ignored': 'warn',
  'worker-forked': 'debug',
  'worker-ended': 'warn',
  'worker-left': 'debug',
  'worker-retired': 'debug',
  reloading: 'info',
  'unclean-boot': 'warn',
  trouble: 'error',
  'web-listening': 'info',
  'web-refused': 'error',
  'web-warning': 'warn',
  'web-ended': 'warn',
} as const satisfies Record<EventKind, Level>
