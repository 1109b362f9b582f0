/** What may stand under `schedules` and `unique`, and what is said about a mistake. */
import { describe, expect, it, test } from 'vitest'
import { checkValue } from '../../src/config/check.ts'
import { formatProblem } from '../../src/config/file.ts'
import { effectiveValues, mergeSettings } from '../../src/config/merge.ts'
import { QueueFile, readSettings } from '../../src/config/schema.ts'
import { readSchedules } from '../../src/config/schema-schedule.ts'

function problems(schedules: unknown): string[] {
  const checked = checkValue('config.json', { schedules }, QueueFile)
  return checked.kind === 'ok' ? [] : checked.problems.map(formatProblem)
}

describe('a mistake is named with its key and what is wrong', () => {
  it.each([
    [
      { a: { cron: '61 * * * *' } },
      'schedules.a.cron: is no cron expression of 5 or 6 fields: Invalid value for minute: 61',
    ],
    [{ a: { cron: '0 2 30 2 *' } }, 'schedules.a.cron: names a day that never comes'],
    [{ a: { cron: '0 2 * * *', tz: 'Mars/Olympus' } }, 'schedules.a.tz: is no known time zone'],
    [{ a: {} }, 'schedules.a.cron: exactly one of cron, every and by_hand'],
    [{ a: { cron: '0 2 * * *', every: '1m' } }, 'schedules.a.every: exactly one of cron, every and by_hand'],
    [{ a: { every: '1m', tz: 'UTC' } }, 'schedules.a.tz: is for cron'],
    [{ a: { every: '0.5s' } }, 'schedules.a.every: must be 1s or more'],
    [{ a: { every: '1m', offset: '1m' } }, 'schedules.a.offset: must be shorter than `every`'],
    [{ a: { evry: '1m' } }, 'schedules.a.evry: is no known key (did you mean "every"?)'],
    [{ a: { every: '1m', overlap: 'stop' } }, 'schedules.a.overlap: must be "skip", "queue" or "replace"'],
    [{ 'a b': { by_hand: true } }, 'is no name for a schedule'],
    [[], 'schedules: must be an object'],
  ])('%j', (schedules, words) => {
    expect(problems(schedules).join('\n')).toContain(words)
  })
  it('and all of them at once', () => {
    expect(problems({ a: { cron: 'x' }, b: { every: '1m', tz: 'UTC' }, c: { evry: 1 } }).length).toBeGreaterThanOrEqual(
      3,
    )
  })
})

test('what is right is read: defaults, durations, the message', () => {
  const file = {
    schedules: { a: { every: '15m', offset: '1m', params: { n: [1] }, tags: ['x', 'x'] }, b: { cron: '0 2 * * *' } },
  }
  expect(problems(file.schedules)).toEqual([])
  const [a, b] = readSchedules(readSettings(file).schedules)
  expect(a).toMatchObject({
    name: 'a',
    timing: { kind: 'every', every: 900_000, offset: 60_000 },
    catchUp: 'once',
    overlap: 'skip',
    spread: 0,
    tags: ['x'],
    msg: { params: { n: [1] } },
  })
  expect(b?.timing).toEqual({ kind: 'cron', expression: '0 2 * * *', zone: undefined })
})

test("a queue's schedule replaces the root's of the same name whole, and the others are inherited", () => {
  const root = { schedules: { 'a.b': { cron: '0 2 * * *', tz: 'UTC' }, other: { every: '1h' } } }
  const queue = { schedules: { 'a.b': { every: '5m' } } }
  expect(mergeSettings({}, root, queue)).toEqual({ schedules: { 'a.b': { every: '5m' }, other: { every: '1h' } } })
  expect(effectiveValues({ default: {}, root, queue })).toEqual([
    { key: 'schedules.a.b', value: { every: '5m' }, from: 'queue' },
    { key: 'schedules.other', value: { every: '1h' }, from: 'root' },
  ])
})
