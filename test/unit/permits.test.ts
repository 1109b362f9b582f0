import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allot, type Member, type Pool, poolOf, poolsWithout, rankIn } from '../../src/domain/permits.ts'

const IO: Pool = { name: 'io', queues: ['critical', 'mail-*', '!mail-low', 'b*c*d'], slots: 4 }

describe('a pool takes', () => {
  it.each([
    ['critical', 0],
    ['critical2', undefined],
    ['mail-', 1],
    ['mail-a', 1],
    ['mail-low', undefined],
    ['bcd', 3],
    ['b.c.c.d', 3],
    ['bd', undefined],
    ['bcdx', undefined],
    ['xmail-a', undefined],
  ])('%s by its pattern %j', (queue, rank) => expect(rankIn(IO, queue)).toBe(rank))

  it('only what begins and ends as the pattern says, and nothing twice', () => {
    const pool = { ...IO, queues: ['aba*aba'] }
    expect(rankIn(pool, 'aba')).toBeUndefined()
    expect(rankIn(pool, 'abaaba')).toBe(0)
  })
  it('all but those, when it only says which not', () => {
    const pool = { ...IO, queues: ['!low'] }
    expect(rankIn(pool, 'any')).toBe(0)
    expect(rankIn(pool, 'low')).toBeUndefined()
  })
  it('no signs of regular expressions for anything but themselves', () => {
    const pool = { ...IO, queues: ['a.c', '(x'] }
    expect(rankIn(pool, 'abc')).toBeUndefined()
    expect(rankIn(pool, '(x')).toBe(1)
  })
  it('a queue that no pool before it takes', () => {
    const rest: Pool = { name: 'rest', queues: ['*'], slots: 1 }
    expect(poolOf([IO, rest], 'mail-a')).toBe(IO)
    expect(poolOf([IO, rest], 'mail-low')).toBe(rest)
    expect(poolOf([IO], 'mail-low')).toBeUndefined()
    expect(poolsWithout([IO, rest], ['critical'])).toEqual([rest])
  })
})

function member(queue: string, held: number, wants: number): Member {
  return { queue, held, wants }
}

function granted(slots: number, ...members: Member[]): Record<string, number> {
  return Object.fromEntries(allot({ ...IO, slots }, members).map(({ to, more }) => [to.queue, more]))
}

describe('permits', () => {
  it.each<[string, number, Member[], Record<string, number>]>([
    ['go to who wants them', 4, [member('mail-a', 0, 2)], { 'mail-a': 2 }],
    ['go to nobody who does not', 4, [member('mail-a', 1, 1)], {}],
    ['go to the first in order', 2, [member('mail-a', 0, 2), member('critical', 0, 9)], { critical: 2 }],
    ['go on to the next', 3, [member('mail-a', 0, 2), member('critical', 0, 2)], { critical: 2, 'mail-a': 1 }],
    ['go by name in one pattern', 1, [member('mail-b', 0, 1), member('mail-a', 0, 1)], { 'mail-a': 1 }],
    ['count what is held', 4, [member('mail-a', 3, 3), member('critical', 0, 4)], { critical: 1 }],
    ['are not taken back', 2, [member('mail-a', 2, 2), member('critical', 0, 4)], {}],
    ['are not granted by a pool that became too small', 1, [member('mail-a', 3, 3), member('critical', 0, 1)], {}],
    ['are not taken from who wants less than it holds', 4, [member('mail-a', 2, 0)], {}],
  ])('%s', (_what, slots, members, grants) => expect(granted(slots, ...members)).toEqual(grants))

  const members = fc.uniqueArray(
    fc.record({
      queue: fc.constantFrom('critical', 'mail-a', 'mail-b', 'mail-c', 'bcd'),
      held: fc.nat(5),
      wants: fc.nat(9),
    }),
    { selector: ({ queue }) => queue },
  )
  it('are never more than slots, never idle while one is wanted, in order, and granted once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), members, (slots, before) => {
        const pool = { ...IO, slots }
        const grants = new Map(allot(pool, before).map(({ to, more }) => [to.queue, more]))
        const after = before.map((each) => ({ ...each, held: each.held + (grants.get(each.queue) ?? 0) }))
        const total = (all: readonly Member[]) => all.reduce((sum, { held }) => sum + held, 0)
        expect(total(after)).toBeLessThanOrEqual(Math.max(slots, total(before)))
        const hungry = after.filter(({ held, wants }) => wants > held)
        if (hungry.length > 0) expect(total(after)).toBeGreaterThanOrEqual(slots)
        // Whoever got one has nobody before it that wants one still.
        for (const { queue } of hungry) {
          const later = after.filter((other) => comesAfter(pool, other.queue, queue))
          expect(later.filter((other) => grants.has(other.queue))).toEqual([])
        }
        expect(allot(pool, after)).toEqual([])
        expect(allot(pool, before.toReversed())).toEqual(allot(pool, before))
      }),
    )
  })
})

function comesAfter(pool: Pool, a: string, b: string): boolean {
  const [rankA = 0, rankB = 0] = [rankIn(pool, a), rankIn(pool, b)]
  return rankA === rankB ? a > b : rankA > rankB
}
