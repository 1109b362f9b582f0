/**
 * What an item found in run/ means. Every crash is answered here and nowhere else.
 * docs/PROTOCOL.md, "Recovery", is this file as a table.
 */
import type { Attempt, Move, Outcome, StopCause } from './item.ts'
import { recordedMove } from './record.ts'

/** What lies in `run/<item>/`, and what /proc says of it. */
export interface FoundRun {
  /** `msg`, payload or attachments are there; false for a directory that a claim made and did not fill. */
  readonly hasContent: boolean
  readonly lastAttempt: Attempt | undefined
  /** The newest `attempt.<n>` file. */
  readonly record: FoundAttempt | undefined
}

export interface FoundAttempt {
  readonly n: number
  /** Written in place by the slot before it tells anybody. */
  readonly exit: number | undefined
  /** It is the exit of the hook `before`. */
  readonly before?: boolean
  readonly sameBoot: boolean
  /** Did a slot create `started.<n>`? If not, whoever creates it now owns the attempt. */
  readonly started: boolean
  /** Does any process have the slot's process group? */
  readonly groupAlive: boolean
  /** How the kernel ended a process of it for want of memory, if it did. */
  readonly oom?: string | undefined
  /** Why we were stopping it, if we were. */
  readonly stopping: StopCause | undefined
}

export type Recovery =
  /** An empty claim: remove the directory. */
  | { readonly do: 'discard' }
  /** It has a verdict: move it, never run it. */
  | { readonly do: 'move'; readonly move: Move }
  /** It runs on, under a slot of an earlier worker: wait for its end. */
  | { readonly do: 'adopt' }
  | { readonly do: 'settle'; readonly outcome: Outcome }
  /** Never started: create `started.<n>`; whoever wins that, decides. */
  | { readonly do: 'seize' }
  /** Claimed and nothing more: back to que/, at no cost. */
  | { readonly do: 'requeue' }

export function recover(found: FoundRun): Recovery {
  const { record, lastAttempt } = found
  if (record === undefined || (lastAttempt !== undefined && lastAttempt.n >= record.n)) {
    const move = lastAttempt === undefined ? undefined : recordedMove(lastAttempt)
    // A verdict for an older attempt, and no newer one begun: only a claim by hand (mv que/x run/x) looks alike.
    if (move !== undefined && record !== undefined) return { do: 'move', move }
    return found.hasContent ? { do: 'requeue' } : { do: 'discard' }
  }
  // A claim that could not be carried through, and whose item is back where it was.
  if (!found.hasContent && !record.started) return { do: 'discard' }
  return recoverAttempt(record)
}

function recoverAttempt(record: FoundAttempt): Recovery {
  // Another boot: nothing of it lives, and what it wrote may be gone with the page cache.
  // It is counted even if it never started: an item that panics the machine must come to an end.
  if (!record.sameBoot) return { do: 'settle', outcome: { kind: 'lost' } }
  if (!record.started) return { do: 'seize' }
  const oom = record.oom === undefined ? {} : { oom: record.oom }
  if (record.exit !== undefined) {
    return {
      do: 'settle',
      outcome:
        record.stopping === undefined
          ? { kind: 'exited', code: record.exit, ...(record.before === true ? { before: true } : {}), ...oom }
          : { kind: 'stopped', cause: record.stopping, code: record.exit },
    }
  }
  if (record.groupAlive) return { do: 'adopt' }
  if (record.stopping !== undefined) {
    return { do: 'settle', outcome: { kind: 'stopped', cause: record.stopping, code: undefined } }
  }
  return { do: 'settle', outcome: { kind: 'lost', ...oom } }
}
