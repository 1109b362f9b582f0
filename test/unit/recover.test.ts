import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Attempt, STOP_CAUSES, VERDICTS } from '../../src/domain/item.ts'
import { recordedMove } from '../../src/domain/record.ts'
import { type FoundAttempt, type FoundRun, type Recovery, recover } from '../../src/domain/recover.ts'

const RUNNING: FoundAttempt = {
  n: 2,
  exit: undefined,
  sameBoot: true,
  started: true,
  groupAlive: true,
  stopping: undefined,
}

function found(record: Partial<FoundAttempt> | undefined, lastAttempt?: Attempt, hasContent = true): FoundRun {
  return { hasContent, lastAttempt, record: record === undefined ? undefined : { ...RUNNING, ...record } }
}

describe('an item found in run/', () => {
  const first: Attempt = { n: 1, verdict: 'reschedule', to: 'que', due: 7 }
  const dead = { groupAlive: false }
  const rows: [sentence: string, found: FoundRun, recovery: Recovery][] = [
    ['is discarded when a claim made it and took nothing', found(undefined, undefined, false), { do: 'discard' }],
    ['goes back when it was claimed and nothing more', found(undefined), { do: 'requeue' }],
    ['goes back when an earlier attempt has a verdict and no other was begun', found(undefined, first), { do: 'requeue' }],
    ['is moved when its attempt has a verdict', found({}, { n: 2, verdict: 'done' }), { do: 'move', move: { to: 'done' } }],
    ['is moved when its attempt has a verdict, be its handler alive', found({ exit: 0 }, { n: 2, verdict: 'fail' }), { do: 'move', move: { to: '_err' } }],
    ['is moved by its verdict, not by another boot', found({ sameBoot: false }, { n: 2, verdict: 'done' }), { do: 'move', move: { to: 'done' } }],
    ['is moved to where a relay went', found({}, { n: 2, verdict: 'relay', to: 'b' }), { do: 'move', move: { to: 'relay', dest: 'b' } }],
    ['goes back when its attempt is named without a verdict', found({}, { n: 2 }), { do: 'requeue' }],
    ['is adopted while its handler lives', found({}, first), { do: 'adopt' }],
    ['is adopted while its handler lives, though we were stopping it', found({ stopping: 'cancel' }), { do: 'adopt' }],
    ['is settled by its recorded exit', found({ exit: 3, ...dead }), { do: 'settle', outcome: { kind: 'exited', code: 3 } }],
    ['is settled by its recorded exit, be something of it alive', found({ exit: 0 }), { do: 'settle', outcome: { kind: 'exited', code: 0 } }],
    ['is settled as stopped when we were stopping it', found({ exit: 143, stopping: 'shutdown' }), { do: 'settle', outcome: { kind: 'stopped', cause: 'shutdown', code: 143 } }],
    ['is settled as stopped when we killed it', found({ ...dead, stopping: 'cancel' }), { do: 'settle', outcome: { kind: 'stopped', cause: 'cancel', code: undefined } }],
    ['is settled as over its limit when we killed it for that', found({ ...dead, stopping: 'memory' }), { do: 'settle', outcome: { kind: 'stopped', cause: 'memory', code: undefined } }],
    ['is settled as over its limit, with the exit that it took the TERM by', found({ exit: 143, stopping: 'timeout' }), { do: 'settle', outcome: { kind: 'stopped', cause: 'timeout', code: 143 } }],
    ['is settled by its exit and by what the kernel killed', found({ exit: 137, oom: 'killed' }), { do: 'settle', outcome: { kind: 'exited', code: 137, oom: 'killed' } }],
    ['is settled by what the kernel killed when no exit is known', found({ ...dead, oom: 'killed' }), { do: 'settle', outcome: { kind: 'lost', oom: 'killed' } }],
    ['is settled as we stopped it, whatever the kernel killed', found({ exit: 137, oom: 'killed', stopping: 'cancel' }), { do: 'settle', outcome: { kind: 'stopped', cause: 'cancel', code: 137 } }],
    ['is lost when its handler died without an exit', found(dead), { do: 'settle', outcome: { kind: 'lost' } }],
    ['is lost when the machine went down', found({ ...dead, sameBoot: false }), { do: 'settle', outcome: { kind: 'lost' } }],
    ['is lost when the machine went down, whatever exit it wrote', found({ sameBoot: false, exit: 0 }), { do: 'settle', outcome: { kind: 'lost' } }],
    ['is lost, and counted, when the machine went down before it began', found({ sameBoot: false, started: false }), { do: 'settle', outcome: { kind: 'lost' } }],
    ['is seized when its slot has not begun it', found({ started: false }), { do: 'seize' }],
    ['is seized when its slot has not begun it and died', found({ started: false, ...dead }), { do: 'seize' }],
  ] // biome-ignore format: a table
  it.each(rows)('%s', (_sentence, run, recovery) => {
    expect(recover(run)).toEqual(recovery)
  })
})

const anyAttempt: fc.Arbitrary<Attempt> = fc
  .record({
    n: fc.integer({ min: 1, max: 4 }),
    verdict: fc.option(fc.constantFrom(...VERDICTS), { nil: undefined }),
    to: fc.option(fc.constantFrom('que', 'b'), { nil: undefined }),
    due: fc.option(fc.nat(), { nil: undefined }),
  })
  .map(
    (attempt) => Object.fromEntries(Object.entries(attempt).filter(([, v]) => v !== undefined)) as unknown as Attempt,
  )

const anyFound: fc.Arbitrary<FoundRun> = fc.record({
  hasContent: fc.boolean(),
  lastAttempt: fc.option(anyAttempt, { nil: undefined }),
  record: fc.option(
    fc.record({
      n: fc.integer({ min: 1, max: 4 }),
      exit: fc.option(fc.integer({ min: 0, max: 255 }), { nil: undefined }),
      sameBoot: fc.boolean(),
      started: fc.boolean(),
      groupAlive: fc.boolean(),
      stopping: fc.constantFrom(undefined, ...STOP_CAUSES),
    }),
    { nil: undefined },
  ),
})

const RUNS = { numRuns: 3000 }

describe('of whatever lies in run/', () => {
  it('an attempt with a verdict is moved by it and never run, judged or adopted', () => {
    fc.assert(
      fc.property(anyFound, (run) => {
        const { verdict = 'done', n = 4, ...rest } = run.lastAttempt ?? {}
        const lastAttempt = { ...rest, n, verdict }
        const record = { ...RUNNING, ...run.record, n: Math.min(n, run.record?.n ?? n) }
        expect(recover({ ...run, record, lastAttempt })).toEqual({ do: 'move', move: recordedMove(lastAttempt) })
      }),
      RUNS,
    )
  })
  it('nothing that may be alive is put back or settled as lost', () => {
    const live = { exit: undefined, sameBoot: true, started: true, groupAlive: true }
    fc.assert(
      fc.property(anyFound, fc.integer({ min: 5, max: 9 }), (run, n) => {
        const record = { ...RUNNING, ...run.record, ...live, n }
        expect(recover({ ...run, record })).toEqual({ do: 'adopt' })
      }),
      RUNS,
    )
  })
  it('content is never discarded', () => {
    fc.assert(
      fc.property(anyFound, (run) => !(run.hasContent && recover(run).do === 'discard')),
      RUNS,
    )
  })
  it('a worker that dies after any answer is followed by one with the same answer', () => {
    fc.assert(
      fc.property(anyFound, (run) => {
        const answer = recover(run)
        expect(recover(structuredClone(run))).toEqual(answer)
        // A settle writes its verdict, and dies before the move: the next one only moves.
        if (answer.do !== 'settle' || run.record === undefined) return
        const verdict: Attempt = { n: run.record.n, verdict: 'done', to: 'done' }
        expect(recover({ ...run, lastAttempt: verdict })).toEqual({ do: 'move', move: { to: 'done' } })
      }),
      RUNS,
    )
  })
})
