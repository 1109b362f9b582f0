/** One run in flight, as the worker remembers it; all of it can be read again from the disk. */
import type { Msg, Outcome, StopCause } from '../domain/item.ts'
import type { ItemId, RawName } from '../domain/name.ts'
import type { SlotIdentity } from '../fsqueue/attempt.ts'
import { type BytePath, place, type QueueDir } from '../fsqueue/place.ts'
import type { Slot } from '../launch/slot.ts'
import { signalGroup, signalProcess } from '../os/process.ts'
import { isGroupAlive, outsiders } from './liveness.ts'
import type { Settled } from './verdict.ts'

/** What was seen of a run. Times are those of performance.now(). */
export interface Sight {
  began: number
  /** When it last wrote something, and how much it had written then. */
  heard: number | undefined
  bytes: number | undefined
  /** Milliseconds of CPU time, and resident bytes now and at most, of what was alive at a look. */
  cpu: number | undefined
  rss: number | undefined
  maxRss: number | undefined
  /** How it was over a limit. */
  excess: string | undefined
}

export function freshSight(elapsed = 0): Sight {
  const unseen = { heard: undefined, bytes: undefined, cpu: undefined, rss: undefined, maxRss: undefined }
  return { began: performance.now() - elapsed, ...unseen, excess: undefined }
}

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
  readonly sight: Sight
  slot: Slot | undefined
  stopping: StopCause | undefined
  killTimer: NodeJS.Timeout | undefined
  /** dup lines answered so far. */
  dups: number
  /** Its end is known; what it asked for last is being done. */
  isEnding: boolean
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
  readonly used?: Used
  /** What became of it, where that was decided already: the hooks have been told. */
  readonly decided?: Settled
  /** The queue that it was to be relayed to does not take it. */
  readonly veto?: string
}

/** What a run used, where it is known: CPU time in seconds, and the most resident bytes that were seen. */
export interface Used {
  readonly cpu?: number
  readonly max_rss?: number
}

/** `cpu`: what its slot knows, in milliseconds; without that, what was seen. */
export function usedBy({ sight }: Run, cpu = sight.cpu): Used {
  return {
    ...(cpu === undefined ? {} : { cpu: Math.round(cpu) / 1000 }),
    ...(sight.maxRss === undefined ? {} : { max_rss: sight.maxRss }),
  }
}

export function runPath(queue: QueueDir, run: { readonly name: RawName }): BytePath {
  return place(queue, 'run', run.name)
}

/** All of a run: the slot's group, and what left it. Found first, as the group's end may take their parents along. */
export function signalRun(run: Run, signal: NodeJS.Signals): void {
  const others = outsiders(run.group, run.id, run.attempt)
  // What an adopted run's file says may be its handler's invention; our own slots we know.
  if (run.slot !== undefined || isGroupAlive(run.group)) signalGroup(run.group.pid, signal)
  for (const { pid } of others) signalProcess(pid, signal)
}

/** `before`: it is the exit of the hook of that name. */
export function exitOutcome(run: Run, exit: number | undefined, before = false): Outcome {
  if (run.stopping !== undefined) return { kind: 'stopped', cause: run.stopping, code: exit, detail: run.sight.excess }
  if (exit === undefined) return { kind: 'lost' }
  return { kind: 'exited', code: exit, ...(before ? { before } : {}) }
}
