/**
 * Where an item goes after its handler ended: Outcome (what the system saw) → Verdict (what it means) →
 * Move (what to do). Pure and total; docs/PROTOCOL.md, "Exit status", is this file as a table.
 */
import type { Attempt, Cause, Move, Outcome, State, Verdict } from './item.ts'
import { MOVES } from './item.ts'
import type { Millis } from './name.ts'
import type { SettlePolicy } from './policy.ts'
import { firstVerdict, type StatusLine, type VerdictLine } from './status-line.ts'

export interface Ended {
  readonly outcome: Outcome
  readonly lines: readonly StatusLine[]
  /** The item's `dest`, a fallback target for exit 99. */
  readonly dest: string | undefined
  /** Does the file that exited so fail a check now? Only then do 126 and 127 mean a broken handler. */
  readonly handlerFails: boolean
}

/** The meaning of an end. */
export function judge(ended: Ended, policy: SettlePolicy): Verdict {
  const { outcome } = ended
  switch (outcome.kind) {
    case 'exited':
      return outcome.before === true ? judgeBefore(outcome.code, ended, policy) : judgeExit(outcome.code, ended, policy)
    case 'stopped':
      return judgeStop(outcome, ended, policy)
    case 'lost':
      return {
        kind: 'reschedule',
        text: 'lost: its process died without an exit status',
        after: policy.rescheduleAfter,
        growing: true,
      }
    case 'refused':
      return { kind: 'fail', text: outcome.reason, final: true }
  }
}

function judgeStop(outcome: Extract<Outcome, { kind: 'stopped' }>, ended: Ended, policy: SettlePolicy): Verdict {
  switch (outcome.cause) {
    case 'cancel':
      return { kind: 'fail', text: 'canceled', final: true }
    case 'shutdown': {
      // It may have finished its work on TERM; a failure then is ours, not the item's.
      if (outcome.code === undefined) return { kind: 'interrupted', text: 'interrupted by shutdown' }
      const verdict = judgeExit(outcome.code, ended, policy)
      return verdict.kind === 'fail' || verdict.kind === 'broken'
        ? { kind: 'interrupted', text: 'interrupted by shutdown' }
        : verdict
    }
  }
}

/** The hook kept the handler from being run: it may ask to come again or fail the item, for now or for good. */
function judgeBefore(code: number, ended: Ended, policy: SettlePolicy): Verdict {
  const said = lineText(firstVerdict(ended.lines))
  const text = `hook before: exit ${code}${said === '' ? '' : `: ${said}`}`
  if ((code === 126 || code === 127) && ended.handlerFails) return { kind: 'broken', text }
  switch (policy.exitCodes[String(code)] ?? 'fail') {
    case 'reschedule': {
      const verdict = judgeExit(code, ended, policy)
      return verdict.kind === 'reschedule' ? { ...verdict, text } : { kind: 'fail', text, final: false }
    }
    case 'fatal':
      return { kind: 'fail', text, final: true }
    case 'done':
    case 'fail':
    case 'relay':
    case 'broken':
      return { kind: 'fail', text, final: false }
  }
}

function judgeExit(code: number, ended: Ended, policy: SettlePolicy): Verdict {
  const line = firstVerdict(ended.lines)
  const meaning = policy.exitCodes[String(code)] ?? 'fail'
  switch (meaning) {
    case 'done':
      return judgeSuccess(line, ended, policy)
    case 'reschedule': {
      const after = line?.kind === 'resend' ? line.seconds * 1000 : policy.rescheduleAfter
      return { kind: 'reschedule', text: lineText(line) || `exit ${code}`, after }
    }
    case 'relay':
      return relayTo(line?.kind === 'relay' ? line.dest : undefined, ended, policy)
    case 'broken':
      return { kind: 'broken', text: lineText(line) || `exit ${code}: the handler says that it cannot work` }
    case 'fatal':
      return { kind: 'fail', text: failText(code, line), final: true }
    case 'fail':
      if ((code === 126 || code === 127) && ended.handlerFails) {
        return { kind: 'broken', text: `exit ${code}: the handler cannot be run` }
      }
      return { kind: 'fail', text: failText(code, line), final: false }
  }
}

function judgeSuccess(line: VerdictLine | undefined, ended: Ended, policy: SettlePolicy): Verdict {
  if (line === undefined) {
    if (policy.handshake === 'none') return { kind: 'done', text: '' }
    return { kind: 'fail', text: 'no verdict line, and handshake is required', final: false }
  }
  switch (line.kind) {
    case 'done':
      return { kind: 'done', text: line.text }
    case 'fail':
      return { kind: 'fail', text: line.text || 'the handler said fail', final: false }
    case 'resend':
      return { kind: 'reschedule', text: line.text, after: line.seconds * 1000 }
    case 'relay':
      return relayTo(line.dest, ended, policy)
    case 'relayed':
      return { kind: 'relayed', text: line.url }
  }
}

function relayTo(said: string | undefined, ended: Ended, policy: SettlePolicy): Verdict {
  const dest = said || policy.relayTo || ended.dest
  if (dest === undefined || dest === '') {
    return { kind: 'fail', text: 'relay without a destination: set relay_to, or dest in the message', final: true }
  }
  return { kind: 'relay', text: dest, dest }
}

function lineText(line: VerdictLine | undefined): string {
  return line !== undefined && 'text' in line ? line.text : ''
}

function failText(code: number, line: VerdictLine | undefined): string {
  if (line?.kind === 'fail' && line.text !== '') return line.text
  const signal = signalOf(code)
  return signal === undefined ? `exit ${code}` : `exit ${code} (${signal})`
}

/** Order for a meaning. `spent` counts the attempts of this budget, this one included. */
export function decide(verdict: Verdict, spent: number, policy: SettlePolicy, now: Millis): Move {
  switch (verdict.kind) {
    case 'done':
      return { to: 'done' }
    case 'relayed':
      return { to: 'relayed' }
    case 'relay':
      return { to: 'relay', dest: verdict.dest }
    case 'interrupted':
    case 'broken':
      return { to: 'que', due: undefined }
    case 'reschedule':
      if (spent >= policy.maxAttempts) return { to: '_err' }
      return { to: 'que', due: dueAfter(now, verdict.growing ? growingDelay(spent, verdict.after) : verdict.after) }
    case 'fail':
      if (verdict.final || spent > policy.retryLimit || spent >= policy.maxAttempts) return { to: '_err' }
      return { to: 'que', due: dueAfter(now, policy.retryDelay) }
  }
}

/** What kills its processes each time must not spend its budget in a second: 0, 1, 2, 4 … s. */
function growingDelay(spent: number, most: Millis): Millis {
  return spent < 2 ? 0 : Math.min(most, 1000 * 2 ** (spent - 2))
}

function dueAfter(now: Millis, after: Millis): number | undefined {
  return after <= 0 ? undefined : Math.ceil((now + after) / 1000)
}

/** What is written into `msg` before the item is moved. */
export function attemptRecord(
  n: number,
  times: { started: string | undefined; ended: string },
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
    ...(times.started === undefined ? {} : { started: times.started }),
    ended: times.ended,
    ...(exit === undefined ? {} : { exit }),
    ...(signal === undefined ? {} : { signal }),
    ...(cause === undefined ? {} : { cause }),
    verdict: verdictKind(verdict, move),
    // A queue may be called `relayed`: what its handler relayed itself has no target here.
    ...(move.to === 'relayed' ? {} : { to: move.to === 'relay' ? move.dest : move.to }),
    ...(text === '' ? {} : { text: text.slice(0, 2000) }),
    ...(move.to === 'que' && move.due !== undefined ? { due: move.due } : {}),
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
      return verdict.kind === 'broken' ? 'broken-handler' : undefined
    case 'stopped':
      return outcome.cause
    case 'lost':
    case 'refused':
      return outcome.kind
  }
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
      return { to: 'que', due: attempt.due }
  }
}

export function isLegalMove(from: State, to: State): boolean {
  return (MOVES[from] as readonly State[]).includes(to)
}

const SIGNALS: Readonly<Record<number, string>> = {
  1: 'SIGHUP', 2: 'SIGINT', 3: 'SIGQUIT', 4: 'SIGILL', 5: 'SIGTRAP', 6: 'SIGABRT', 7: 'SIGBUS', 8: 'SIGFPE',
  9: 'SIGKILL', 10: 'SIGUSR1', 11: 'SIGSEGV', 12: 'SIGUSR2', 13: 'SIGPIPE', 14: 'SIGALRM', 15: 'SIGTERM',
  24: 'SIGXCPU', 25: 'SIGXFSZ', 31: 'SIGSYS',
} // biome-ignore format: a table

/** A shell reports a death by signal as 128 + n; an `exit 137` cannot be told from it. */
export function signalOf(code: number): string | undefined {
  return code > 128 ? SIGNALS[code - 128] : undefined
}
