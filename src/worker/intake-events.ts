/** What the intake tells its worker. */
import type { Entry } from '../domain/entry.ts'
import type { Millis, RawName } from '../domain/name.ts'
import type { QueueIoError } from '../fsqueue/errors.ts'

export interface IntakeEvents {
  /** Something may be ready. */
  readonly onNews: () => void
  readonly onScan: (scan: { names: number; ms: number; why: string }) => void
  readonly onTrouble: (error: QueueIoError) => void
  /** The watch told of a name that was not known. */
  readonly onArrival: (raw: RawName) => void
  /** A scan found one, and no watch may have told of it since then. */
  readonly onFound: (entry: Entry, since: Millis) => void
}
