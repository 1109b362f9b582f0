import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keptAttempts, spentAttempts } from '../../src/domain/attempts.ts'
import type { Attempt } from '../../src/domain/item.ts'

describe('attempts are spent', () => {
  const rows: [sentence: string, attempts: Omit<Attempt, 'n'>[], spent: number][] = [
    ['none by a new item', [], 0],
    ['one by each reschedule', [{ verdict: 'reschedule' }, { verdict: 'reschedule' }], 2],
    ['none by what we interrupted', [{ verdict: 'reschedule' }, { verdict: 'interrupted', free: true }], 1],
    ['none by a broken handler', [{ verdict: 'broken', free: true }], 0],
    ['one by what has no verdict', [{}], 1],
    ['none before an end for good: it was moved by hand', [{ verdict: 'reschedule' }, { verdict: 'fail' }], 0],
    ['those after an end for good', [{ verdict: 'done' }, { verdict: 'reschedule' }], 1],
  ]
  it.each(rows)('%s', (_sentence, attempts, spent) => {
    expect(spentAttempts(attempts.map((attempt, i) => ({ n: i + 1, ...attempt })))).toBe(spent)
  })
})

const anyEnd = fc.constantFrom<Omit<Attempt, 'n'>>(
  { verdict: 'reschedule' },
  { verdict: 'fail' },
  { verdict: 'done' },
  { verdict: 'interrupted', free: true },
  { verdict: 'broken', free: true },
  {},
)
const anyHistory = fc
  .array(anyEnd, { maxLength: 40 })
  .map((ends) => ends.map((end, at): Attempt => ({ n: at + 1, ...end })))

describe('of a long history', () => {
  it('no more is kept than may be, in its order, and always the newest', () => {
    fc.assert(
      fc.property(anyHistory, fc.integer({ min: 1, max: 45 }), (history, most) => {
        const kept = keptAttempts(history, most)
        expect(kept).toEqual(history.filter((attempt) => kept.includes(attempt)))
        expect(kept).toHaveLength(Math.min(most, history.length))
        expect(kept.at(-1)).toBe(history.at(-1))
      }),
    )
  })

  it('what was interrupted goes first: a budget that is spent stays so', () => {
    fc.assert(
      fc.property(anyHistory, fc.integer({ min: 1, max: 45 }), (history, most) => {
        const room = history.at(-1)?.free === true ? most - 1 : most
        expect(spentAttempts(keptAttempts(history, most))).toBe(Math.min(spentAttempts(history), room))
      }),
    )
  })
})
