/** As whom, and within which limits, handlers and hooks run (docs/USERS.md). */

/** Of setrlimit(2), by the names that prlimit(1) has for them. */
export const LIMITS = ['as', 'core', 'cpu', 'data', 'fsize', 'nofile', 'nproc', 'stack'] as const
export type Limit = (typeof LIMITS)[number]

export interface RunAs {
  /** A name or a number; undefined: whoever runs the daemon. */
  readonly user: string | undefined
  /** Undefined: the user's own group. */
  readonly group: string | undefined
  /** Octal, as in `027`. */
  readonly umask: string | undefined
  readonly noNewPrivs: boolean
  /** Bytes, seconds of CPU time, or a count; undefined: as the daemon's. */
  readonly limits: { readonly [L in Limit]?: number | 'unlimited' | undefined }
}
