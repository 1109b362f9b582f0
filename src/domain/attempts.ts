/** The history of an item: which attempts count, and which are kept. */
import type { Attempt } from './item.ts'

const ENDED_FOR_GOOD = {
  done: true,
  fail: true,
  relay: true,
  reschedule: false,
  interrupted: false,
  broken: false,
} as const

/**
 * Counted attempts since the last one that ended for good. An item found in que/ behind such an end was
 * moved there by hand: its budget starts anew, its history stays.
 */
export function spentAttempts(attempts: readonly Attempt[]): number {
  let spent = 0
  for (const attempt of attempts.toReversed()) {
    if (attempt.verdict !== undefined && ENDED_FOR_GOOD[attempt.verdict]) break
    if (attempt.free !== true) spent += 1
  }
  return spent
}

/**
 * The newest `most` of them. Free ones (interrupted, handler broken) go first: whatever is left out, the budget that
 * is spent stays the same as long as it is at most `most`.
 */
export function keptAttempts(attempts: readonly Attempt[], most: number): readonly Attempt[] {
  let excess = attempts.length - most
  if (excess <= 0) return attempts
  const newest = attempts.at(-1)
  const rest = attempts.filter((attempt) => {
    if (attempt.free !== true || attempt === newest || excess <= 0) return true
    excess -= 1
    return false
  })
  return rest.slice(-most)
}
