import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareEntries, type Entry, entryOf } from '../../src/domain/entry.ts'
import { makeId, type RawName, rawName } from '../../src/domain/name.ts'
import { Schedule } from '../../src/domain/schedule.ts'

const NOW = Date.UTC(2026, 10, 22)

function raw(text: string): RawName {
  return rawName(text)
}

function taken(schedule: Schedule, now: number, limit = 1000): string[] {
  const names: string[] = []
  for (let entry = schedule.take(now); entry !== undefined && names.length < limit; entry = schedule.take(now))
    names.push(entry.raw)
  return names
}

function filled(names: readonly string[], limit?: number): Schedule {
  const schedule = new Schedule(limit === undefined ? {} : { bounds: { ready: limit } })
  for (const [i, name] of names.entries()) schedule.add(entryOf(raw(name), NOW + i), NOW + names.length)
  return schedule
}

describe('items start', () => {
  const early = makeId(NOW - 2000, 0, 'aaaaaa')
  const late = makeId(NOW - 1000, 0, 'aaaaaa')
  const second = NOW / 1000
  const rows: [sentence: string, seen: string[], order: string[]][] = [
    ['in the order in which they were first seen', ['c', 'a', 'b'], ['c', 'a', 'b']],
    ['by the time in their id', [late, early], [early, late]],
    ['those with an id by its time among the others', ['dropped', late], [late, 'dropped']],
    ['by priority first', ['a', `${early},p9`, 'b,p0'], ['b,p0', 'a', `${early},p9`]],
    [
      'by due time, when it has come',
      [`a,t${second - 5}`, `b,t${second - 9}`],
      [`b,t${second - 9}`, `a,t${second - 5}`],
    ],
    ['a due one beside an arrived one by time', [early, `a,t${second - 3}`], [`a,t${second - 3}`, early]],
  ]
  it.each(rows)('%s', (_sentence, seen, order) => {
    expect(taken(filled(seen), NOW + 100)).toEqual(order)
  })
  it('of the same moment by their bytes', () => {
    const schedule = new Schedule()
    for (const name of ['b', 'ä', 'a', 'Z']) schedule.add(entryOf(raw(name), NOW), NOW)
    expect(taken(schedule, NOW)).toEqual(['Z', 'a', 'b', raw('ä')])
  })
  it('once, however often they are seen', () => {
    const schedule = filled(['a', 'a', 'a'])
    expect(schedule.readySize).toBe(1)
    expect(taken(schedule, NOW + 10)).toEqual(['a'])
  })
})

describe('an item that waits for its time', () => {
  const second = NOW / 1000
  it('takes no ready place', () => {
    const schedule = new Schedule({ bounds: { ready: 2 } })
    for (let i = 0; i < 5; i += 1) schedule.add(entryOf(raw(`f${i},t${second + 100 + i}`), NOW), NOW)
    for (const name of ['a', 'b']) schedule.add(entryOf(raw(name), NOW), NOW)
    expect(schedule.readySize).toBe(2)
    expect(taken(schedule, NOW)).toEqual(['a', 'b'])
  })
  it('is told to the clock, and starts then', () => {
    const schedule = filled([`a,t${second + 60}`, `b,t${second + 30}`])
    expect(schedule.nextTime()).toBe(NOW + 30_000)
    expect(taken(schedule, NOW + 29_999)).toEqual([])
    expect(taken(schedule, NOW + 30_000)).toEqual([`b,t${second + 30}`])
    expect(schedule.nextTime()).toBe(NOW + 60_000)
  })
  it('that found no place is a time at which to scan', () => {
    const schedule = filled([`a,t${second + 60}`, `b,t${second + 30}`, `c,t${second + 40}`], 1)
    expect(taken(schedule, NOW + 30_000)).toEqual([`b,t${second + 30}`])
    expect(schedule.nextTime()).toBe(NOW + 40_000)
    expect(schedule.needsScan(NOW + 39_999, 0)).toBe(false)
    expect(schedule.needsScan(NOW + 40_000, 0)).toBe(true)
  })
  it('and was put off for ever is not ready', () => {
    const schedule = new Schedule()
    schedule.postpone(entryOf(raw('a'), NOW), Number.POSITIVE_INFINITY)
    expect(schedule.take(NOW)).toBeUndefined()
    expect(schedule.nextTime()).toBe(Number.POSITIVE_INFINITY)
  })
  it('and was put off keeps its order among the others', () => {
    const schedule = new Schedule()
    const [a, b] = [entryOf(raw('a'), NOW), entryOf(raw('b'), NOW + 1)]
    schedule.add(b, NOW + 1)
    schedule.postpone(a, NOW + 50)
    expect(schedule.nextTime()).toBe(NOW + 50)
    expect(taken(schedule, NOW + 50)).toEqual(['a', 'b'])
  })
})

describe('more than fits', () => {
  it('keeps the best, and knows that something was left out', () => {
    const schedule = filled(['e,p5', 'd,p4', 'c,p3', 'b,p2', 'a,p1'], 2)
    expect(taken(schedule, NOW + 10)).toEqual(['a,p1', 'b,p2'])
    expect(schedule.truncated).toBe(true)
    expect(schedule.needsScan(NOW, 1)).toBe(true)
  })
  it('is known too when it falls out between two looks', () => {
    const schedule = filled(['c,p5', 'd,p5'], 2)
    schedule.add(entryOf(raw('x,p9'), NOW), NOW)
    schedule.ready()
    schedule.add(entryOf(raw('a,p1'), NOW), NOW)
    schedule.add(entryOf(raw('b,p1'), NOW), NOW)
    expect(taken(schedule, NOW + 10)).toEqual(['a,p1', 'b,p1'])
    expect(schedule.truncated).toBe(true)
  })
  it('is forgotten when a scan begins, since it will be seen again', () => {
    const schedule = filled(['a', 'b', 'c'], 1)
    schedule.take(NOW + 10)
    schedule.beginScan()
    expect(schedule.truncated).toBe(false)
    expect(schedule.nextTime()).toBe(Number.POSITIVE_INFINITY)
  })
  it('is dropped whole when it is cleared', () => {
    const schedule = filled(['a', `b,t${NOW}`])
    schedule.clear()
    expect([schedule.readySize, schedule.futureSize, schedule.has(raw('a'))]).toEqual([0, 0, false])
  })
})

describe('against a plain sorted list', () => {
  const entry: fc.Arbitrary<Entry> = fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 9 }), fc.nat(8))
    .map(([n, priority, at, wait]) => ({
      raw: raw(`n${n},p${priority}`),
      id: undefined,
      priority,
      at: NOW + at,
      notBefore: wait < 5 ? 0 : NOW + wait * 10,
      arrival: NOW + at,
      tags: [],
    }))
  const step = fc.oneof(
    { weight: 5, arbitrary: entry.map((value) => ({ do: 'add' as const, value })) },
    { weight: 2, arbitrary: fc.constant({ do: 'take' as const }) },
    { weight: 1, arbitrary: entry.map((value) => ({ do: 'postpone' as const, value })) },
    { weight: 1, arbitrary: fc.nat(15).map((ms) => ({ do: 'pass' as const, ms })) },
    { weight: 1, arbitrary: fc.constant({ do: 'look' as const }) },
  )
  const steps = fc.array(step, { maxLength: 120 })
  type Step = ReturnType<typeof steps.generate>['value'][number]

  /** The best of what may run, as anybody would write it. */
  function best(all: Map<string, Entry>, now: number): Entry | undefined {
    return [...all.values()].filter((one) => one.notBefore <= now).sort(compareEntries)[0]
  }

  function play(
    limit: number,
    script: readonly Step[],
    check: (s: Schedule, model: Map<string, Entry>, now: number, got: Entry | undefined) => void,
  ): void {
    const schedule = new Schedule({ bounds: { ready: limit } })
    const model = new Map<string, Entry>()
    let now = NOW
    for (const one of script) {
      switch (one.do) {
        case 'add':
          // What was left out is forgotten, and may come again with another time.
          if (!schedule.has(one.value.raw)) model.set(one.value.raw, one.value)
          schedule.add(one.value, now)
          break
        case 'postpone': {
          const later = { ...one.value, notBefore: now + 20 }
          if (!schedule.has(one.value.raw)) model.set(one.value.raw, later)
          schedule.postpone(one.value, now + 20)
          break
        }
        case 'pass':
          now += one.ms
          break
        case 'look':
          schedule.ready()
          schedule.nextTime()
          break
        case 'take': {
          const got = schedule.take(now)
          check(schedule, model, now, got)
          if (got !== undefined) model.delete(got.raw)
          break
        }
      }
      expect(schedule.readySize).toBeLessThanOrEqual(2 * limit + 1)
      expect(schedule.futureSize).toBeLessThanOrEqual(2 * limit + 1)
    }
    for (let got = schedule.take(now); ; got = schedule.take(now)) {
      check(schedule, model, now, got)
      if (got === undefined) break
      model.delete(got.raw)
    }
    // What is left waits for its time, or is known to be left out.
    for (const left of model.values()) {
      if (schedule.has(left.raw)) continue
      expect(schedule.truncated || schedule.nextTime() <= left.notBefore).toBe(true)
    }
  }

  it('with room for all, the order is the same', () => {
    fc.assert(
      fc.property(steps, (script) => {
        play(1000, script, (schedule, model, now, got) => {
          expect(got?.raw).toBe(best(model, now)?.raw)
          expect(schedule.truncated).toBe(false)
        })
      }),
      { numRuns: 500 },
    )
  })
  it('without room for all, it is bounded, and nothing is lost unseen', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), steps, (limit, script) => {
        play(limit, script, (schedule, model, now, got) => {
          const want = best(model, now)
          if (got?.raw !== want?.raw) expect(schedule.needsScan(now, limit + 1)).toBe(true)
          if (got !== undefined) expect(model.has(got.raw)).toBe(true)
        })
      }),
      { numRuns: 1000 },
    )
  })
})
