/**
 * What supervisor and worker tell each other over the fork's channel. Its end (the supervisor died) means: stop
 * claiming and exit; handlers run on and are adopted.
 */
export type StopMode =
  /** TERM to handlers, `term_timeout`, KILL; requeue as interrupted. */
  | 'term'
  /** Finish what runs, claim nothing. */
  | 'drain'
  /** Exit at once, handlers run on for the next worker to adopt. */
  | 'detach'
  /** Exit if there is still nothing to do; stays otherwise. */
  | 'retire'

export type ToWorker =
  | { readonly type: 'stop'; readonly mode: StopMode }
  | { readonly type: 'reload' }
  /** The root's `_paused` came or went. */
  | { readonly type: 'root-paused'; readonly paused: boolean }
  /**
   * So many runs more may be started. Another `epoch` than before: the queue belongs to this pool from now on (null: to
   * none), and what was granted before counts no more.
   */
  | { readonly type: 'permits'; readonly epoch: number; readonly pool: string | null; readonly more: number }

export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'busy' }
  /** Nothing runs, waits to run now, or is being settled; `nextDue` in ms since 1970, or null. */
  | { readonly type: 'idle'; readonly nextDue: number | null }
  /**
   * Of a queue in a pool. `received`: permits in this epoch, which are used up or given back by now, but for the
   * `held` ones, the runs there are. `wants`: how many it could use in all.
   */
  | {
      readonly type: 'permits'
      readonly epoch: number
      readonly held: number
      readonly received: number
      readonly wants: number
    }

/** How a worker exits. Anything else is a crash. */
export const WORKER_EXIT = {
  asked: 0,
  /** Another worker holds the queue's lock, or the system said no: try later. */
  later: 111,
  /** Its `_restart` asks for a new one in its place: nothing failed. */
  again: 112,
} as const

/** `touch` it in a queue, and its worker makes room for a new one; handlers run on. */
export const RESTART_FLAG = '_restart'

/** `dist/worker.cjs QUEUE-PATH`, with these in its environment. */
export const WORKER_ENV = {
  root: 'RQD_ROOT',
  /** Until then (ms since 1970) every claim is made durable: the machine went down uncleanly. */
  carefulUntil: 'RQD_CAREFUL_UNTIL',
  rootPaused: 'RQD_ROOT_PAUSED',
  /** The queue's pool; not there when it belongs to none, or there is no supervisor. */
  pool: 'RQD_POOL',
} as const
