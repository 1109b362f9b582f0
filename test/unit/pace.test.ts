import { expect, it } from 'vitest'
import { durationText } from '../../src/dashboard/ui/format.ts'
import { lastAfter, type Pace, paceText, paceWord } from '../../src/dashboard/ui/pace.ts'
import { parsePace } from '../../src/service/retry-all.ts'

it.each<[total: number, pace: Pace, last: number | undefined, text: string]>([
  [12, { count: 5, every: 1, unit: 'm' }, 120_000, '12 items: the first 5 at once, the last in 2m 00s.'],
  [10, { count: 5, every: 2, unit: 'h' }, 7_200_000, '10 items: the first 5 at once, the last in 2h 00m.'],
  [5, { count: 5, every: 1, unit: 's' }, 0, '5 items: all of them at once.'],
  [5, { count: 0, every: 1, unit: 's' }, undefined, 'Say how many, and each how long after the other.'],
  [5, { count: 1.5, every: 1, unit: 's' }, undefined, 'Say how many, and each how long after the other.'],
  [5, { count: 1, every: Number.NaN, unit: 's' }, undefined, 'Say how many, and each how long after the other.'],
])('%d at %j', (total, pace, last, text) => {
  expect(lastAfter(total, pace)).toBe(last)
  expect(paceText(total, pace, durationText)).toBe(text)
})

it('is written as the verb reads it', () => {
  expect(parsePace(paceWord({ count: 10, every: 2, unit: 'm' }))).toEqual({ count: 10, every: 120_000 })
})
