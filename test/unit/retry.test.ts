import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { spentAttempts } from '../../src/domain/attempts.ts'
import type { Attempt } from '../../src/domain/item.ts'
import { DEFAULT_SETTLE_POLICY } from '../../src/domain/policy.ts'
import { attemptRecord } from '../../src/domain/record.ts'
import {
  DEFAULT_RETRY,
  type Failure,
  mayRetry,
  RETRY_CAUSES,
  type RetryPolicy,
  type RetryRule,
  type RuleParts,
  retryDelay,
  retryPolicy,
  ruleFor,
} from '../../src/domain/retry.ts'
import { decide, judge } from '../../src/domain/settle.ts'

const NOW = Date.UTC(2026, 10, 22)
const MINUTE = 60_000
const HOUR = 3_600_000

function rule(parts: RuleParts): RetryRule {
  return { ...DEFAULT_RETRY, ...parts } as RetryRule
}

/** The delays of the first retries, without their random part, in seconds. */
function delays(parts: RuleParts, count: number): number[] {
  return Array.from({ length: count }, (_, index) => retryDelay(rule(parts), index + 1, 0) / 1000)
}

describe('a retry waits', () => {
  it.each<[sentence: string, parts: RuleParts, seconds: number[]]>([
    ['10 s, doubled each time, an hour at most, unless said otherwise', {}, [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]],
    ['the same each time', { backoff: 'constant', base: 5000 }, [5, 5, 5]],
    ['so much longer each time', { backoff: 'linear', base: 5000 }, [5, 10, 15]],
    ['by a factor of its own', { factor: 3, base: 1000 }, [1, 3, 9, 27]],
    ['no longer than its most', { backoff: 'linear', base: 5000, max: 12_000 }, [5, 10, 12, 12]],
    ['as its list says, and beyond the end of it as its last', { backoff: [0, MINUTE, 600_000, HOUR, 3 * HOUR, 6 * HOUR] }, [0, 60, 600, 3600, 10_800, 21_600, 21_600]],
    ['not at all', { base: 0 }, [0, 0, 0]],
  ])('%s', (_sentence, parts, seconds) => {
    expect(delays(parts, seconds.length)).toEqual(seconds)
  }) // biome-ignore format: a table

  it('up to its jitter longer, never less, and never without end', () => {
    const any = fc.record({
      spent: fc.integer({ min: 1, max: 2000 }),
      chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      jitter: fc.double({ min: 0, max: 10, noNaN: true }),
      factor: fc.double({ min: 1, max: 100, noNaN: true }),
    })
    fc.assert(
      fc.property(any, ({ spent, chance, jitter, factor }) => {
        const given = rule({ jitter, factor })
        const least = retryDelay(given, spent, 0)
        const delay = retryDelay(given, spent, chance)
        expect(delay).toBeGreaterThanOrEqual(least)
        expect(delay).toBeLessThanOrEqual((least + 1) * (1 + jitter) + 1)
        expect(Number.isSafeInteger(delay)).toBe(true)
      }),
    )
  })
})

/** Runs an item whose handler exits so, again and again, and tells what became of each attempt. */
function life(retry: RetryPolicy, exits: readonly number[], maxAttempts = 15): Attempt[] {
  const policy = { ...DEFAULT_SETTLE_POLICY, retry, maxAttempts }
  const attempts: Attempt[] = []
  for (const code of exits) {
    const outcome = { kind: 'exited', code } as const
    const verdict = judge({ outcome, lines: [], dest: undefined, handlerFails: false }, policy)
    const move = decide(verdict, spentAttempts(attempts) + 1, policy, NOW, 0.999)
    attempts.push(attemptRecord(attempts.length + 1, { started: undefined, ended: '' }, outcome, verdict, move))
    if (move.to !== 'que') break
  }
  return attempts
}

const FOR_EVER = Array<number>(100).fill(1)
const verdicts = (attempts: readonly Attempt[]) => attempts.map(({ verdict }) => verdict)

describe('an item that fails', () => {
  it('is not retried unless somebody asks for it', () => {
    expect(verdicts(life(DEFAULT_RETRY, FOR_EVER))).toEqual(['fail'])
  })
  it('is retried once', () => {
    expect(verdicts(life({ ...DEFAULT_RETRY, limit: 1 }, FOR_EVER))).toEqual(['reschedule', 'fail'])
  })
  it('is retried for ever, within max_attempts', () => {
    expect(life({ ...DEFAULT_RETRY, limit: -1 }, FOR_EVER)).toHaveLength(15)
    expect(life({ ...DEFAULT_RETRY, limit: -1 }, FOR_EVER, 60)).toHaveLength(60)
  })
  it('fails five times, then succeeds, and was never failed in between', () => {
    expect(verdicts(life({ ...DEFAULT_RETRY, limit: 5 }, [1, 1, 1, 1, 1, 0]))).toEqual([
      ...Array<string>(5).fill('reschedule'),
      'done',
    ])
  })
  it('has in its record the time that its name will say', () => {
    const [attempt] = life({ ...DEFAULT_RETRY, limit: 1, jitter: 1 }, [1])
    // 10 s and almost 10 s of jitter, in whole seconds: computed once, whoever shows it.
    expect(attempt?.due).toBe(NOW / 1000 + 20)
  })
  it('is never retried by a fatal exit, whatever else says', () => {
    const retry = retryPolicy({ ...DEFAULT_RETRY, limit: 9 }, { '4': { limit: 9 } }, { signal: { limit: 9 } }, [4, 137])
    expect(verdicts(life(retry, [4]))).toEqual(['fail'])
    expect(verdicts(life(retry, [137]))).toEqual(['fail'])
    expect(verdicts(life(retry, [65]))).toEqual(['fail'])
    expect(verdicts(life(retry, [5]))).toEqual(['reschedule'])
  })
})

describe('a rule of its own', () => {
  const outer = { ...DEFAULT_RETRY, limit: 3, base: 1000, onGiveUp: { relay_to: 'dead' } }
  const retry = retryPolicy(
    outer,
    { '7': { base: 5000 }, '139': { queue: 'big' } },
    { timeout: { limit: -1 }, signal: { limit: 0 }, lost: { base: 9000 } },
    [],
  )
  it.each<[sentence: string, failure: Failure, parts: RuleParts]>([
    ['by exit, and all else from the outer one', { exit: 7 }, { limit: 3, base: 5000, onGiveUp: { relay_to: 'dead' } }],
    ['by cause', { cause: 'timeout' }, { limit: -1, base: 1000, onGiveUp: { relay_to: 'dead' } }],
    ['by signal', { exit: 137, cause: 'signal' }, { limit: 0 }],
    ['by the exit of a signal before the signal', { exit: 139, cause: 'signal' }, { queue: 'big', limit: 3 }],
    ['for what was lost, which does not inherit that others are not retried', { cause: 'lost' }, { limit: -1, base: 9000 }],
    ['of nobody: the outer one', { exit: 1 }, outer],
    ['of no such cause: the outer one', { cause: 'memory' }, outer],
    ['of no failure: the outer one', {}, outer],
  ])('%s', (_sentence, failure, parts) => {
    expect(ruleFor(retry, failure)).toMatchObject(parts)
  }) // biome-ignore format: a table

  it('says all that it does not say itself as the outer one does, for every cause', () => {
    const causes = Object.fromEntries(RETRY_CAUSES.map((cause) => [cause, { limit: 3 }]))
    const same = retryPolicy(outer, {}, causes, [])
    for (const cause of RETRY_CAUSES) {
      const { limit, base, factor, max, jitter, backoff, onGiveUp } = ruleFor(same, { cause })
      expect({ ...outer, limit, base, factor, max, jitter, backoff, onGiveUp }).toEqual(outer)
    }
  })
  it('may name what every object has', () => {
    expect(ruleFor(retry, { exit: 'constructor' as unknown as number })).toBe(retry)
  })
})

it('a limit counts retries, max_attempts counts runs', () => {
  expect([1, 2, 3].map((spent) => mayRetry(rule({ limit: 2 }), spent, 15))).toEqual([true, true, false])
  expect([1, 2, 3].map((spent) => mayRetry(rule({ limit: 9 }), spent, 2))).toEqual([true, false, false])
  expect(mayRetry(rule({ limit: -1 }), 14, 15)).toBe(true)
  expect(mayRetry(rule({ limit: -1 }), 15, 15)).toBe(false)
})
