/** What is done about the instants that came: once each, whatever happened to the daemon, the queue and the clock. */
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { idTime } from '../../src/domain/name.ts'
import {
  afterOrder,
  decide,
  fireId,
  formatState,
  freshState,
  lookedUntil,
  nextLook,
  type Order,
  parseState,
  type ScheduleSpec,
  type ScheduleState,
  type Surroundings,
  spreadOffset,
  stateNow,
} from '../../src/domain/schedules.ts'
import { clockOf } from '../../src/domain/timing.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const QUIET: Surroundings = { isPaused: false, isDown: false, isOpen: false }
const hash = (text: string) => createHash('sha256').update(text).digest('hex')

function spec(over: Partial<ScheduleSpec> = {}): ScheduleSpec {
  const timing = { kind: 'every', every: HOUR, offset: 0 } as const
  return {
    name: 's', timing, description: undefined, catchUp: 'once', overlap: 'queue', spread: 0, priority: undefined,
    tags: [], msg: {}, ...over,
  } // biome-ignore format: a record
}

/** A queue that is looked at now and then: what a worker does, without a disk. */
function life(of: ScheduleSpec, born: number) {
  const clock = clockOf(of.timing)
  let state: ScheduleState = freshState(of, born)
  const fired: number[] = []
  return {
    fired,
    get state() {
      return state
    },
    set state(to: ScheduleState) {
      state = to
    },
    look(now: number, around: Partial<Surroundings> = {}): Order[] {
      state = stateNow(of, state, now)
      const orders = decide(of, clock, state, now, () => ({ ...QUIET, ...around }))
      for (const order of orders) {
        const id = fireId(of.name, order.at, hash)
        state = afterOrder(state, order, order.do === 'fire' ? { id, name: `${id}.msg` } : undefined)
        if (order.do === 'fire') fired.push(order.at)
      }
      state = lookedUntil(state, now)
      return orders
    },
  }
}

/** `fire 3h -2h skip 1 missed` */
function told(orders: readonly Order[]): string[] {
  return orders.map((order) =>
    order.do === 'skip' ? `skip ${order.count} ${order.why}` : `fire ${order.at / HOUR}h, stands for ${order.missed}`,
  )
}

describe('missed instants', () => {
  it.each([
    ['none', ['skip 5 missed']],
    ['once', ['skip 4 missed', 'fire 5h, stands for 4']],
    ['all', [1, 2, 3, 4, 5].map((n) => `fire ${n}h, stands for 0`)],
  ] as const)('with catch_up %s', (catchUp, expected) => {
    expect(told(life(spec({ catchUp }), 0).look(5 * HOUR + 30 * 60_000))).toEqual(expected)
  })
  it('are those late by a minute: within it a busy machine is on time', () => {
    expect(told(life(spec({ catchUp: 'none' }), 0).look(HOUR + 59_999))).toEqual(['fire 1h, stands for 0'])
    expect(told(life(spec({ catchUp: 'none' }), 0).look(HOUR + 60_000))).toEqual(['skip 1 missed'])
  })
  it('are stood for by one that is on time', () => {
    expect(told(life(spec(), 0).look(3 * HOUR + 5))).toEqual(['skip 2 missed', 'fire 3h, stands for 2'])
  })
  it('are a hundred at most', () => {
    expect(life(spec({ catchUp: 'all' }), 0).look(9999 * HOUR)).toHaveLength(100)
  })
})

describe('the item of the last fire waits or runs', () => {
  it.each([
    ['skip', ['skip 1 overlap']],
    ['queue', ['fire 1h, stands for 0']],
    ['replace', ['fire 1h, stands for 0']],
  ] as const)('with overlap %s', (overlap, expected) => {
    const orders = life(spec({ overlap }), 0).look(HOUR, { isOpen: true })
    expect(told(orders)).toEqual(expected)
    for (const order of orders) if (order.do === 'fire') expect(order.replaces).toBe(overlap === 'replace')
  })
  it('so that of several at once the first is fired, and with replace the last', () => {
    const often = { timing: { kind: 'every', every: 10_000, offset: 0 } } as const
    expect(
      life(spec({ overlap: 'skip', ...often }), 0)
        .look(30_000)
        .map(({ at }) => at),
    ).toEqual([10_000, 30_000])
    expect(
      life(spec({ overlap: 'replace', ...often }), 0)
        .look(30_000)
        .map(({ at }) => at),
    ).toEqual([20_000, 30_000])
  })
})

test('a schedule that is paused, or whose queue is down, skips and says why, and catches up nothing', () => {
  const one = life(spec(), 0)
  expect(told(one.look(HOUR, { isPaused: true }))).toEqual(['skip 1 paused'])
  expect(told(one.look(2 * HOUR, { isDown: true }))).toEqual(['skip 1 down'])
  expect(one.state.skipped).toEqual({ at: 2 * HOUR, why: 'down', count: 1 })
  expect(told(one.look(3 * HOUR))).toEqual(['fire 3h, stands for 0'])
})

test('a new schedule, and one whose time was changed, begin now', () => {
  const one = life(spec(), 10 * HOUR + 1)
  expect(one.look(10 * HOUR + 2)).toEqual([])
  const other = spec({ timing: { kind: 'every', every: 60_000, offset: 0 } })
  expect(stateNow(other, one.state, 20 * HOUR).until).toBe(20 * HOUR)
  expect(nextLook(other, clockOf(other.timing), one.state, 20 * HOUR)).toBe(20 * HOUR)
})

test('by hand only: nobody has to look', () => {
  const one = spec({ timing: { kind: 'by-hand' } })
  expect(nextLook(one, clockOf(one.timing), undefined, 5)).toBe(Number.POSITIVE_INFINITY)
})

describe('a clock that is set', () => {
  it('back fires nothing again, and what was not fired when it comes', () => {
    const one = life(spec(), 0)
    for (const now of [1, 2, 3, 4].map((n) => n * HOUR)) one.look(now)
    one.look(2 * HOUR + 30 * 60_000)
    for (const now of [3, 4, 5].map((n) => n * HOUR)) one.look(now)
    expect(one.fired).toEqual([1, 2, 3, 4, 5].map((n) => n * HOUR))
  })
  it('years ahead for a moment silences nothing', () => {
    const one = life(spec(), 0)
    one.look(HOUR)
    one.look(900 * DAY)
    expect(told(one.look(HOUR + 5))).toEqual([])
    expect(told(one.look(2 * HOUR))).toEqual(['fire 2h, stands for 0'])
    // Nor what is missed from there on.
    expect(told(one.look(9 * HOUR + 30 * 60_000))).toEqual(['skip 6 missed', 'fire 9h, stands for 6'])
  })
  it.each(['none', 'once', 'all'] as const)('to 1970 for a moment brings back nothing, with catch_up %s', (catchUp) => {
    const one = life(spec({ catchUp }), 1000 * DAY)
    one.look(1000 * DAY + HOUR)
    // Down for a while: some have no item of their own.
    one.look(1000 * DAY + 9 * HOUR + 300_000)
    const before = [...one.fired]
    one.look(HOUR / 2)
    one.look(1000 * DAY + 9 * HOUR + 400_000)
    expect(one.fired).toEqual(before)
  })
  it('back, and noticed a little later, loses no instant that came meanwhile', () => {
    const one = life(spec(), 900 * DAY)
    expect(told(one.look(3 * HOUR + 30_000))).toEqual(['fire 3h, stands for 0'])
  })
  it('back by a moment, just after a schedule was made, fires nothing that was before it', () => {
    const one = life(spec(), HOUR + 20_000)
    expect(told(one.look(HOUR + 19_990))).toEqual([])
  })
  it('wants somebody to look at once', () => {
    const one = life(spec(), 900 * DAY)
    expect(nextLook(spec(), clockOf(spec().timing), one.state, 5)).toBe(5)
  })
})

test('however the clock jumps and whenever it is looked at, no instant is fired twice within what is remembered', () => {
  const steps = fc.array(
    fc.record({
      by: fc.integer({ min: -3 * HOUR, max: 3 * HOUR }),
      around: fc.constantFrom({}, { isOpen: true }, { isDown: true }),
    }),
    { maxLength: 60 },
  )
  const specs = fc.record({
    catchUp: fc.constantFrom('none' as const, 'once' as const, 'all' as const),
    overlap: fc.constantFrom('skip' as const, 'queue' as const, 'replace' as const),
    timing: fc.constantFrom(
      { kind: 'every' as const, every: 20 * 60_000, offset: 0 },
      { kind: 'cron' as const, expression: '*/15 * * * *', zone: 'Europe/Berlin' },
    ),
  })
  fc.assert(
    fc.property(specs, steps, (over, jumps) => {
      const born = Date.parse('2026-10-24T23:00Z')
      const one = life(spec(over), born)
      let now = born
      for (const { by, around } of jumps) {
        now += by
        one.look(now, around)
        // A crash and a new worker: what is on the disk is all there is.
        one.state = parseState(formatState(one.state)) ?? freshState(spec(over), now)
      }
      expect(new Set(one.fired).size).toBe(one.fired.length)
    }),
    { numRuns: 80 },
  )
})

test('time that only goes on misses nothing: every instant has an item or a reason', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4 * HOUR }), { maxLength: 30 }), (waits) => {
      const one = life(spec({ catchUp: 'all' }), 0)
      let now = 0
      let count = 0
      for (const wait of waits) {
        now += wait
        for (const order of one.look(now)) count += order.do === 'skip' ? order.count : 1
      }
      expect(count).toBe(Math.floor(now / HOUR))
    }),
  )
})

test('an id follows from schedule and instant, and says both', () => {
  const id = fireId('nightly', Date.parse('2026-11-26T02:00Z'), hash)
  expect(id).toMatch(/^20261126T020000\.000000-[0-9a-z]{6}-nightly$/)
  expect(fireId('nightly', Date.parse('2026-11-26T02:00Z'), hash)).toBe(id)
  expect(fireId('nightly2', idTime(id), hash).slice(0, 29)).not.toBe(id.slice(0, 29))
})

test('a spread is the same every time, within bounds, and another for others', () => {
  const offsets = Array.from({ length: 50 }, (_, n) => spreadOffset(600_000, [`host${n}`, 'q', 's'], hash))
  expect(spreadOffset(600_000, ['host1', 'q', 's'], hash)).toBe(offsets[1])
  expect(offsets.every((offset) => offset >= 0 && offset < 600_000 && offset % 1000 === 0)).toBe(true)
  expect(new Set(offsets).size).toBeGreaterThan(40)
  expect(spreadOffset(0, ['host1'], hash)).toBe(0)
})

test.each([
  '',
  '{}',
  '[]',
  '{"timing":1}',
  '{"timing":"x","until":1e99,"dealt":[]}',
  '{"timing":"x","until":1,"dealt":["a"]}',
])('what is no state is none: %j', (text) => expect(parseState(text)).toBeUndefined())
