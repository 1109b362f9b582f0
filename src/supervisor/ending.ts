import type { StopMode } from '../domain/worker-protocol.ts'

/** How the daemon is asked to end. `kill` leaves no handler alive and waits for nothing. */
export type Ending = Exclude<StopMode, 'retire'> | 'kill'

const STRENGTH = { drain: 0, detach: 1, term: 2, kill: 3 } as const satisfies Record<Ending, number>

/** A later wish counts if it is the stronger one: a drain may become a stop, a stop never a drain. */
export function stronger(wish: Ending | undefined, later: Ending): Ending {
  return wish === undefined || STRENGTH[later] > STRENGTH[wish] ? later : wish
}
