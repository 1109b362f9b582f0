import { describe, expect, it } from 'vitest'
import type { Attempt, Move, Outcome, Verdict } from '../../src/domain/item.ts'
import { DEFAULT_SETTLE_POLICY, type SettlePolicy } from '../../src/domain/policy.ts'
import { attemptRecord, isLegalMove, recordedMove } from '../../src/domain/record.ts'
import { DEFAULT_RETRY } from '../../src/domain/retry.ts'
import { decide, judge } from '../../src/domain/settle.ts'
import { signalOf } from '../../src/domain/signals.ts'
import { parseStatusLines } from '../../src/domain/status-line.ts'

const NOW = Date.UTC(2026, 10, 22, 10, 15, 0, 500)

function policy(change: Partial<SettlePolicy> = {}): SettlePolicy {
  return { ...DEFAULT_SETTLE_POLICY, ...change }
}

interface End {
  readonly outcome: Outcome
  readonly said?: string
  readonly dest?: string
  readonly handlerFails?: boolean
  readonly policy?: Partial<SettlePolicy>
}

function meaning(end: End): Verdict {
  const lines = parseStatusLines(end.said ?? '')
  const ended = { outcome: end.outcome, lines, dest: end.dest, handlerFails: end.handlerFails ?? false }
  return judge(ended, policy(end.policy))
}

const exit = (code: number): Outcome => ({ kind: 'exited', code })
const killed = (code: number): Outcome => ({ kind: 'exited', code, oom: 'killed' })
const required = { handshake: 'required' } as const

describe('an end means', () => {
  const rows: [sentence: string, end: End, verdict: Partial<Verdict> & { kind: Verdict['kind'] }][] = [
    ['done for 0', { outcome: exit(0) }, { kind: 'done', text: '' }],
    ['done with what the handler said', { outcome: exit(0), said: 'done 7 rows\n' }, { kind: 'done', text: '7 rows' }],
    ['done for 0 with a line that is not whole', { outcome: exit(0), said: 'fail' }, { kind: 'done' }],
    ['fail for 0 when the handler said fail', { outcome: exit(0), said: 'fail x\n' }, { kind: 'fail', text: 'x', final: false }],
    ['fail, in our words, when it said no more', { outcome: exit(0), said: 'fail\n' }, { kind: 'fail', text: 'the handler said fail' }],
    ['again for 0 and resend', { outcome: exit(0), said: 'resend 10-busy\n' }, { kind: 'reschedule', text: 'busy', after: 10_000 }],
    ['relay for 0 and relay', { outcome: exit(0), said: 'relay b\n' }, { kind: 'relay', dest: 'b' }],
    ['relayed for 0 and relayed', { outcome: exit(0), said: 'relayed http://x\n' }, { kind: 'relayed', text: 'http://x' }],
    ['the first of two verdicts', { outcome: exit(0), said: 'done\nfail\n' }, { kind: 'done' }],
    ['fail for 1', { outcome: exit(1) }, { kind: 'fail', text: 'exit 1', final: false }],
    ['fail for 1, whatever it said before', { outcome: exit(1), said: 'done fine\n' }, { kind: 'fail', text: 'exit 1' }],
    ['fail for 1, in its own words', { outcome: exit(1), said: 'err no file\n' }, { kind: 'fail', text: 'no file' }],
    ['fail for an exit that nobody maps', { outcome: exit(42) }, { kind: 'fail', final: false }],
    ['fail for good for 65', { outcome: exit(65) }, { kind: 'fail', final: true }],
    ['fail for good for 100', { outcome: exit(100) }, { kind: 'fail', final: true }],
    ['again after a minute for 75', { outcome: exit(75) }, { kind: 'reschedule', text: 'exit 75', after: 60_000 }],
    ['again for 111, when the handler says', { outcome: exit(111), said: 'resend 5\n' }, { kind: 'reschedule', after: 5000 }],
    ['again at once for 75 and resend 0', { outcome: exit(75), said: 'resend 0\n' }, { kind: 'reschedule', after: 0 }],
    ['relay for 99 to where it said', { outcome: exit(99), said: 'relay x\n', dest: 'z' }, { kind: 'relay', dest: 'x' }],
    ['relay for 99 to where the queue says', { outcome: exit(99), dest: 'z', policy: { relayTo: 'y' } }, { kind: 'relay', dest: 'y' }],
    ['relay for 99 to where the message says', { outcome: exit(99), dest: 'z' }, { kind: 'relay', dest: 'z' }],
    ['fail for good for 99 to nowhere', { outcome: exit(99) }, { kind: 'fail', final: true }],
    ['fail for good for 99 to an empty place', { outcome: exit(99), dest: '' }, { kind: 'fail', final: true }],
    ['a broken handler for 78', { outcome: exit(78), said: 'fail no library\n' }, { kind: 'broken', text: 'no library' }],
    ['a broken handler for 127 when its file fails a check', { outcome: exit(127), handlerFails: true }, { kind: 'broken' }],
    ['a broken handler for 126 when its file fails a check', { outcome: exit(126), handlerFails: true }, { kind: 'broken' }],
    ['fail for 127 when the file is well', { outcome: exit(127) }, { kind: 'fail', final: false }],
    ['fail for 1, be the file as it may', { outcome: exit(1), handlerFails: true }, { kind: 'fail' }],
    ['fail by a signal', { outcome: exit(137) }, { kind: 'fail', text: 'exit 137 (SIGKILL)', final: false }],
    ['what the queue maps it to', { outcome: exit(3), policy: { exitCodes: { '3': 'done' } } }, { kind: 'done' }],
    ['fail for 0 where 0 is not mapped', { outcome: exit(0), policy: { exitCodes: {} } }, { kind: 'fail', text: 'exit 0' }],
    ['no success without a word, where one is required', { outcome: exit(0), policy: required }, { kind: 'fail', final: false }],
    ['success with a word, where one is required', { outcome: exit(0), said: 'done\n', policy: required }, { kind: 'done' }],
    ['no success for progress alone, where a word is required', { outcome: exit(0), said: 'run 99%\n', policy: required }, { kind: 'fail' }],
    ['fail for good when canceled', { outcome: { kind: 'stopped', cause: 'cancel', code: 0 } }, { kind: 'fail', text: 'canceled', final: true }],
    ['interrupted by shutdown', { outcome: { kind: 'stopped', cause: 'shutdown', code: undefined } }, { kind: 'interrupted' }],
    ['interrupted by shutdown, though it exited with 143', { outcome: { kind: 'stopped', cause: 'shutdown', code: 143 } }, { kind: 'interrupted' }],
    ['interrupted by shutdown, though it exited with 78', { outcome: { kind: 'stopped', cause: 'shutdown', code: 78 } }, { kind: 'interrupted' }],
    ['done when it finished its work on TERM', { outcome: { kind: 'stopped', cause: 'shutdown', code: 0 } }, { kind: 'done' }],
    ['again when it asked for it on TERM', { outcome: { kind: 'stopped', cause: 'shutdown', code: 75 } }, { kind: 'reschedule' }],
    ['fail, by the rule of the limit that it was over', { outcome: { kind: 'stopped', cause: 'timeout', code: 143 } }, { kind: 'fail', final: false, failure: { cause: 'timeout' } }],
    ['fail when it was over a limit, be its exit 0', { outcome: { kind: 'stopped', cause: 'memory', code: 0 } }, { kind: 'fail', failure: { cause: 'memory' } }],
    ['done when it was over a limit and said done on TERM', { outcome: { kind: 'stopped', cause: 'silence', code: 0 }, said: 'done all\n' }, { kind: 'done', text: 'all' }],
    ['fail for good when it was over a limit and ended by a fatal exit', { outcome: { kind: 'stopped', cause: 'cpu', code: 65 } }, { kind: 'fail', final: true }],
    ['fail, with how it was over its limit', { outcome: { kind: 'stopped', cause: 'cpu', code: undefined, detail: 'it used 3 s' } }, { kind: 'fail', text: 'cpu: it used 3 s' }],
    ['fail for want of memory, be its exit a signal', { outcome: killed(137) }, { kind: 'fail', text: 'memory: killed', final: false, failure: { cause: 'memory' } }],
    ['fail for want of memory, though it asked to come again', { outcome: killed(75) }, { kind: 'fail', failure: { cause: 'memory' } }],
    ['fail for want of memory, not a broken handler', { outcome: killed(78) }, { kind: 'fail', failure: { cause: 'memory' } }],
    ['fail for good for want of memory by a fatal exit', { outcome: killed(65) }, { kind: 'fail', final: true, failure: { cause: 'memory' } }],
    ['fail for want of memory when it said fail', { outcome: killed(0), said: 'fail x\n' }, { kind: 'fail', text: 'memory: killed' }],
    ['fail for want of memory, not lost', { outcome: { kind: 'lost', oom: 'killed' } }, { kind: 'fail', final: false, failure: { cause: 'memory' } }],
    ['done though a process of it was killed', { outcome: killed(0) }, { kind: 'done' }],
    ['relayed on though a process of it was killed', { outcome: killed(99), said: 'relay b\n' }, { kind: 'relay', dest: 'b' }],
    ['fail by its signal', { outcome: exit(139) }, { kind: 'fail', failure: { exit: 139, cause: 'signal' } }],
    ['fail for good for a code that the retry calls fatal', { outcome: exit(4), policy: { retry: { ...DEFAULT_RETRY, fatal: [4] } } }, { kind: 'fail', final: true }],
    ['fail for good for 75 where the retry calls it fatal', { outcome: exit(75), policy: { retry: { ...DEFAULT_RETRY, fatal: [75] } } }, { kind: 'fail', final: true }],
    ['fail when it was lost and the retry has a rule for that', { outcome: { kind: 'lost' }, policy: { retry: { ...DEFAULT_RETRY, causes: { lost: DEFAULT_RETRY } } } }, { kind: 'fail', failure: { cause: 'lost' } }],
    ['again, later and later, when it was lost', { outcome: { kind: 'lost' } }, { kind: 'reschedule', growing: true }],
    ['fail for good when it cannot be taken', { outcome: { kind: 'refused', reason: 'a FIFO' } }, { kind: 'fail', text: 'a FIFO', final: true }],
  ] // biome-ignore format: a table
  it.each(rows)('%s', (_sentence, end, verdict) => {
    expect(meaning(end)).toMatchObject(verdict)
  })
})

describe('a verdict moves an item', () => {
  const fail: Verdict = { kind: 'fail', text: '', final: false }
  const retries = (limit: number) => ({ retry: { ...DEFAULT_RETRY, limit, base: 0 } })
  const again: Verdict = { kind: 'reschedule', text: '', after: 60_000 }
  const rows: [sentence: string, verdict: Verdict, spent: number, change: Partial<SettlePolicy>, move: Move][] = [
    ['done to done', { kind: 'done', text: '' }, 1, {}, { to: 'done' }],
    ['relayed to relayed', { kind: 'relayed', text: '' }, 1, {}, { to: 'relayed' }],
    ['relay to its queue', { kind: 'relay', text: '', dest: 'b' }, 1, {}, { to: 'relay', dest: 'b' }],
    ['interrupted to que, at once', { kind: 'interrupted', text: '' }, 99, {}, { to: 'que', due: undefined }],
    ['broken to que, unharmed', { kind: 'broken', text: '' }, 99, {}, { to: 'que', due: undefined }],
    ['again to que, due after that time, rounded up', again, 1, {}, { to: 'que', due: Math.ceil(NOW / 1000) + 60 }],
    ['again at once to que without a time', { kind: 'reschedule', text: '', after: 0 }, 1, {}, { to: 'que', due: undefined }],
    ['the last attempt but one to que', again, 14, {}, { to: 'que', due: Math.ceil(NOW / 1000) + 60 }],
    ['the last attempt to _err', again, 15, {}, { to: '_err' }],
    ['a failure to _err', fail, 1, {}, { to: '_err' }],
    ['a failure to que while it may be retried', fail, 2, retries(2), { to: 'que', due: undefined }],
    ['a failure to _err after its retries', fail, 3, retries(2), { to: '_err' }],
    ['a failure to _err when its attempts are spent', fail, 3, { ...retries(9), maxAttempts: 3 }, { to: '_err' }],
    ['a failure for good to _err', { ...fail, final: true }, 1, retries(9), { to: '_err' }],
  ] // biome-ignore format: a table
  it.each(rows)('%s', (_sentence, verdict, spent, change, move) => {
    expect(decide(verdict, spent, policy(change), NOW, 0)).toEqual(move)
  })
})

describe('what is recorded of an attempt', () => {
  const times = { started: '2026-11-22T10:15:00Z', ended: '2026-11-22T10:16:00Z' }
  const record = (outcome: Outcome, verdict: Verdict, move: Move) => attemptRecord(3, times, outcome, verdict, move)

  it('is what the system saw and what came of it', () => {
    expect(record(exit(143), { kind: 'fail', text: 'x', final: true }, { to: '_err' })).toEqual({
      n: 3,
      ...times,
      exit: 143,
      signal: 'SIGTERM',
      verdict: 'fail',
      to: '_err',
      text: 'x',
    })
  })
  it('is a reschedule when a failure is retried, with its time', () => {
    const move: Move = { to: 'que', due: 1_800_000_000 }
    expect(record(exit(1), { kind: 'fail', text: '', final: false }, move)).toMatchObject({
      verdict: 'reschedule',
      to: 'que',
      due: 1_800_000_000,
    })
  })
  it('is a failure when its attempts are spent, and says so', () => {
    const attempt = record({ kind: 'lost' }, { kind: 'reschedule', text: 'lost', after: 0 }, { to: '_err' })
    expect(attempt).toMatchObject({ verdict: 'fail', to: '_err', cause: 'lost' })
    expect(attempt.text).toMatch(/gave up/)
  })
  it.each<[sentence: string, outcome: Outcome, verdict: Verdict, cause: string | undefined]>([
    ['no cause for its own exit', exit(1), { kind: 'fail', text: '', final: false }, undefined],
    ['a broken handler', exit(78), { kind: 'broken', text: '' }, 'broken-handler'],
    ['memory', killed(137), { kind: 'fail', text: '', final: false, failure: { cause: 'memory' } }, 'memory'],
    ['memory when it is given up', killed(1), { kind: 'relay', text: '', dest: 'b', givenUp: true }, 'memory'],
    ['memory, not lost', { kind: 'lost', oom: '' }, { kind: 'fail', text: '', final: false }, 'memory'],
    ['no cause for what came through', killed(0), { kind: 'done', text: '' }, undefined],
    ['no cause for what was handed on', killed(99), { kind: 'relay', text: '', dest: 'b' }, undefined],
    [
      'why we stopped it',
      { kind: 'stopped', cause: 'cancel', code: 143 },
      { kind: 'fail', text: '', final: true },
      'cancel',
    ],
    ['that it was lost', { kind: 'lost' }, { kind: 'reschedule', text: '', after: 0 }, 'lost'],
    ['that it was refused', { kind: 'refused', reason: '' }, { kind: 'fail', text: '', final: true }, 'refused'],
  ])('holds %s', (_sentence, outcome, verdict, cause) => {
    const move = decide(verdict, 1, DEFAULT_SETTLE_POLICY, NOW, 0)
    expect(record(outcome, verdict, move).cause).toBe(cause)
  })
  it('is short, whatever the handler said', () => {
    const attempt = record(exit(0), { kind: 'done', text: 'x'.repeat(100_000) }, { to: 'done' })
    expect(attempt.text?.length).toBe(2000)
  })
})

describe('a recorded verdict asks for the move that it was', () => {
  const rows: [sentence: string, attempt: Omit<Attempt, 'n'>, move: Move | undefined][] = [
    ['none yet', {}, undefined],
    ['done', { verdict: 'done', to: 'done' }, { to: 'done' }],
    ['fail', { verdict: 'fail', to: '_err' }, { to: '_err' }],
    ['a relay into a queue', { verdict: 'relay', to: 'b' }, { to: 'relay', dest: 'b' }],
    ['relayed by its handler', { verdict: 'relay' }, { to: 'relayed' }],
    ['a relay into a queue that is called relayed', { verdict: 'relay', to: 'relayed' }, { to: 'relay', dest: 'relayed' }],
    ['again, later', { verdict: 'reschedule', to: 'que', due: 7 }, { to: 'que', due: 7 }],
    ['again, at once', { verdict: 'interrupted', to: 'que' }, { to: 'que', due: undefined }],
    ['again, when the handler is mended', { verdict: 'broken', to: 'que' }, { to: 'que', due: undefined }],
  ] // biome-ignore format: a table
  it.each(rows)('%s', (_sentence, attempt, move) => {
    expect(recordedMove({ n: 1, ...attempt })).toEqual(move)
  })
})

it('moves that exist are legal, and others are not', () => {
  expect(isLegalMove('prep', 'que')).toBe(true)
  expect(isLegalMove('_err', 'que')).toBe(true)
  expect(isLegalMove('run', 'pause')).toBe(false)
  expect(isLegalMove('que', 'done')).toBe(false)
})

it('a status above 128 names its signal, where there is one', () => {
  expect([signalOf(143), signalOf(128), signalOf(255), signalOf(9)]).toEqual([
    'SIGTERM',
    undefined,
    undefined,
    undefined,
  ])
})

it.each([
  [1, undefined],
  [2, 1001],
  [3, 1002],
  [5, 1008],
  [9, 1060],
])('what was lost %d times comes again after a growing delay', (spent, due) => {
  const lost = { kind: 'reschedule', text: 'lost', after: 60_000, growing: true } as const
  expect(decide(lost, spent, { ...DEFAULT_SETTLE_POLICY, maxAttempts: 15 }, 1_000_000, 0)).toEqual({ to: 'que', due })
})
