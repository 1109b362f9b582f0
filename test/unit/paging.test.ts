/** What pages are made of: the first of many, cursors that anybody may hand in, and orders told from bytes alone. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RawName } from '../../src/domain/name.ts'
import { Smallest } from '../../src/domain/smallest.ts'
import { finish, sorting } from '../../src/domain/steps.ts'
import { aboutOf, type Cursor, readCursor, writeCursor } from '../../src/service/cursor.ts'
import { PlainNames } from '../../src/service/plain-names.ts'
import { comparingRanks, isBefore, isBehind, type Ordering, rankOfMark } from '../../src/service/ranks.ts'
import { anyRawName } from './arbitraries.ts'

const NOW = Date.parse('2026-11-26T12:00:00Z')

describe('the first of many', () => {
  it('are those that sorting all would put first', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.integer({ min: 1, max: 20 }), (all, limit) => {
        const first = new Smallest<number>(limit, (a, b) => a - b)
        for (const one of all) first.add(one)
        const sorted = all.toSorted((a, b) => a - b).slice(0, limit)
        expect(finish(first.sorted())).toEqual(sorted)
        expect(first.last).toBe(all.length < limit ? undefined : sorted.at(-1))
      }),
    )
  })
})

describe('sorting in steps', () => {
  it('is sorting at once, what is equal in the order in which it was', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 40 }), fc.integer({ min: 1, max: 300 }), (some, times) => {
        const all = new Array<number[]>(times)
          .fill(some)
          .flat()
          .map((key, n) => ({ key, n }))
        const compare = (a: { key: number }, b: { key: number }) => a.key - b.key
        expect(finish(sorting(all, compare))).toEqual(all.toSorted(compare))
      }),
      { numRuns: 50 },
    )
  })
  it('gives way every few thousand', () => {
    const many = Array.from({ length: 100_000 }, (_, n) => (n * 7919) % 100_003)
    const steps = sorting(many, (a, b) => a - b)
    let turns = 0
    while (steps.next().done !== true) turns += 1
    expect(turns).toBeGreaterThan(many.length / 2_048)
  })
})

const raw = anyRawName.map((name) => name as RawName)
const bucket = fc.option(fc.constantFrom('20261122/1015', '20261123/0000'), { nil: undefined })
const state = fc.constantFrom('que', 'done', '_err', 'run' as const)
const queue = fc.string({ maxLength: 20 })
const spot = fc.oneof(
  fc.constant({ kind: 'begin' as const }),
  fc.record({ kind: fc.constant('order' as const), raw }),
  fc.record({
    kind: fc.constant('ended' as const),
    bucket: fc.constant('20261122/1015'),
    entered: fc.double({ noNaN: true, noDefaultInfinity: true }),
    raw,
  }),
  fc.record({ kind: fc.constant('found' as const), bucket, last: fc.array(raw, { maxLength: 8 }), count: fc.nat() }),
)
const key = fc.oneof(fc.constant(null), fc.integer(), fc.string({ maxLength: 30 }))
const mark = fc.oneof(
  fc.record({ kind: fc.constant('place' as const), queue, state, spot }),
  fc.record({ kind: fc.constant('key' as const), key, queue, state, bucket, raw }),
)
const cursor: fc.Arbitrary<Cursor> = fc.record({ about: fc.nat(), now: fc.nat(), mark }) as fc.Arbitrary<Cursor>

describe('a cursor', () => {
  it('comes back as it was given', () => {
    fc.assert(
      fc.property(cursor, (given) => {
        const text = writeCursor(given)
        expect(text).toMatch(/^[\w-]+$/)
        expect(JSON.stringify(readCursor(text))).toBe(JSON.stringify(given))
      }),
    )
  })
  it('that is anything else is none', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    )
    fc.assert(fc.property(texts, (text) => readCursor(text) === undefined))
  })
  it.each([
    ['a path for a name', { kind: 'place', queue: 'q', state: 'que', spot: { kind: 'order', raw: '../x' } }],
    ['a name of no bytes', { kind: 'place', queue: 'q', state: 'que', spot: { kind: 'order', raw: '' } }],
    ['a name of more than bytes', { kind: 'place', queue: 'q', state: 'que', spot: { kind: 'order', raw: '\u0100' } }],
    ['no state', { kind: 'place', queue: 'q', state: 'constructor', spot: { kind: 'begin' } }],
    ['a path for a bucket', { kind: 'key', key: 1, queue: 'q', state: 'done', bucket: '../../etc', raw: 'x' }],
    ['a key that is an object', { kind: 'key', key: {}, queue: 'q', state: 'done', raw: 'x' }],
    [
      'more names than are kept',
      { kind: 'place', queue: 'q', state: 'que', spot: { kind: 'found', last: Array(9).fill('x'), count: 1 } },
    ],
    ['fewer than no names', { kind: 'place', queue: 'q', state: 'que', spot: { kind: 'found', last: [], count: -1 } }],
    ['a queue that is a list', { kind: 'place', queue: ['q'], state: 'que', spot: { kind: 'begin' } }],
  ])('with %s is none', (_, wrong) => {
    const text = Buffer.from(JSON.stringify({ v: 1, about: 1, now: 1, mark: wrong })).toString('base64url')
    expect(readCursor(text)).toBeUndefined()
  })
  it('of megabytes is not read', () => {
    expect(readCursor('A'.repeat(10_000_000))).toBeUndefined()
  })
  it('knows what was asked', () => {
    expect(aboutOf(['a', undefined, true])).toBe(aboutOf(['a', undefined, true]))
    expect(aboutOf(['a', 'b'])).not.toBe(aboutOf(['a,b']))
  })
})

const digits = (length: number) => fc.stringMatching(new RegExp(`^\\d{${length}}$`))
/** Many are ids of near times, some of no time at all. */
const idLike = fc
  .tuple(
    fc.constantFrom('20261122', '20261123', '20260230', '20261399'),
    fc.constantFrom('101500', '101501', '246060'),
    digits(6),
    fc.constantFrom('', ',p1', ',p9', ',p5', ',t1800000000', ',t1700000000', '.msg', '-x.csv', ',+a'),
  )
  .map(([day, time, micros, end]) => `${day}T${time}.${micros}-abc123${end}` as RawName)
const names = fc.oneof({ arbitrary: idLike, weight: 5 }, { arbitrary: raw, weight: 1 })

describe('the order told from bytes', () => {
  it.each([undefined, 60_000])('is the one told from what names mean, with aging %s', (aging) => {
    const ordering: Ordering = { sort: 'order', reverse: false, aging, now: NOW }
    const compare = comparingRanks(ordering)
    const plain = new PlainNames()
    const never = { isPlain: () => false } as unknown as PlainNames
    const ranked = (name: RawName, by: PlainNames) => {
      const key = Number(
        rankOfMark({ kind: 'key', key: 0, queue: 'q', state: 'que', bucket: undefined, raw: name }, ordering, by).entry
          .notBefore > NOW,
      )
      return rankOfMark({ kind: 'key', key, queue: 'q', state: 'que', bucket: undefined, raw: name }, ordering, by)
    }
    fc.assert(
      fc.property(names, names, (a, b) => {
        const meant = Math.sign(compare(ranked(a, never), ranked(b, never)))
        expect(Math.sign(compare(ranked(a, plain), ranked(b, plain)))).toBe(meant)
        if (!plain.isPlain(a)) return
        if (isBehind(a, ranked(b, plain), aging)) expect(meant).toBe(1)
        if (isBefore(a, ranked(b, plain), aging)) expect(meant).toBe(-1)
      }),
      { numRuns: 2000 },
    )
  })
})
