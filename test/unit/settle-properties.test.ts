import fc from 'fast-check'
import { expect, it } from 'vitest'
import { spentAttempts } from '../../src/domain/attempts.ts'
import { type Attempt, type Outcome, STOP_CAUSES, type State } from '../../src/domain/item.ts'
import { formatMsg, parseMsg } from '../../src/domain/msg.ts'
import { DEFAULT_EXIT_CODES, EXIT_MEANINGS, type SettlePolicy } from '../../src/domain/policy.ts'
import { attemptRecord, isLegalMove, recordedMove } from '../../src/domain/record.ts'
import { GROWTHS, type RetryPolicy, type RuleParts, retryPolicy } from '../../src/domain/retry.ts'
import { decide, judge } from '../../src/domain/settle.ts'
import { parseStatusLines } from '../../src/domain/status-line.ts'

const NOW = Date.UTC(2026, 10, 22)

const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ kind: fc.constant('exited' as const), code: fc.integer({ min: 0, max: 255 }) }),
  fc.record({
    kind: fc.constant('exited' as const),
    code: fc.integer({ min: 1, max: 255 }),
    before: fc.constant(true as const),
  }),
  fc.record({
    kind: fc.constant('stopped' as const),
    cause: fc.constantFrom(...STOP_CAUSES),
    code: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
  }),
  fc.constant({ kind: 'lost' as const }),
  fc.record({ kind: fc.constant('refused' as const), reason: fc.string() }),
)

const anyDelay = fc.integer({ min: 0, max: 1e12 })

const anyRule = {
  limit: fc.integer({ min: -1, max: 30 }),
  backoff: fc.oneof(fc.constantFrom(...GROWTHS), fc.array(anyDelay, { minLength: 1, maxLength: 5 })),
  base: anyDelay,
  factor: fc.double({ min: 1, max: 100, noNaN: true }),
  max: anyDelay,
  jitter: fc.double({ min: 0, max: 10, noNaN: true }),
  queue: fc.option(fc.constant('slow'), { nil: undefined }),
  onGiveUp: fc.constantFrom('fail' as const, { relay_to: 'dead' }),
}
const anyParts: fc.Arbitrary<RuleParts> = fc.record(anyRule, { requiredKeys: [] })

const anyRetry: fc.Arbitrary<RetryPolicy> = fc
  .tuple(
    fc.record(anyRule),
    fc.dictionary(fc.integer({ min: 0, max: 255 }).map(String), anyParts),
    fc.record({ timeout: anyParts, signal: anyParts, lost: anyParts }, { requiredKeys: [] }),
    fc.array(fc.integer({ min: 1, max: 255 }), { maxLength: 3 }),
  )
  .map(([outer, exits, causes, fatal]) => retryPolicy(outer, exits, causes, fatal))

const anyPolicy: fc.Arbitrary<SettlePolicy> = fc.record({
  exitCodes: fc
    .dictionary(fc.integer({ min: 0, max: 255 }).map(String), fc.constantFrom(...EXIT_MEANINGS))
    .map((codes) => ({ ...DEFAULT_EXIT_CODES, ...codes })),
  handshake: fc.constantFrom('none' as const, 'required' as const),
  maxAttempts: fc.integer({ min: 1, max: 20 }),
  retry: anyRetry,
  rescheduleAfter: fc.integer({ min: 0, max: 1e12 }),
  relayTo: fc.option(fc.string(), { nil: undefined }),
})

const anyLines = fc
  .array(
    fc.constantFrom(
      'run 1%',
      'done',
      'done x',
      'fail',
      'err x',
      'resend 9-x',
      'relay q',
      'relay relayed',
      'relayed u',
      'dup 1-X-q',
      '?',
    ),
  )
  .map((lines) => parseStatusLines(lines.map((line) => `${line}\n`).join('')))

const anyEnd = fc.record({
  outcome: anyOutcome,
  lines: anyLines,
  dest: fc.option(fc.string(), { nil: undefined }),
  handlerFails: fc.boolean(),
})

it('every end has a meaning, a legal move, and a record that asks for the same move after a crash', () => {
  fc.assert(
    fc.property(anyEnd, anyPolicy, fc.integer({ min: 1, max: 40 }), (end, policy, spent) => {
      const verdict = judge(end, policy)
      const move = decide(verdict, spent, policy, NOW, 0.5)
      const target: State = move.to === 'relay' ? 'relayed' : move.to
      expect(isLegalMove('run', target)).toBe(true)

      const attempt = attemptRecord(spent, { started: undefined, ended: 'now' }, end.outcome, verdict, move)
      const read = parseMsg(formatMsg({ attempts: [attempt] }))
      const kept = read.ok ? read.msg.attempts?.[0] : undefined
      expect(kept && recordedMove(kept)).toEqual(move)
    }),
    { numRuns: 3000 },
  )
})

it('an item that comes back again and again ends for good after at most max_attempts counted attempts', () => {
  fc.assert(
    fc.property(fc.array(anyEnd, { minLength: 60, maxLength: 60 }), anyPolicy, (ends, policy) => {
      const attempts: Attempt[] = []
      for (const end of ends) {
        const verdict = judge(end, policy)
        const move = decide(verdict, spentAttempts(attempts) + 1, policy, NOW, 0.5)
        attempts.push(attemptRecord(attempts.length + 1, { started: undefined, ended: '' }, end.outcome, verdict, move))
        if (move.to !== 'que') break
      }
      expect(attempts.filter((attempt) => attempt.free !== true).length).toBeLessThanOrEqual(policy.maxAttempts)
    }),
  )
})

it('an item moved back by hand has its whole budget again', () => {
  fc.assert(
    fc.property(anyPolicy, (any) => {
      const policy = { ...any, retry: { ...any.retry, causes: {} } }
      const attempts: Attempt[] = []
      for (let life = 0; life < 3; life += 1) {
        let counted = 0
        for (;;) {
          const verdict = judge({ outcome: { kind: 'lost' }, lines: [], dest: undefined, handlerFails: false }, policy)
          const move = decide(verdict, spentAttempts(attempts) + 1, policy, NOW, 0.5)
          attempts.push(
            attemptRecord(attempts.length + 1, { started: undefined, ended: '' }, { kind: 'lost' }, verdict, move),
          )
          counted += 1
          if (move.to !== 'que') break
        }
        expect(counted).toBe(policy.maxAttempts)
      }
    }),
  )
})

it('a stop of ours never costs the item an attempt by a failure', () => {
  fc.assert(
    fc.property(
      anyEnd,
      anyPolicy,
      fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
      (end, policy, code) => {
        const verdict = judge({ ...end, outcome: { kind: 'stopped', cause: 'shutdown', code } }, policy)
        expect(['done', 'relay', 'relayed', 'reschedule', 'interrupted']).toContain(verdict.kind)
      },
    ),
  )
})
