/** Hooks: executables in a queue's `hooks/`, and which of them an end calls for (docs/HOOKS.md). */
import type { Move, Outcome, Verdict } from './item.ts'
import type { Millis } from './name.ts'

export const HOOKS = ['before', 'success', 'error', 'give_up', 'after', 'queue_empty', 'enqueue'] as const
export type Hook = (typeof HOOKS)[number]

export interface HooksPolicy {
  /** From the start of one hook to its TERM. */
  readonly timeout: Millis
}

/** Run after an attempt, one after the other, in this order. */
export type HookAfter = Extract<Hook, 'success' | 'error' | 'give_up' | 'after'>

/**
 * What an attempt is followed by: success or error, give_up where it was the last, after. An attempt that does not
 * count (interrupted, a broken handler) or that nothing ran in is followed by none: it will be made again as if it had
 * never been.
 */
export function hooksAfter(outcome: Outcome, verdict: Verdict, move: Move): readonly HookAfter[] {
  if (outcome.kind === 'refused' || outcome.kind === 'merged') return []
  switch (verdict.kind) {
    case 'interrupted':
    case 'broken':
      return []
    case 'relay':
      return verdict.givenUp === true ? ['error', 'give_up', 'after'] : ['success', 'after']
    case 'done':
    case 'relayed':
      return ['success', 'after']
    case 'fail':
    case 'reschedule':
      return move.to === '_err' ? ['error', 'give_up', 'after'] : ['error', 'after']
  }
}
