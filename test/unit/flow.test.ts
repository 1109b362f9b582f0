import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Entry, entryOf } from '../../src/domain/entry.ts'
import { classesOf, type FlowPolicy, FlowState, lineOf, type SlotClass } from '../../src/domain/flow.ts'
import { type ItemId, makeId, type RawName, rawName } from '../../src/domain/name.ts'
import { Schedule } from '../../src/domain/schedule.ts'
import type { Bounds } from '../../src/domain/schedule-options.ts'

const NOW = Date.UTC(2026, 10, 22, 10, 15)
const FREE: FlowPolicy = {
  classes: [{ tags: ['*'], not: [], n: 100 }],
  weights: {},
  concurrency: {},
  rate: undefined,
  rates: {},
  order: [],
  coalesce: undefined,
}

function named(n: number, suffix = ''): RawName {
  return `${makeId(NOW + n, n % 1000, (n + 100_000).toString(36).padStart(6, '0'))}.msg${suffix}` as RawName
}

/** A worker's view, without processes: starts what may start, ends what it is told. */
class Simulator {
  readonly state: FlowState
  readonly schedule: Schedule
  readonly running = new Map<ItemId, Entry>()
  readonly started: RawName[] = []
  readonly directory = new Set<RawName>()
  readonly #policy: FlowPolicy
  scans = 0

  constructor(policy: Partial<FlowPolicy>, bounds: Partial<Bounds> = {}) {
    this.#policy = { ...FREE, ...policy }
    this.state = new FlowState(this.#policy)
    this.schedule = new Schedule({
      bounds,
      gates: {
        shut: (entry, now) => this.state.gate(entry.raw, entry.tags, now),
        lineOf: (entry) => lineOf(this.#policy, entry.tags),
        reserving: () => this.state.reserving(),
        forget: (raw) => this.state.forget(raw),
      },
    })
    this.schedule.endScan(NOW)
  }

  drop(raw: RawName, now = NOW): void {
    this.directory.add(raw)
    this.schedule.add(entryOf(raw, now), now)
  }

  scan(now: number): void {
    this.scans += 1
    this.schedule.beginScan()
    for (const raw of this.directory) this.schedule.add(entryOf(raw, now), now)
    this.schedule.endScan(now)
  }

  /** By hand; what tells of it leads to a look at what is in the way. */
  remove(raw: RawName, now = NOW): void {
    this.directory.delete(raw)
    this.#clearTheWay(this.schedule.inTheWay(), now)
  }

  #clearTheWay(suspects: readonly Entry[], now: number): boolean {
    const gone = suspects.filter((entry) => !this.directory.has(entry.raw))
    this.schedule.drop(gone, now)
    return gone.length > 0
  }

  pump(now = NOW, most = Number.POSITIVE_INFINITY): void {
    for (let n = 0; n < most; n += 1) {
      if (this.schedule.needsScan(now, 100)) this.scan(now)
      let entry = this.schedule.take(now)
      while (entry === undefined && this.#clearTheWay(this.schedule.lateInTheWay(), now))
        entry = this.schedule.take(now)
      if (entry === undefined && this.schedule.needsScan(now, 100)) {
        this.scan(now)
        entry = this.schedule.take(now)
      }
      if (entry?.id === undefined) return
      this.directory.delete(entry.raw)
      this.started.push(entry.raw)
      this.running.set(entry.id, entry)
      this.state.begin(entry.id, entry.tags, now, true)
      const line = lineOf(this.#policy, entry.tags)
      if (line !== undefined) this.schedule.hold(entry.id, line)
    }
  }

  /** `again`: its verdict says that it waits until then. */
  end(id: ItemId, now = NOW, again?: number): void {
    const entry = this.running.get(id)
    if (entry === undefined) return
    this.running.delete(id)
    this.schedule.opened(this.state.end(id))
    if (again !== undefined) {
      this.directory.add(entry.raw)
      this.schedule.postpone(entry, again)
    }
    this.schedule.release(id, now)
  }

  endAll(now = NOW): void {
    for (const id of [...this.running.keys()]) this.end(id, now)
  }
}

describe('a class of slots', () => {
  const classes: SlotClass[] = [
    { tags: ['*'], not: [], n: 4 },
    { tags: ['gpu'], not: [], n: 1 },
    { tags: [], not: ['slow'], n: 1 },
    { tags: ['eu'], not: ['slow'], n: 2 },
  ]
  it.each<[string, readonly string[], readonly number[]]>([
    ['untagged: those that name no tag, the narrower first', [], [2, 0]],
    ['a tag of one: that one first', ['gpu'], [1, 2, 0]],
    ['two tags: in the order given', ['eu', 'gpu'], [1, 3, 2, 0]],
    ['a tag that two refuse', ['eu', 'slow'], [0]],
  ])('%s', (_sentence, tags, expected) => {
    expect(classesOf(classes, tags)).toEqual(expected)
  })
  it('that nobody offers keeps an item waiting by that name', () => {
    const state = new FlowState({ ...FREE, classes: [{ tags: ['gpu'], not: [], n: 1 }] })
    expect(state.gate(rawName('x'), ['eu'], NOW)?.reason).toEqual({ kind: 'no-class' })
    expect(state.gate(rawName('x'), ['gpu'], NOW)).toBeUndefined()
  })
})

describe('an item of weight 2', () => {
  const policy = { ...FREE, classes: [{ tags: ['*'], not: [], n: 3 }], weights: { big: 2, huge: 9 } }
  it('takes two slots, and is not starved by light ones', () => {
    const sim = new Simulator(policy)
    for (let n = 0; n < 3; n += 1) sim.drop(named(n))
    sim.drop(named(3, ',+big'))
    for (let n = 4; n < 9; n += 1) sim.drop(named(n))
    sim.pump()
    expect(sim.started).toHaveLength(3)
    const [first, second] = [...sim.running.keys()]
    if (first !== undefined) sim.end(first)
    sim.pump()
    expect(sim.started).toHaveLength(3)
    if (second !== undefined) sim.end(second)
    sim.pump()
    expect(sim.started.slice(3)).toEqual([named(3, ',+big')])
  })
  it('keeps no room where it waited when it starts in another class', () => {
    const classes = [{ tags: ['big', 'eu'], not: [], n: 2 }, { tags: ['*'], not: ['small'], n: 2 }] // biome-ignore format: short
    const sim = new Simulator({ classes, weights: { big: 2 } })
    for (let n = 0; n < 3; n += 1) sim.drop(named(n, n === 0 ? ',+eu' : ''))
    sim.pump()
    sim.drop(named(3, ',+big'))
    sim.drop(named(4, ',+eu,+small'))
    sim.pump()
    expect(sim.started).toHaveLength(3)
    for (const id of [...sim.running.keys()].slice(1)) sim.end(id)
    sim.pump()
    expect(sim.started.slice(3)).toEqual([named(3, ',+big'), named(4, ',+eu,+small')])
  })
  it('keeps no room once it is gone', () => {
    const sim = new Simulator(policy)
    sim.drop(named(0))
    sim.drop(named(1))
    sim.pump()
    sim.drop(named(2, ',p1,+big'))
    sim.drop(named(3))
    sim.pump()
    expect(sim.started).toHaveLength(2)
    sim.remove(named(2, ',p1,+big'))
    sim.pump()
    expect(sim.started.slice(2)).toEqual([named(3)])
  })
  it('or heavier than its class, has it alone', () => {
    const sim = new Simulator(policy)
    sim.drop(named(0, ',+huge'))
    sim.drop(named(1))
    sim.pump()
    expect(sim.started).toEqual([named(0, ',+huge')])
  })
})

describe('a rate', () => {
  it('is kept in any window, and remembered', () => {
    const policy = { ...FREE, rate: { count: 2, per: 1000 } }
    const sim = new Simulator(policy)
    for (let n = 0; n < 5; n += 1) sim.drop(named(n))
    sim.pump(NOW)
    expect(sim.started).toHaveLength(2)
    expect(sim.schedule.nextTime()).toBe(NOW + 1000)
    const next = new FlowState(policy)
    next.remember(sim.state.recent(NOW + 500), NOW + 500)
    expect(next.gate(rawName('x'), [], NOW + 500)?.until).toBe(NOW + 1000)
    sim.pump(NOW + 999)
    expect(sim.started).toHaveLength(2)
    sim.pump(NOW + 1000)
    expect(sim.started).toHaveLength(4)
  })
  it('of a key holds back that key only', () => {
    const sim = new Simulator({ rates: { user: { count: 1, per: 60_000 } } })
    for (const [n, tag] of ['user:1', 'user:1', 'user:2', 'other'].entries()) sim.drop(named(n, `,+${tag}`))
    sim.pump()
    expect(sim.started).toHaveLength(3)
    expect(sim.schedule.parked()).toEqual({ rate: 1 })
  })
  it('written by a clock that was set back since does not stop a queue for long', () => {
    const state = new FlowState({ ...FREE, rate: { count: 1, per: 1000 } })
    state.begin(makeId(NOW, 0, 'aaaaaa'), [], NOW + 86_400_000, true)
    expect(state.gate(rawName('y'), [], NOW)?.until).toBe(NOW + 1000)
    expect(state.gate(rawName('y'), [], NOW + 400)?.until).toBe(NOW + 1000)
    expect(state.gate(rawName('y'), [], NOW + 1000)).toBeUndefined()
  })
  it('goes on when the one that it let through was crowded out by better ones', () => {
    const sim = new Simulator({ rates: { user: { count: 1, per: 1000 } } }, { ready: 1 })
    for (let n = 0; n < 4; n += 1) sim.drop(named(n, ',p7,+user:1'))
    sim.pump()
    for (let n = 10; n < 13; n += 1) sim.drop(named(n, ',p1'))
    for (let n = 1; n < 5; n += 1) sim.pump(NOW + n * 1000)
    expect(sim.started).toHaveLength(7)
  })
})

describe('a key that is shut', () => {
  it('with 100,000 pending slows no other, and is not looked for in a loop', () => {
    const sim = new Simulator({ concurrency: { user: 1 } })
    for (let n = 0; n < 100_000; n += 1) sim.drop(named(n, ',+user:1'))
    for (let n = 0; n < 50; n += 1) sim.drop(named(200_000 + n, ',+user:2,p9'))
    for (let n = 0; n < 50; n += 1) sim.drop(named(300_000 + n, ',p9'))
    sim.pump()
    expect(sim.running.size).toBe(52)
    expect(sim.schedule.readySize).toBe(0)
    expect(sim.scans).toBeLessThanOrEqual(2)
    for (let n = 0; n < 100; n += 1) {
      sim.endAll()
      sim.pump()
    }
    expect(sim.scans).toBeLessThanOrEqual(3)
    expect(sim.started.filter((raw) => raw.includes('user:1'))).toHaveLength(101)
  })
  it('goes on after what was left out was found again, to the last', () => {
    const sim = new Simulator({ concurrency: { user: 1 } }, { ready: 500 })
    for (let n = 0; n < 7000; n += 1) sim.drop(named(n, ',+user:1'))
    for (let n = 0; n < 7000; n += 1) {
      sim.pump()
      sim.endAll()
    }
    expect(new Set(sim.started).size).toBe(7000)
    expect(sim.scans).toBeLessThan(20)
  })
})

describe('what is gone while it was ready, and may not run when its turn comes,', () => {
  it('does not hold back the rest of its line', () => {
    const sim = new Simulator({ order: ['seq'], rates: { api: { count: 1, per: 15_000 } } })
    const gone = named(1, ',+api:0,+seq:1')
    for (const raw of [named(0, ',+api:0'), gone, named(2, ',+seq:1')]) sim.drop(raw)
    sim.remove(gone)
    sim.pump()
    expect(sim.started).toEqual([named(0, ',+api:0'), named(2, ',+seq:1')])
  })
  it('does not hold back those of its line that found no place', () => {
    const sim = new Simulator({ order: ['seq'], rates: { api: { count: 1, per: 15_000 } } }, { perLine: 1 })
    const gone = named(1, ',+api:0,+seq:1')
    for (const raw of [named(0, ',+api:0'), gone, named(2, ',+seq:1')]) sim.drop(raw)
    sim.remove(gone)
    sim.pump()
    expect(sim.started).toEqual([named(0, ',+api:0'), named(2, ',+seq:1')])
  })
  it('keeps no room that it would need', () => {
    const sim = new Simulator({ classes: [{ tags: ['*'], not: [], n: 3 }], weights: { big: 2 } })
    const gone = named(2, ',+big')
    for (const raw of [named(0), named(1), gone, named(3)]) sim.drop(raw)
    sim.remove(gone)
    sim.pump()
    expect(sim.started).toEqual([named(0), named(1), named(3)])
  })
})

describe('strict order', () => {
  it('an item that waited for its time and is gone holds back nobody', () => {
    const sim = new Simulator({ order: ['user'] })
    const later = named(0, `,t${NOW / 1000 + 86_400},+user:1`)
    for (const raw of [later, named(1, ',+user:1')]) sim.drop(raw)
    sim.pump()
    expect(sim.started).toEqual([])
    sim.remove(later)
    sim.pump()
    expect(sim.started).toEqual([named(1, ',+user:1')])
  })
  it('is kept when there are more keys than are remembered', () => {
    const sim = new Simulator({ order: ['user'] }, { lines: 2 })
    for (let n = 0; n < 3; n += 1) sim.drop(named(n, `,+user:${n}`))
    sim.pump()
    sim.endAll()
    sim.schedule.release([...sim.running.keys()][0] ?? makeId(NOW, 0, 'aaaaaa'), NOW)
    sim.drop(named(3, ',+user:2'))
    for (let n = 0; n < 3; n += 1) {
      sim.pump()
      sim.endAll()
    }
    expect(sim.started.slice(2)).toEqual([named(2, ',+user:2'), named(3, ',+user:2')])
  })
  it('an item that waits for its retry holds back the later ones of its key, and no others', () => {
    const sim = new Simulator({ order: ['user'] })
    for (let n = 0; n < 3; n += 1) sim.drop(named(n, ',+user:1'))
    sim.drop(named(3, ',+user:2'))
    sim.pump()
    expect(sim.started).toEqual([named(0, ',+user:1'), named(3, ',+user:2')])
    const [first] = [...sim.running.keys()]
    if (first !== undefined) sim.end(first, NOW, NOW + 5000)
    sim.pump(NOW + 4999)
    expect(sim.started).toHaveLength(2)
    sim.pump(NOW + 5000)
    expect(sim.started[2]).toBe(named(0, ',+user:1'))
  })
  it('nothing of a line starts before all names were seen', () => {
    const sim = new Simulator({ order: ['user'] })
    sim.schedule.clear()
    sim.schedule.beginScan()
    sim.drop(named(1, ',+user:1'))
    sim.pump()
    expect(sim.started).toEqual([])
    sim.drop(named(0, ',+user:1'))
    sim.schedule.endScan(NOW)
    sim.pump()
    expect(sim.started).toEqual([named(0, ',+user:1')])
  })
  it('priorities change nothing within a key', () => {
    const sim = new Simulator({ order: ['user'] })
    sim.drop(named(1, ',p0,+user:1'))
    sim.drop(named(0, ',p9,+user:1'))
    sim.pump()
    expect(sim.started).toEqual([named(0, ',p9,+user:1')])
  })
  it('is kept beyond what is remembered, whatever retries', () => {
    const sim = new Simulator({ order: ['user'] }, { ready: 300 })
    const expected: RawName[] = []
    for (let n = 6999; n >= 0; n -= 1) sim.drop(named(n, ',+user:1'))
    for (let n = 0; n < 7000; n += 1) expected.push(named(n, ',+user:1'))
    for (let n = 0; n < 7000; n += 1) {
      sim.pump()
      expect(sim.running.size).toBe(1)
      sim.endAll()
    }
    expect(sim.started).toEqual(expected)
    expect(sim.scans).toBeLessThan(20)
  })
})

describe('whatever comes and ends', () => {
  const tag = fc.constantFrom(
    '',
    ',+user:1',
    ',+user:2',
    ',+big',
    ',+big,+user:1',
    ',+gpu',
    ',+acct:9',
    ',+acct:9,+gpu',
  )
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(tag, fc.nat(9)).map(([suffix, p]) => ({ do: 'drop' as const, suffix, p })) },
    { weight: 3, arbitrary: fc.nat(20).map((nth) => ({ do: 'end' as const, nth })) },
    { weight: 1, arbitrary: fc.nat(20).map((nth) => ({ do: 'retry' as const, nth })) },
    { weight: 2, arbitrary: fc.nat(900).map((ms) => ({ do: 'pass' as const, ms })) },
  )
  const policy: FlowPolicy = {
    classes: [
      { tags: ['gpu'], not: [], n: 1 },
      { tags: ['*'], not: ['gpu'], n: 3 },
    ],
    weights: { big: 2 },
    concurrency: { user: 2 },
    rate: { count: 20, per: 1000 },
    rates: { user: { count: 5, per: 1000 } },
    order: ['acct'],
    coalesce: undefined,
  }

  it('no limit is passed, order is kept, and all is run in the end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (script) => {
        const sim = new Simulator(policy, { ready: 8 })
        let now = NOW
        let n = 0
        const runs: { raw: RawName; at: number }[] = []
        const pump = () => {
          const before = sim.started.length
          sim.pump(now, 10_000)
          for (const raw of sim.started.slice(before)) runs.push({ raw, at: now })
          check(sim, policy)
        }
        for (const one of script) {
          if (one.do === 'drop') {
            sim.drop(named(n, `,p${one.p}${one.suffix}`), now)
            n += 1
          } else if (one.do === 'pass') now += one.ms
          else {
            const ids = [...sim.running.keys()]
            const id = ids[one.nth % Math.max(1, ids.length)]
            if (id !== undefined) sim.end(id, now, one.do === 'retry' ? now + 300 : undefined)
          }
          pump()
        }
        for (let turn = 0; turn < 400 && (sim.directory.size > 0 || sim.running.size > 0); turn += 1) {
          sim.endAll(now)
          now += 500
          pump()
        }
        expect(sim.directory.size).toBe(0)
        for (const [i, { at }] of runs.entries()) {
          const inWindow = runs.slice(i).filter((other) => other.at < at + 1000)
          expect(inWindow.length).toBeLessThanOrEqual(20)
          expect(inWindow.filter(({ raw }) => raw.includes('user:1')).length).toBeLessThanOrEqual(5)
        }
      }),
      { numRuns: 150 },
    )
  })

  function check(sim: Simulator, limits: FlowPolicy): void {
    const running = [...sim.running.values()]
    const having = (what: string) => running.filter(({ tags }) => tags.includes(what))
    expect(having('gpu').length).toBeLessThanOrEqual(1)
    expect(running.length - having('gpu').length + having('big').length).toBeLessThanOrEqual(3)
    expect(having('user:1').length).toBeLessThanOrEqual(limits.concurrency['user'] ?? 0)
    const line = having('acct:9')
    expect(line.length).toBeLessThanOrEqual(1)
    const ahead = [...sim.directory].filter((raw) => raw.includes('acct:9')).map((raw) => entryOf(raw, NOW).arrival)
    for (const { arrival } of line) expect(Math.min(...ahead)).toBeGreaterThan(arrival)
  }
})

describe('aging', () => {
  it('is worth a level for each so long a wait, so that nobody starves', () => {
    const schedule = new Schedule({ aging: 1000 })
    const low = named(0, ',p9')
    schedule.add(entryOf(low, NOW), NOW)
    for (let n = 1; n < 20; n += 1) schedule.add(entryOf(named(n * 1000, ',p0'), NOW), NOW + 20_000)
    const order: RawName[] = []
    for (let one = schedule.take(NOW + 20_000); one !== undefined; one = schedule.take(NOW + 20_000))
      order.push(one.raw)
    expect(order.indexOf(low)).toBe(8)
  })
})
