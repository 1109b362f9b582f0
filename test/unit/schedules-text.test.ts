import { expect, it } from 'vitest'
import { newestRun, punctual, ranFor } from '../../src/dashboard/pages/schedules-text.ts'
import type { PastRun, ScheduleRow } from '../../src/service/schedule-list.ts'

const AT = '2026-11-22T02:00:00.000Z'
const run = (made: string, started: string | null, ended: string | null = null): PastRun => ({
  ...{ at: AT, id: `20261122T${made}.000000-x7f2k9-nightly`, state: 'done', started, ended },
})

it.each<[what: string, run: PastRun, spread: number, text: string | undefined, isLate: boolean]>([
  ['made and started at once', run('020000', '2026-11-22T02:00:01.000Z'), 0, 'in time', false],
  ['not started yet', run('020000', null), 0, 'made in time', false],
  ['made when the daemon came back', run('050000', null), 0, 'made 3h 00m late', true],
  ['started then', run('050000', '2026-11-22T05:00:01.000Z'), 0, 'started 3h 00m late', true],
  [
    'waited for a slot',
    run('020000', '2026-11-22T02:10:00.000Z'),
    0,
    'started 10m 00s late, of which it waited 10m 00s',
    true,
  ],
  ['within its spread', run('020500', '2026-11-22T02:05:00.000Z'), 600, 'in time', false],
  ['by hand', { ...run('020000', null), at: null }, 0, undefined, false],
])('a run that was %s', (_, past, spread, text, isLate) => {
  expect(punctual(past, spread)).toEqual(text === undefined ? undefined : { text, isLate })
})

it('how long it ran ends when it ended', () => {
  expect(ranFor(run('020000', AT, '2026-11-22T02:01:00.000Z'), 0)).toBe(60_000)
  expect(ranFor(run('020000', AT), Date.parse(AT) + 5_000)).toBe(5_000)
  expect(ranFor(run('020000', null), 0)).toBeUndefined()
})

it('of the run by itself and the one by hand the newer is told', () => {
  const row = (last: PastRun | null, by_hand: PastRun | null) => ({ last, by_hand }) as ScheduleRow
  const [early, late] = [run('020000', null), run('030000', null)]
  expect(newestRun(row(null, null))).toBeNull()
  expect(newestRun(row(early, late))).toEqual({ run: late, isByHand: true })
  expect(newestRun(row(late, early))).toEqual({ run: late, isByHand: false })
  expect(newestRun(row(null, early))).toEqual({ run: early, isByHand: true })
})
