/** One run in flight, as the worker remembers it; all of it can be read again from the disk. */
import type { Msg, Outcome } from '../domain/item.ts'
import type { ItemId, RawName } from '../domain/name.ts'
import type { SlotIdentity, StopCause } from '../fsqueue/attempt.ts'
import { type BytePath, place, type QueueDir } from '../fsqueue/place.ts'
import type { Slot } from '../launch/slot.ts'

export interface Run {
  readonly id: ItemId
  readonly name: RawName
  readonly msg: Msg
  readonly attempt: number
  readonly spent: number
  readonly started: string | undefined
  /** The slot's process group. A run whose slot is not ours (any more) is adopted: its files tell its end. */
  readonly group: SlotIdentity
  readonly startTick: number
  slot: Slot | undefined
  stopping: StopCause | undefined
  killTimer: NodeJS.Timeout | undefined
  /** dup lines answered so far. */
  dups: number
}

/** A run that ended, on its way to its verdict. */
export interface Ended {
  readonly id: ItemId
  readonly name: RawName
  readonly msg: Msg
  /** 0: it was never started, and no attempt is recorded. */
  readonly attempt: number
  readonly spent: number
  readonly started: string | undefined
  readonly outcome: Outcome
}

export function runPath(queue: QueueDir, run: { readonly name: RawName }): BytePath {
  return place(queue, 'run', run.name)
}
