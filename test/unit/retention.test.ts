import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { minuteBucket } from '../../src/domain/name.ts'
import {
  archiveName,
  bucketFate,
  isArchiveOf,
  isBucket,
  type KeepLimits,
  NOTHING_SEEN,
  overLimit,
} from '../../src/domain/retention.ts'

const NOW = Date.UTC(2026, 10, 22, 10, 15, 30)
const HOUR = 3_600_000
const none = { age: Number.POSITIVE_INFINITY, count: Number.POSITIVE_INFINITY, size: Number.POSITIVE_INFINITY }
const keep = (limits: Partial<KeepLimits>): KeepLimits => ({ ...none, ...limits })

describe('a minute of done/', () => {
  it.each([
    ['stays for ever when nothing is said', '19990101/0000', none, NOTHING_SEEN, 'keep'],
    [
      'goes whole when all that came into it is over the age',
      '20261122/0914',
      keep({ age: HOUR }),
      NOTHING_SEEN,
      'whole',
    ],
    ['stays while its last second may not be', '20261122/0915', keep({ age: HOUR }), NOTHING_SEEN, 'keep'],
    [
      'goes item by item while somebody may still move into it',
      '20261122/1014',
      keep({ age: 0 }),
      NOTHING_SEEN,
      'each',
    ],
    ['stays while it is the present one', '20261122/1015', keep({ age: 0 }), NOTHING_SEEN, 'keep'],
    ['is of no age when it is in the future', '20991231/2359', keep({ age: 0 }), NOTHING_SEEN, 'keep'],
    ['is looked at when a count is to be kept', '20261122/0900', keep({ count: 5 }), NOTHING_SEEN, 'look'],
    ['is looked at when a size is', '20261122/0900', keep({ size: 5 }), NOTHING_SEEN, 'look'],
    [
      'goes when newer ones fill the count',
      '20261122/0900',
      keep({ count: 5 }),
      { ...NOTHING_SEEN, count: 5 },
      'whole',
    ],
    ['goes when newer ones fill the size', '20261122/0900', keep({ size: 5 }), { ...NOTHING_SEEN, bytes: 5 }, 'whole'],
    ['goes when a newer one went', '20261122/0900', keep({ size: 5 }), { ...NOTHING_SEEN, full: true }, 'whole'],
  ] as const)('%s', (_what, bucket, limits, seen, fate) => {
    expect(bucketFate(bucket, seen, limits, NOW)).toBe(fate)
  })

  it('never goes before its items are over the age, whatever the clock says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 0, max: 1e12 }), (finished, age) => {
        const now = finished + age
        expect(bucketFate(minuteBucket(finished), NOTHING_SEEN, keep({ age }), now)).toBe('keep')
      }),
    )
  })
})

it('only days and minutes that there are are ours', () => {
  expect(isBucket('20261122', '2359')).toBe(true)
  expect(isBucket('20240229')).toBe(true)
  for (const day of ['20260229', '2026112', '20261301', '202611220', 'notes']) expect(isBucket(day), day).toBe(false)
  for (const minute of ['2360', '2400', '100', 'x.md']) expect(isBucket('20261122', minute), minute).toBe(false)
})

describe('items over a limit', () => {
  const items = [
    { name: 'a', since: 1, bytes: 10 },
    { name: 'b', since: 2, bytes: 10 },
    { name: 'c', since: 3, bytes: 10 },
  ]
  const names = (limits: Partial<KeepLimits>, now = 3) =>
    overLimit(items, NOTHING_SEEN, keep(limits), now).doomed.map(({ name }) => name)

  it('are the oldest, by count, size and age', () => {
    expect(names({})).toEqual([])
    expect(names({ count: 2 })).toEqual(['a'])
    expect(names({ count: 0 })).toEqual(['a', 'b', 'c'])
    expect(names({ size: 25 })).toEqual(['a'])
    expect(names({ size: 9 })).toEqual(['a', 'b', 'c'])
    expect(names({ age: 1 })).toEqual(['a'])
    expect(names({ age: 1, count: 1 })).toEqual(['a', 'b'])
  })

  const someItems = fc.uniqueArray(
    fc.record({ name: fc.string({ minLength: 1 }), since: fc.nat(100), bytes: fc.nat(50) }),
    { selector: ({ name }) => name },
  )
  const someLimits = fc.record({ age: fc.nat(120), count: fc.nat(12), size: fc.nat(300) })

  it('leave what is within all limits, and nothing older than what goes stays', () => {
    fc.assert(
      fc.property(someItems, someLimits, (all, limits) => {
        const { doomed, seen } = overLimit(all, NOTHING_SEEN, limits, 100)
        const stays = all.filter((item) => !doomed.includes(item))
        expect(stays.length).toBe(seen.count)
        expect(seen.count).toBeLessThanOrEqual(limits.count)
        expect(seen.bytes).toBe(stays.reduce((sum, { bytes }) => sum + bytes, 0))
        expect(seen.bytes).toBeLessThanOrEqual(limits.size)
        const oldest = Math.min(...stays.map(({ since }) => since))
        expect(doomed.every(({ since }) => since <= oldest)).toBe(true)
        expect(stays.every(({ since }) => 100 - since <= limits.age)).toBe(true)
        expect(doomed.map(({ since }) => since)).toEqual(doomed.map(({ since }) => since).toSorted((a, b) => a - b))
      }),
    )
  })

  it('are the same in one piece or bucket by bucket', () => {
    const limits = fc.record({ age: fc.constant(Number.POSITIVE_INFINITY), count: fc.nat(12), size: fc.nat(300) })
    fc.assert(
      fc.property(someItems, limits, fc.nat(100), (all, given, middle) => {
        const newer = all.filter(({ since }) => since > middle)
        const older = all.filter(({ since }) => since <= middle)
        const first = overLimit(newer, NOTHING_SEEN, given, 100)
        const second = overLimit(older, first.seen, given, 100)
        expect([...second.doomed, ...first.doomed]).toEqual(overLimit(all, NOTHING_SEEN, given, 100).doomed)
      }),
    )
  })
})

it('an archive is named by queue and day, and known again by it', () => {
  expect([archiveName('mail', NOW, 1), archiveName('mail', NOW, 2)]).toEqual([
    'mail-2026-11-22.tar.gz',
    'mail-2026-11-22-2.tar.gz',
  ])
  for (const n of [1, 2, 13]) expect(isArchiveOf('my mail', archiveName('my mail', NOW, n))).toBe(true)
  for (const name of [
    'mail-2026-11-22.tar.gz.damaged',
    'mail-x-2026-11-22.tar.gz',
    'other-2026-11-22.tar.gz',
    'mail.tar.gz',
  ])
    expect(isArchiveOf('mail', name), name).toBe(false)
  expect(isArchiveOf('mail', archiveName('mail-2026-11-22', NOW, 1))).toBe(false)
})
