/**
 * What follows a failure: whether it is tried again, when, where, and what becomes of what is given up
 * (docs/RETRY.md). Pure; the random number is a parameter, and a delay is computed once.
 */
import type { Verdict } from './item.ts'
import type { Millis } from './name.ts'

/** What a rule of its own can be given to, besides exit codes. */
export const RETRY_CAUSES = ['timeout', 'cpu', 'memory', 'silence', 'signal', 'lost'] as const
export type RetryCause = (typeof RETRY_CAUSES)[number]

export const GROWTHS = ['constant', 'linear', 'exponential'] as const
/** A list holds the delays themselves; beyond its end its last one counts. */
export type Backoff = (typeof GROWTHS)[number] | readonly Millis[]

export type GiveUp = 'fail' | { readonly relay_to: string }

export interface RetryRule {
  /** Retries in one budget; negative: as many as `max_attempts` allows. */
  readonly limit: number
  readonly backoff: Backoff
  readonly base: Millis
  readonly factor: number
  /** The longest delay; a list says its own. */
  readonly max: Millis
  /** So much of the delay is added at random: 0.1 is up to a tenth. */
  readonly jitter: number
  /** Where the retry runs; undefined: in its own queue. */
  readonly queue: string | undefined
  readonly onGiveUp: GiveUp
}

export interface RetryPolicy extends RetryRule {
  readonly exits: Readonly<Record<string, RetryRule>>
  readonly causes: Readonly<Partial<Record<RetryCause, RetryRule>>>
  /** Exit codes that are never retried, whatever else says. */
  readonly fatal: readonly number[]
}

/** What a rule says otherwise. */
export type RuleParts = { readonly [K in keyof RetryRule]?: RetryRule[K] | undefined }

/** What kind of failure it was: an exit code, a cause, or both (a signal). */
export interface Failure {
  readonly exit?: number | undefined
  readonly cause?: RetryCause | undefined
}

export const DEFAULT_RETRY: RetryPolicy = {
  limit: 0,
  backoff: 'exponential',
  base: 10_000,
  factor: 2,
  max: 3_600_000,
  jitter: 0.1,
  queue: undefined,
  onGiveUp: 'fail',
  exits: {},
  causes: {},
  fatal: [],
}

/** Key by key: what the inner rule does not say is as the outer one has it. */
export function inherit(outer: RetryRule, parts: RuleParts): RetryRule {
  const { limit, backoff, base, factor, max, jitter, queue, onGiveUp } = outer
  return {
    limit: parts.limit ?? limit,
    backoff: parts.backoff ?? backoff,
    base: parts.base ?? base,
    factor: parts.factor ?? factor,
    max: parts.max ?? max,
    jitter: parts.jitter ?? jitter,
    queue: parts.queue ?? queue,
    onGiveUp: parts.onGiveUp ?? onGiveUp,
  }
}

export function retryPolicy(
  outer: RetryRule,
  exits: Readonly<Record<string, RuleParts>>,
  causes: Readonly<Partial<Record<RetryCause, RuleParts>>>,
  fatal: readonly number[],
): RetryPolicy {
  const ofCauses = RETRY_CAUSES.flatMap((cause) => {
    const parts = causes[cause]
    // What was lost failed by no fault of its own: it runs again unless its own rule says how often.
    const base = cause === 'lost' ? { ...outer, limit: -1 } : outer
    return parts === undefined ? [] : [[cause, inherit(base, parts)] as const]
  })
  return {
    ...outer,
    exits: Object.fromEntries(Object.entries(exits).map(([code, parts]) => [code, inherit(outer, parts)])),
    causes: Object.fromEntries(ofCauses),
    fatal,
  }
}

/** The rule for a failure: that of its exit code before that of its cause before the outer one. */
export function ruleFor(retry: RetryPolicy, { exit, cause }: Failure): RetryRule {
  const ofExit = exit === undefined || !Object.hasOwn(retry.exits, exit) ? undefined : retry.exits[String(exit)]
  return ofExit ?? (cause === undefined ? undefined : retry.causes[cause]) ?? retry
}

/** The queue that gets what is not tried again; undefined: it stays here, as failed. Cancels and refusals always do. */
export function givenUpTo(retry: RetryPolicy, verdict: Verdict): string | undefined {
  const rule = ruleOf(retry, verdict)
  return rule === undefined || rule.onGiveUp === 'fail' ? undefined : rule.onGiveUp.relay_to
}

function ruleOf(retry: RetryPolicy, verdict: Verdict): RetryRule | undefined {
  if (verdict.kind === 'fail') return verdict.failure === undefined ? undefined : ruleFor(retry, verdict.failure)
  if (verdict.kind === 'reschedule') return ruleFor(retry, verdict.growing ? { cause: 'lost' } : {})
  return undefined
}

/** `spent` counts the attempts of this budget, the one that failed included. */
export function mayRetry(rule: RetryRule, spent: number, maxAttempts: number): boolean {
  return spent < maxAttempts && (rule.limit < 0 || spent <= rule.limit)
}

/** How long the retry after `spent` attempts waits. `chance`: at least 0, less than 1. */
export function retryDelay(rule: RetryRule, spent: number, chance: number): Millis {
  return Math.round(plainDelay(rule, Math.max(1, spent)) * (1 + rule.jitter * chance))
}

function plainDelay({ backoff, base, factor, max }: RetryRule, nth: number): Millis {
  if (typeof backoff !== 'string') return backoff[Math.min(nth, backoff.length) - 1] ?? 0
  switch (backoff) {
    case 'constant':
      return Math.min(max, base)
    case 'linear':
      return Math.min(max, base * nth)
    case 'exponential':
      return Math.min(max, base * factor ** (nth - 1))
  }
}

/** What kills its processes each time must not spend its budget in a second: 0, 1, 2, 4 … s. */
export function growingDelay(spent: number, most: Millis): Millis {
  return spent < 2 ? 0 : Math.min(most, 1000 * 2 ** (spent - 2))
}

/** In whole unix seconds, as names hold it; undefined: at once. */
export function dueAfter(now: Millis, after: Millis): number | undefined {
  return after <= 0 ? undefined : Math.ceil((now + after) / 1000)
}
