/** The words: states, moves, messages, attempts, outcomes, verdicts (docs/PROTOCOL.md). */
import type { ItemId, Millis } from './name.ts'
import type { Failure } from './retry.ts'

/** Where an item is. The state IS the directory; no second copy is kept. */
export const STATES = ['prep', 'que', 'run', 'pause', 'done', 'relayed', '_err'] as const
export type State = (typeof STATES)[number]

/** States whose items lie by the minute they finished, `YYYYMMDD/HHMM/<item>`. */
export const BUCKETED = {
  prep: false,
  que: false,
  run: false,
  pause: false,
  done: true,
  relayed: true,
  _err: false,
} as const satisfies Record<State, boolean>

/** Every move that exists; each is one rename(2). Removal, from any state but run, is a move to `_trash`. */
export const MOVES = {
  prep: ['que', 'pause'],
  que: ['run', 'pause'],
  run: ['done', 'relayed', '_err', 'que'],
  pause: ['que'],
  done: ['que'],
  relayed: ['que'],
  _err: ['que'],
} as const satisfies Record<State, readonly State[]>

/** Limits that end a run which is over them. */
export const LIMIT_CAUSES = ['timeout', 'cpu', 'memory', 'silence'] as const
export type LimitCause = (typeof LIMIT_CAUSES)[number]

/** Why we end a run. */
export const STOP_CAUSES = ['cancel', 'shutdown', ...LIMIT_CAUSES] as const
export type StopCause = 'cancel' | 'shutdown' | LimitCause

/** Why an attempt ended other than by its own exit. */
export type Cause = StopCause | 'lost' | 'refused' | 'broken-handler' | 'coalesced'

export const VERDICTS = ['done', 'fail', 'reschedule', 'relay', 'interrupted', 'broken'] as const
export type VerdictKind = (typeof VERDICTS)[number]

/** One run of an item, as kept in `msg`. Times are ISO 8601, UTC. */
export interface Attempt {
  readonly n: number
  readonly started?: string
  readonly ended?: string
  readonly exit?: number
  readonly signal?: string
  readonly cause?: Cause
  readonly verdict?: VerdictKind
  /** The state, or the queue relayed to; nothing when the handler relayed it itself. */
  readonly to?: string
  readonly text?: string
  /** Not before, unix seconds: when a rescheduled item runs again. */
  readonly due?: number
  /** The queue in which it is retried, where that is another one. */
  readonly queue?: string
  /** Seconds of CPU time. */
  readonly cpu?: number
  /** The most memory that was seen, bytes. */
  readonly max_rss?: number
  /** Not counted toward `max_attempts`: we interrupted it, or the handler is broken. */
  readonly free?: boolean
}

/** The message. Unknown keys are kept as they are. */
export interface Msg {
  readonly dest?: string
  readonly src?: string
  readonly param1?: string
  readonly param2?: string
  readonly param3?: string
  readonly param4?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly job_id?: string
  readonly user_id?: string
  readonly webhooks?: readonly string[]
  readonly orig_msg_id?: string
  /** The dropped file's own name, percent-encoded if it is not UTF-8. */
  readonly name?: string
  /** What is otherwise for this item than for its queue: keys of config.json (docs/PROTOCOL.md, `msg`). */
  readonly policy?: unknown
  readonly attempts?: readonly Attempt[]
  /** Written durably before an item is published into another queue: what is published twice is found by it. */
  readonly relay?: { readonly to: string; readonly id: string }
  /** Ids of the items that this one runs for, too: written by rqd before it runs. */
  readonly merged?: unknown
  readonly result?: unknown
  readonly [key: string]: unknown
}

/** Fact: what the operating system told us about one run of a handler. */
export type Outcome =
  /** `before`: it is the exit of the hook of that name, and the handler was not run. `oom`: see `lost`. */
  | { readonly kind: 'exited'; readonly code: number; readonly before?: true; readonly oom?: string }
  /** `detail`: how it was over its limit, in words; not known after a crash of ours. */
  | {
      readonly kind: 'stopped'
      readonly cause: StopCause
      readonly code: number | undefined
      readonly detail?: string | undefined
    }
  /** `oom`: the kernel ended a process of it for want of memory; in words. */
  | { readonly kind: 'lost'; readonly oom?: string }
  | { readonly kind: 'refused'; readonly reason: string }
  /** Never run: another item of an equal key runs for it. */
  | { readonly kind: 'merged'; readonly into: ItemId }

/** Meaning: what that fact says about the item. */
export type Verdict =
  | { readonly kind: 'done'; readonly text: string }
  /** `failure`: by which rule it is retried or given up; without one it is not the item that failed. */
  | { readonly kind: 'fail'; readonly text: string; readonly final: boolean; readonly failure?: Failure }
  /** `growing`: at once the first time, then later and later, up to `after`. */
  | { readonly kind: 'reschedule'; readonly text: string; readonly after: Millis; readonly growing?: true }
  /** `givenUp`: it failed, and is handed to whom the queue gives such up to. */
  | { readonly kind: 'relay'; readonly text: string; readonly dest: string; readonly givenUp?: true }
  | { readonly kind: 'relayed'; readonly text: string }
  | { readonly kind: 'interrupted'; readonly text: string }
  | { readonly kind: 'broken'; readonly text: string }

/** Order: what the file system shall do now. One order is one rename(2). */
export type Move =
  | { readonly to: 'done' }
  | { readonly to: 'relayed' }
  | { readonly to: '_err' }
  /** `due` is in unix seconds; without it the item may run at once. `queue`: that of another queue. */
  | { readonly to: 'que'; readonly due: number | undefined; readonly queue?: string }
  /** Publish into a neighbour queue first, then move to relayed/. */
  | { readonly to: 'relay'; readonly dest: string }
