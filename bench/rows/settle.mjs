// The pure part of a settle: what an end means, what follows, and what is written down, with rules for retries and without.
import { now } from '../lib/clock.mjs'
import { loadDomain } from '../lib/domain.mjs'
import { ratioRow } from '../lib/rows.mjs'
import { inTurns } from '../lib/turns.mjs'

const ENDS = 100_000
const AT = Date.UTC(2026, 0, 1)
const SEEN = { started: '2026-01-01T00:00:00.000Z', ended: '2026-01-01T00:00:01.000Z', cpu: 0.01 }

const SUCCESS = { kind: 'exited', code: 0 }
const FAILURES = [
  { kind: 'exited', code: 1 },
  { kind: 'exited', code: 3 },
  { kind: 'exited', code: 137 },
  { kind: 'stopped', cause: 'timeout', code: 143 },
  { kind: 'lost' },
]

export async function measure(ctx) {
  const domain = await loadDomain(ctx)
  const { DEFAULT_SETTLE_POLICY: none, DEFAULT_RETRY } = domain
  const rule = { ...DEFAULT_RETRY, limit: 5 }
  const exits = { 1: { limit: 3 }, 3: { backoff: 'linear', base: 1000 }, 4: { backoff: [1000, 5000] } }
  const causes = { timeout: { limit: 1 }, signal: { backoff: 'constant' }, lost: { limit: 4 } }
  const rules = { ...none, retry: domain.retryPolicy(rule, exits, causes, [9]) }

  const succeed = () => SUCCESS
  const fail = (i) => FAILURES[i % FAILURES.length]
  const contestants = {
    done: () => microsEach(domain, succeed, none),
    doneRules: () => microsEach(domain, succeed, rules),
    failed: () => microsEach(domain, fail, none),
    failedRules: () => microsEach(domain, fail, rules),
  }
  // Once for each before it counts: Node compiles meanwhile.
  for (const contestant of Object.values(contestants)) contestant()
  const { done, doneRules, failed, failedRules } = await inTurns(ctx.rounds * 2, contestants)
  const row = { beside: 'no retry', unit: 'µs', better: 'less' }
  return [
    ratioRow({ work: 'settle, successes: rules for exits and causes', ours: doneRules, theirs: done, ...row }),
    ratioRow({ work: 'settle, failures: rules for exits and causes', ours: failedRules, theirs: failed, ...row }),
  ]
}

/** Microseconds for each end. */
function microsEach({ judge, decide, attemptRecord }, outcomeOf, policy) {
  let length = 0
  const start = now()
  for (let i = 0; i < ENDS; i += 1) {
    const outcome = outcomeOf(i)
    const verdict = judge({ outcome, lines: [], dest: undefined, handlerFails: false }, policy)
    const spent = 1 + (i % 3)
    const move = decide(verdict, spent, policy, AT + i, (i % 100) / 100)
    length += attemptRecord(spent, SEEN, outcome, verdict, move).verdict.length
  }
  const micros = (now() - start) / 1000 / ENDS
  // What nobody looks at, a compiler may leave out.
  if (length === 0) throw new Error('nothing was decided')
  return micros
}
