/** When a schedule comes: cron in a zone, also where the clocks change, and a grid that nothing moves. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  clockOf,
  cronProblem,
  nextInstants,
  passedInstants,
  type Timing,
  zoneProblem,
} from '../../src/domain/timing.ts'

const iso = (instants: readonly number[]) => instants.map((at) => new Date(at).toISOString().replace(':00.000Z', 'Z'))
const cron = (expression: string, zone = 'Europe/Berlin'): Timing => ({ kind: 'cron', expression, zone })
const next = (timing: Timing, after: string, count = 3) => iso(nextInstants(clockOf(timing), Date.parse(after), count))

describe('cron in a zone', () => {
  it('comes at the wall clock of that zone, summer and winter', () => {
    expect(next(cron('0 2 * * *'), '2026-07-01T00:00Z', 1)).toEqual(['2026-07-02T00:00Z'])
    expect(next(cron('0 2 * * *'), '2026-12-01T12:00Z', 1)).toEqual(['2026-12-02T01:00Z'])
  })
  it('at an hour that is left out in spring comes once, as the clocks go on', () => {
    expect(next(cron('30 2 * * *'), '2026-03-28T12:00Z')).toEqual([
      '2026-03-29T01:00Z',
      '2026-03-30T00:30Z',
      '2026-03-31T00:30Z',
    ])
  })
  it('at an hour that comes twice in autumn comes once, the first time', () => {
    expect(next(cron('30 2 * * *'), '2026-10-24T12:00Z')).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-26T01:30Z',
      '2026-10-27T01:30Z',
    ])
  })
  it('every half hour goes on through both', () => {
    expect(next(cron('*/30 * * * *'), '2026-10-25T00:00Z', 4)).toEqual([
      '2026-10-25T00:30Z',
      '2026-10-25T01:00Z',
      '2026-10-25T01:30Z',
      '2026-10-25T02:00Z',
    ])
    expect(next(cron('*/30 * * * *'), '2026-03-29T00:30Z', 2)).toEqual(['2026-03-29T01:00Z', '2026-03-29T01:30Z'])
  })
  it('of six fields has the second first', () => {
    expect(nextInstants(clockOf(cron('*/20 * * * * *', 'UTC')), 0, 3)).toEqual([20_000, 40_000, 60_000])
  })
})

describe('what is wrong', () => {
  it.each([
    ['61 * * * *', 'minute'],
    ['* * * *', '5 or 6 fields'],
    ['0 0 0 1 1 * 2027', '7 parts'],
    ['daily', '5 or 6 fields'],
    ['x * * * *', 'illegal'],
    ['0 0 30 2 *', 'never comes'],
  ])('with the expression %j is said', (expression, words) => {
    expect(cronProblem(expression)).toContain(words)
  })
  it('with a zone is said', () => {
    expect(zoneProblem('Mars/Olympus')).toContain('no known time zone')
    expect(zoneProblem('Europe/Berlin')).toBeUndefined()
    expect(cronProblem('0 2 * * MON-FRI')).toBeUndefined()
  })
})

test('a grid begins in 1970, whenever anybody begins to look', () => {
  const clock = clockOf({ kind: 'every', every: 900_000, offset: 60_000 })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), (now) => {
      const at = clock(now)
      expect(at).toBeGreaterThan(now)
      expect(at - now).toBeLessThanOrEqual(900_000)
      expect((at - 60_000) % 900_000).toBe(0)
    }),
  )
})

test('what has passed is the newest of it, the same as counted one by one', () => {
  const timings: Timing[] = [cron('*/7 3-5 * * *'), cron('30 2 * * *'), { kind: 'every', every: 60_000, offset: 0 }]
  fc.assert(
    fc.property(
      fc.constantFrom(...timings),
      fc.integer({ min: Date.parse('2026-03-20Z'), max: Date.parse('2026-11-01Z') }),
      fc.integer({ min: 0, max: 5 * 86_400_000 }),
      fc.integer({ min: 1, max: 20 }),
      (timing, after, length, most) => {
        const clock = clockOf(timing)
        const all: number[] = []
        for (let at = clock(after); at <= after + length; at = clock(at)) all.push(at)
        const passed = passedInstants(clock, after, after + length, most)
        expect(passed).toEqual({ instants: all.slice(-most), more: all.length > most })
      },
    ),
    { numRuns: 60 },
  )
})

test('of a schedule that came every second for fifty years the newest are found in bounded work', () => {
  let asked = 0
  const clock = (after: number) => {
    asked += 1
    return (Math.floor(after / 1000) + 1) * 1000
  }
  const now = 50 * 365 * 86_400_000
  expect(passedInstants(clock, 0, now, 100).instants.at(-1)).toBe(now)
  expect(asked).toBeLessThan(1000)
})
