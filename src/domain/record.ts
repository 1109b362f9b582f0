/** What is written into `msg` about an attempt, and the move that can be read from it again. */
import type { Attempt, Cause, Move, Outcome, State, Verdict } from './item.ts'
import { MOVES } from './item.ts'
import { signalOf } from './signals.ts'

/** What is written into `msg` before the item is moved. */
export function attemptRecord(
  n: number,
  seen: { started: string | undefined; ended: string; cpu?: number; max_rss?: number },
  outcome: Outcome,
  verdict: Verdict,
  move: Move,
): Attempt {
  const exit = outcome.kind === 'exited' || outcome.kind === 'stopped' ? outcome.code : undefined
  const signal = exit === undefined ? undefined : signalOf(exit)
  const cause = causeOf(outcome, verdict)
  const gaveUp = move.to === '_err' && verdict.kind === 'reschedule'
  const text = gaveUp ? `${verdict.text || 'rescheduled'}; gave up after its attempts` : verdict.text
  return {
    n,
    ...(seen.started === undefined ? {} : { started: seen.started }),
    ended: seen.ended,
    ...(exit === undefined ? {} : { exit }),
    ...(signal === undefined ? {} : { signal }),
    ...(cause === undefined ? {} : { cause }),
    ...(seen.cpu === undefined ? {} : { cpu: seen.cpu }),
    ...(seen.max_rss === undefined ? {} : { max_rss: seen.max_rss }),
    verdict: verdictKind(verdict, move),
    // A queue may be called `relayed`: what its handler relayed itself has no target here.
    ...(move.to === 'relayed' ? {} : { to: move.to === 'relay' ? move.dest : move.to }),
    ...(text === '' ? {} : { text: text.slice(0, 2000) }),
    ...(move.to === 'que' && move.due !== undefined ? { due: move.due } : {}),
    ...(move.to === 'que' && move.queue !== undefined ? { queue: move.queue } : {}),
    ...(verdict.kind === 'interrupted' || verdict.kind === 'broken' ? { free: true } : {}),
  }
}

function verdictKind(verdict: Verdict, move: Move): Attempt['verdict'] & string {
  if (verdict.kind === 'relayed') return 'relay'
  if (verdict.kind === 'fail' && move.to === 'que') return 'reschedule'
  if (verdict.kind === 'reschedule' && move.to === '_err') return 'fail'
  return verdict.kind
}

function causeOf(outcome: Outcome, verdict: Verdict): Cause | undefined {
  switch (outcome.kind) {
    case 'exited':
      if (outcome.oom !== undefined && isForMemory(verdict)) return 'memory'
      return verdict.kind === 'broken' ? 'broken-handler' : undefined
    case 'stopped':
      return outcome.cause
    case 'lost':
      return outcome.oom === undefined ? outcome.kind : 'memory'
    case 'refused':
      return outcome.kind
    case 'merged':
      return 'coalesced'
  }
}

/** A handler that hands its item on did what it was to do, whatever comes of that. */
function isForMemory(verdict: Verdict): boolean {
  return verdict.kind === 'fail'
    ? verdict.failure?.cause === 'memory'
    : verdict.kind === 'relay' && verdict.givenUp === true
}

/** The move that a recorded verdict asks for: an item in run/ that has one is moved, never run. */
export function recordedMove(attempt: Attempt): Move | undefined {
  if (attempt.verdict === undefined) return undefined
  switch (attempt.verdict) {
    case 'done':
      return { to: 'done' }
    case 'fail':
      return { to: '_err' }
    case 'relay':
      return attempt.to === undefined ? { to: 'relayed' } : { to: 'relay', dest: attempt.to }
    case 'reschedule':
    case 'interrupted':
    case 'broken':
      return { to: 'que', due: attempt.due, ...(attempt.queue === undefined ? {} : { queue: attempt.queue }) }
  }
}

export function isLegalMove(from: State, to: State): boolean {
  return (MOVES[from] as readonly State[]).includes(to)
}
