import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hooksAfter } from '../../src/domain/hooks.ts'
import type { Move, Outcome, Verdict } from '../../src/domain/item.ts'
import { DEFAULT_SETTLE_POLICY } from '../../src/domain/policy.ts'
import { recover } from '../../src/domain/recover.ts'
import { decide, judge } from '../../src/domain/settle.ts'
import { parseStatusLines } from '../../src/domain/status-line.ts'

const EXITED: Outcome = { kind: 'exited', code: 0 }
const again = { to: 'que', due: undefined } as const

describe('after an attempt', () => {
  const rows: [sentence: string, verdict: Verdict, move: Move, hooks: string][] = [
    ['that is done', { kind: 'done', text: '' }, { to: 'done' }, 'success after'],
    ['that relays', { kind: 'relay', text: 'b', dest: 'b' }, { to: 'relay', dest: 'b' }, 'success after'],
    ['that relayed by itself', { kind: 'relayed', text: 'u' }, { to: 'relayed' }, 'success after'],
    ['that failed for good', { kind: 'fail', text: '', final: true }, { to: '_err' }, 'error give_up after'],
    ['that failed and is tried again', { kind: 'fail', text: '', final: false }, again, 'error after'],
    ['that asked to come again', { kind: 'reschedule', text: '', after: 1 }, again, 'error after'],
    ['that asked once too often', { kind: 'reschedule', text: '', after: 1 }, { to: '_err' }, 'error give_up after'],
    ['that was interrupted', { kind: 'interrupted', text: '' }, again, ''],
    ['of a broken handler', { kind: 'broken', text: '' }, again, ''],
  ]
  it.each(rows)('%s', (_sentence, verdict, move, hooks) => {
    expect(hooksAfter(EXITED, verdict, move).join(' ')).toBe(hooks)
  })
  it('of an item that was refused there are none: nothing ran', () => {
    expect(
      hooksAfter({ kind: 'refused', reason: 'x' }, { kind: 'fail', text: 'x', final: true }, { to: '_err' }),
    ).toEqual([])
  })
})

it('what is given up to another queue has failed, and is told so', () => {
  const verdict: Verdict = { kind: 'relay', text: 'exit 1; given up to b', dest: 'b', givenUp: true }
  const hooks = hooksAfter({ kind: 'exited', code: 1 }, verdict, { to: 'relay', dest: 'b' })
  expect(hooks).toEqual(['error', 'give_up', 'after'])
})

describe('an exit of before', () => {
  const judged = (code: number, said = '', handlerFails = false) =>
    judge(
      { outcome: { kind: 'exited', code, before: true }, lines: parseStatusLines(said), dest: 'b', handlerFails },
      DEFAULT_SETTLE_POLICY,
    )
  const rows: [sentence: string, verdict: Verdict, meaning: Verdict][] = [
    ['1 fails', judged(1), { kind: 'fail', text: 'hook before: exit 1', final: false, failure: { exit: 1 } }],
    [
      '1 fails in its own words',
      judged(1, 'fail why\n'),
      { kind: 'fail', text: 'hook before: exit 1: why', final: false, failure: { exit: 1 } },
    ],
    [
      '65 fails for good',
      judged(65),
      { kind: 'fail', text: 'hook before: exit 65', final: true, failure: { exit: 65 } },
    ],
    ['75 asks to come again', judged(75), { kind: 'reschedule', text: 'hook before: exit 75', after: 60_000 }],
    ['75 says when', judged(75, 'resend 5\n'), { kind: 'reschedule', text: 'hook before: exit 75', after: 5000 }],
    [
      '78 is not the handler’s',
      judged(78),
      { kind: 'fail', text: 'hook before: exit 78', final: false, failure: { exit: 78 } },
    ],
    [
      '99 relays nothing',
      judged(99, 'relay x\n'),
      { kind: 'fail', text: 'hook before: exit 99', final: false, failure: { exit: 99 } },
    ],
    ['127 is a broken hook', judged(127, '', true), { kind: 'broken', text: 'hook before: exit 127' }],
    [
      '127 of a sound one fails',
      judged(127),
      { kind: 'fail', text: 'hook before: exit 127', final: false, failure: { exit: 127 } },
    ],
  ]
  it.each(rows)('%s', (_sentence, verdict, meaning) => {
    expect(verdict).toEqual(meaning)
  })
  it('never makes an item done or relayed, whatever codes are mapped and whatever was said', () => {
    const said = fc.constantFrom('', 'done\n', 'relay x\n', 'relayed u\n', 'resend 1\n')
    const meanings = fc.dictionary(
      fc.integer({ min: 0, max: 255 }).map(String),
      fc.constantFrom('done', 'fail', 'fatal', 'reschedule', 'relay', 'broken'),
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 255 }), said, meanings, (code, text, exitCodes) => {
        const policy = { ...DEFAULT_SETTLE_POLICY, exitCodes }
        const outcome: Outcome = { kind: 'exited', code, before: true }
        const verdict = judge({ outcome, lines: parseStatusLines(text), dest: 'b', handlerFails: false }, policy)
        expect(['que', '_err']).toContain(decide(verdict, 1, policy, 0, 0).to)
      }),
    )
  })
  it('that is found in run/ is known to be its', () => {
    const record = {
      n: 1,
      exit: 3,
      before: true,
      sameBoot: true,
      started: true,
      groupAlive: false,
      stopping: undefined,
    }
    expect(recover({ hasContent: true, lastAttempt: undefined, record })).toEqual({
      do: 'settle',
      outcome: { kind: 'exited', code: 3, before: true },
    })
  })
})
