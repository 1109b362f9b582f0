import { expect, it } from 'vitest'
import { outcomeOf, placeOf } from '../../src/dashboard/pages/audit-text.ts'

it.each([
  [200, [], 'done', false],
  [200, ['not-found', 'not-found', 'busy'], 'partly: not-found, busy', true],
  [403, [], 'refused', true],
  [401, ['usage'], 'refused: usage', true],
  [404, ['not-found'], 'not-found', true],
  [500, [], 'failed (500)', true],
  [null, [], 'not known', true],
] as const)('%s %j is told as "%s"', (status, problems, text, isBad) => {
  expect(outcomeOf({ status, problems })).toEqual({ text, isBad })
})

it.each([
  ['/api/v1/items/mail/x%2Cp1/retry', 'items/mail/x,p1/retry'],
  ['/api/v1/pause', 'pause'],
  ['/api/v1/items/%E0%A4%A/x', 'items/%E0%A4%A/x'],
])('%s is %s', (path, text) => {
  expect(placeOf(path)).toBe(text)
})
