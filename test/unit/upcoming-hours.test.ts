import { expect, it } from 'vitest'
import { hourOf } from '../../src/dashboard/pages/upcoming-hours.ts'

const NOW = new Date(2026, 10, 26, 22, 30)
const at = (...[day, hour, minute]: readonly [number, number, number]) =>
  new Date(2026, 10, day, hour, minute).toISOString()

it.each([
  [null, 'At any time'],
  [at(26, 22, 29), 'Due now'],
  [at(26, 22, 30), 'Due now'],
  [at(26, 22, 59), 'Today, 22:00'],
  [at(26, 23, 0), 'Today, 23:00'],
  [at(27, 0, 0), 'Tomorrow, 00:00'],
])('%s falls into %s', (due, hour) => {
  expect(hourOf(due, NOW.getTime())).toBe(hour)
})

it('names the year only when it is another', () => {
  expect(hourOf(new Date(2026, 11, 3, 9, 5).toISOString(), NOW.getTime())).toMatch(/^(?!.*2026).*, 09:00$/)
  expect(hourOf(new Date(2027, 1, 3, 9, 5).toISOString(), NOW.getTime())).toMatch(/2027.*, 09:00$/)
})
