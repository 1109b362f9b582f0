/**
 * Where an item goes after its handler ended: Outcome (what the system saw) → Verdict (what it means) →
 * Move (what to do). Pure and total; docs/PROTOCOL.md, "Exit status", is this file as a table.
 */
import type { LimitCause, Move, Outcome, Verdict } from './item.ts'
import { OVER_LIMIT } from './limits.ts'
import type { Millis } from './name.ts'
import type { ExitMeaning, SettlePolicy } from './policy.ts'
import { dueAfter, type Failure, growingDelay, mayRetry, retryDelay, ruleFor } from './retry.ts'
import { signalOf } from './signals.ts'
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
  const verdict = judgeOutcome(ended, policy)
  const oom = outcome.kind === 'exited' || outcome.kind === 'lost' ? outcome.oom : undefined
  return oom === undefined ? verdict : judgeKill(oom, verdict)
}

/** What came through although something of it was killed did so; whatever else it says is for want of memory. */
function judgeKill(oom: string, verdict: Verdict): Verdict {
  switch (verdict.kind) {
    case 'done':
    case 'relayed':
    case 'relay':
      return verdict
    case 'fail':
    case 'reschedule':
    case 'interrupted':
    case 'broken': {
      const final = verdict.kind === 'fail' && verdict.final
      return { kind: 'fail', text: `memory: ${oom}`, final, failure: { cause: 'memory' } }
    }
  }
}

function judgeOutcome(ended: Ended, policy: SettlePolicy): Verdict {
  const { outcome } = ended
  switch (outcome.kind) {
    case 'exited':
      return outcome.before === true ? judgeBefore(outcome.code, ended, policy) : judgeExit(outcome.code, ended, policy)
    case 'stopped':
      return judgeStop(outcome, ended, policy)
    case 'lost': {
      const text = 'lost: its process died without an exit status'
      const failure = { cause: 'lost' } as const
      if (policy.retry.causes.lost !== undefined) return { kind: 'fail', text, final: false, failure }
      return { kind: 'reschedule', text, after: policy.rescheduleAfter, growing: true }
    }
    case 'refused':
      return { kind: 'fail', text: outcome.reason, final: true }
    case 'merged':
      return { kind: 'done', text: `merged into ${outcome.into}` }
  }
}

type Stop = Extract<Outcome, { kind: 'stopped' }>

function judgeStop(outcome: Stop, ended: Ended, policy: SettlePolicy): Verdict {
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
    case 'timeout':
    case 'cpu':
    case 'memory':
    case 'silence':
      return judgeLimit(outcome.cause, outcome, ended, policy)
  }
}

/** A success that it says in so many words counts, even on TERM; an exit of 0 alone may be how it takes a TERM. */
function judgeLimit(cause: LimitCause, { code, detail }: Stop, ended: Ended, policy: SettlePolicy): Verdict {
  const line = firstVerdict(ended.lines)
  const meaning = code === undefined ? 'fail' : meaningOf(code, policy)
  if (meaning === 'done' && (line?.kind === 'done' || line?.kind === 'relayed'))
    return judgeSuccess(line, 0, ended, policy)
  const text = `${cause}: ${detail ?? OVER_LIMIT[cause]}`
  return { kind: 'fail', text, final: meaning === 'fatal', failure: { cause } }
}

/** `retry.fatal` wins over `exit_codes`. */
function meaningOf(code: number, policy: SettlePolicy): ExitMeaning {
  return policy.retry.fatal.includes(code) ? 'fatal' : (policy.exitCodes[String(code)] ?? 'fail')
}

/** The hook kept the handler from being run: it may ask to come again or fail the item, for now or for good. */
function judgeBefore(code: number, ended: Ended, policy: SettlePolicy): Verdict {
  const said = lineText(firstVerdict(ended.lines))
  const text = `hook before: exit ${code}${said === '' ? '' : `: ${said}`}`
  if ((code === 126 || code === 127) && ended.handlerFails) return { kind: 'broken', text }
  const failure = { exit: code }
  switch (meaningOf(code, policy)) {
    case 'reschedule': {
      const verdict = judgeExit(code, ended, policy)
      return verdict.kind === 'reschedule' ? { ...verdict, text } : { kind: 'fail', text, final: false, failure }
    }
    case 'fatal':
      return { kind: 'fail', text, final: true, failure }
    case 'done':
    case 'fail':
    case 'relay':
    case 'broken':
      return { kind: 'fail', text, final: false, failure }
  }
}

function judgeExit(code: number, ended: Ended, policy: SettlePolicy): Verdict {
  const line = firstVerdict(ended.lines)
  const meaning = meaningOf(code, policy)
  switch (meaning) {
    case 'done':
      return judgeSuccess(line, code, ended, policy)
    case 'reschedule': {
      const after = line?.kind === 'resend' ? line.seconds * 1000 : policy.rescheduleAfter
      return { kind: 'reschedule', text: lineText(line) || `exit ${code}`, after }
    }
    case 'relay':
      return relayTo(line?.kind === 'relay' ? line.dest : undefined, ended, policy)
    case 'broken':
      return { kind: 'broken', text: lineText(line) || `exit ${code}: the handler says that it cannot work` }
    case 'fatal':
      return { kind: 'fail', text: failText(code, line), final: true, failure: failureOf(code) }
    case 'fail':
      if ((code === 126 || code === 127) && ended.handlerFails) {
        return { kind: 'broken', text: `exit ${code}: the handler cannot be run` }
      }
      return { kind: 'fail', text: failText(code, line), final: false, failure: failureOf(code) }
  }
}

function failureOf(code: number): Failure {
  return signalOf(code) === undefined ? { exit: code } : { exit: code, cause: 'signal' }
}

function judgeSuccess(line: VerdictLine | undefined, code: number, ended: Ended, policy: SettlePolicy): Verdict {
  const failed = { kind: 'fail', final: false, failure: { exit: code } } as const
  if (line === undefined) {
    if (policy.handshake === 'none') return { kind: 'done', text: '' }
    return { ...failed, text: 'no verdict line, and handshake is required' }
  }
  switch (line.kind) {
    case 'done':
      return { kind: 'done', text: line.text }
    case 'fail':
      return { ...failed, text: line.text || 'the handler said fail' }
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

/**
 * Order for a meaning. `spent` counts the attempts of this budget, this one included; `chance`, from 0 to 1, is
 * what the delay of a retry varies by.
 */
export function decide(verdict: Verdict, spent: number, policy: SettlePolicy, now: Millis, chance: number): Move {
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
    case 'fail': {
      const rule = ruleFor(policy.retry, verdict.failure ?? {})
      if (verdict.final || !mayRetry(rule, spent, policy.maxAttempts)) return { to: '_err' }
      const due = dueAfter(now, retryDelay(rule, spent, chance))
      return { to: 'que', due, ...(rule.queue === undefined ? {} : { queue: rule.queue }) }
    }
  }
}
