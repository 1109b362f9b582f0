/**
 * The schedule against a list that is read in full each time: with bounds so small that most of what waits is beyond
 * them, whatever may start is started, and nothing starts that may not.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareArrival, compareEntries, type Entry, entryOf } from '../../src/domain/entry.ts'
import { type FlowPolicy, FlowState, lineOf } from '../../src/domain/flow.ts'
import { formatItemName, type ItemId, makeId, type RawName } from '../../src/domain/name.ts'
import { Schedule } from '../../src/domain/schedule.ts'

const START = Date.UTC(2026, 10, 22, 10, 15)
const LOW_WATER = 2
const RUNS = Number(process.env['RUNS'] ?? 150)
const BOUNDS = { ready: 3, parkedPerKey: 2, parkedPerClass: 3, parked: 5, perLine: 2 }

interface Item {
  readonly n: number
  readonly priority: number
  /** Seconds from the time of its name on. */
  readonly wait: number
  readonly tags: readonly string[]
}

type Step =
  | { readonly do: 'arrive'; readonly item: Item }
  | { readonly do: 'end'; readonly which: number; readonly again: number | undefined }
  | { readonly do: 'pass'; readonly seconds: number }
  | { readonly do: 'remove'; readonly which: number }
  | { readonly do: 'reload' }

/** A directory, what runs, and the worker's way with a schedule (worker/intake.ts, worker/worker.ts). */
class Model {
  readonly policy: FlowPolicy
  readonly slots: number
  readonly lines: number
  readonly directory = new Map<ItemId, RawName>()
  readonly running = new Map<ItemId, RawName>()
  now = START
  state: FlowState
  schedule: Schedule
  scans = 0

  constructor(policy: FlowPolicy, slots: number, lines: number) {
    this.policy = policy
    this.slots = slots
    this.lines = lines
    this.state = new FlowState(policy)
    this.schedule = this.#fresh()
    this.scan()
  }

  #fresh(): Schedule {
    const gates = {
      shut: (entry: Entry, now: number) => this.state.gate(entry.raw, entry.tags, now),
      lineOf: (entry: Entry) => lineOf(this.policy, entry.tags),
      reserving: () => this.state.reserving(),
      forget: (raw: RawName) => this.state.forget(raw),
    }
    return new Schedule({ bounds: { ...BOUNDS, lines: this.lines }, gates })
  }

  scan(): void {
    this.scans += 1
    this.schedule.beginScan()
    for (const raw of this.directory.values())
      if (!this.schedule.has(raw)) this.schedule.add(entryOf(raw, this.now), this.now)
    this.schedule.endScan(this.now)
    this.#clearTheWay()
  }

  /** What is gone is in nobody's way. */
  #clearTheWay(suspects = this.schedule.inTheWay()): boolean {
    const there = new Set(this.directory.values())
    const gone = suspects.filter(({ raw }) => !there.has(raw))
    if (gone.length > 0) this.schedule.drop(gone, this.now)
    return gone.length > 0
  }

  reload(): void {
    const recent = this.state.recent(this.now)
    this.state = new FlowState(this.policy)
    this.state.remember(recent, this.now)
    this.schedule = this.#fresh()
    for (const [id, raw] of this.running) this.#count(id, raw, false)
    this.scan()
  }

  #count(id: ItemId, raw: RawName, isFresh: boolean): void {
    const { tags } = entryOf(raw, this.now)
    this.state.begin(id, tags, this.now, isFresh)
    const line = lineOf(this.policy, tags)
    if (line !== undefined) this.schedule.hold(id, line)
  }

  arrive({ n, priority, wait, tags }: Item): void {
    const id = makeId(START + n, 0, n.toString(36).padStart(6, '0'))
    if (this.directory.has(id) || this.running.has(id)) return
    const due = wait === 0 ? undefined : Math.ceil(this.now / 1000) + wait
    const raw = formatItemName({ base: `${id}.msg`, priority, due, tags }) as RawName
    this.directory.set(id, raw)
    this.schedule.add(entryOf(raw, this.now), this.now)
    // A change of the directory leads to a scan, sooner or later.
    this.#clearTheWay()
  }

  end(which: number, again: number | undefined): void {
    const id = [...this.running.keys()][which % Math.max(1, this.running.size)]
    const raw = id === undefined ? undefined : this.running.get(id)
    if (id === undefined || raw === undefined) return
    this.running.delete(id)
    this.schedule.opened(this.state.end(id))
    if (again !== undefined) {
      const { priority, tags } = entryOf(raw, this.now)
      const due = Math.ceil(this.now / 1000) + again
      const back = formatItemName({ base: `${id}.msg`, priority, due, tags }) as RawName
      this.directory.set(id, back)
      this.schedule.add(entryOf(back, this.now), this.now)
    }
    this.schedule.release(id, this.now)
    // Its claim has changed the directory.
    this.#clearTheWay()
  }

  /** Backwards, too: a clock that is set back. */
  pass(ms: number): void {
    this.now += ms
    if (ms >= 0) return
    this.schedule.clear()
    this.scan()
  }

  /** By hand; what the watch says leads to a scan. */
  remove(which: number): void {
    const id = [...this.directory.keys()][which % Math.max(1, this.directory.size)]
    if (id === undefined) return
    this.directory.delete(id)
    this.scan()
  }

  #scanIfLow(): void {
    if (this.schedule.needsScan(this.now, LOW_WATER)) this.scan()
  }

  /** What was taken and may not have been. */
  pump(): string[] {
    const wrong: string[] = []
    while (this.running.size < this.slots) {
      this.#scanIfLow()
      let entry = this.schedule.take(this.now)
      while (entry === undefined && this.#clearTheWay(this.schedule.lateInTheWay()))
        entry = this.schedule.take(this.now)
      if (entry === undefined && this.schedule.needsScan(this.now, LOW_WATER)) {
        this.scan()
        // A scan that is through is news: the worker looks again.
        entry = this.schedule.take(this.now)
      }
      if (entry === undefined) break
      const { id, raw } = entry
      if (id === undefined || this.directory.get(id) !== raw) continue
      const { busy, first } = this.#lines()
      const why = this.#whyNot(entry, busy, first)
      if (why !== undefined) wrong.push(`${raw} started though ${why}`)
      this.directory.delete(id)
      this.running.set(id, raw)
      this.#count(id, raw, true)
    }
    return wrong
  }

  get size(): number {
    return this.directory.size + this.running.size
  }

  #entries(): Entry[] {
    return [...this.directory.values()].map((raw) => entryOf(raw, this.now)).sort(compareEntries)
  }

  #line(raw: RawName): string | undefined {
    return lineOf(this.policy, entryOf(raw, this.now).tags)
  }

  /** `first`: of each line what came first. */
  #whyNot(entry: Entry, busy: ReadonlySet<string | undefined>, first: ReadonlyMap<string, Entry>): string | undefined {
    if (entry.notBefore > this.now) return 'it is not due'
    const line = this.#line(entry.raw)
    const ahead = line === undefined ? entry : first.get(line)
    if (line !== undefined && busy.has(line)) return 'one of its line runs'
    if (ahead !== undefined && ahead.raw !== entry.raw) return `${ahead.raw} is before it in its line`
    return this.state.gate(entry.raw, entry.tags, this.now)?.reason.kind
  }

  #lines() {
    const first = new Map<string, Entry>()
    for (const entry of this.#entries()) {
      const line = this.#line(entry.raw)
      const known = line === undefined ? entry : first.get(line)
      if (line !== undefined && (known === undefined || compareArrival(entry, known) < 0)) first.set(line, entry)
    }
    return { busy: new Set([...this.running.values()].map((raw) => this.#line(raw))), first }
  }

  /** What could be started now, found by asking of every one. */
  startable(): string[] {
    if (this.running.size >= this.slots) return []
    const { busy, first } = this.#lines()
    return this.#entries()
      .filter((entry) => this.#whyNot(entry, busy, first) === undefined)
      .map(({ raw }) => raw)
  }
}

const key = (name: string, most: number) => fc.nat(most).map((value) => `${name}:${value}`)
const tagsOf = fc
  .tuple(
    fc.option(key('user', 3), { nil: undefined }),
    fc.option(key('api', 1), { nil: undefined }),
    fc.option(fc.constantFrom('gpu', 'slow', 'big', 'huge'), { nil: undefined }),
    fc.option(key('seq', 6), { nil: undefined }),
  )
  .map((tags) => tags.filter((tag) => tag !== undefined))

const item: fc.Arbitrary<Item> = fc.record({
  n: fc.nat(500),
  priority: fc.nat(9),
  wait: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(40) }),
  tags: tagsOf,
})

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: item.map((one) => ({ do: 'arrive' as const, item: one })) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which: fc.nat(20),
      again: fc.option(fc.nat(30), { nil: undefined, freq: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.integer({ min: -40, max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat(100) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reload' as const }) },
)

const ALL = { tags: ['*'], not: [], n: 3 }
const policy: fc.Arbitrary<FlowPolicy> = fc.record({
  classes: fc.constantFrom(
    [ALL],
    [{ tags: ['gpu'], not: [], n: 1 }, { tags: ['*'], not: ['slow'], n: 3 }],
    [{ tags: ['gpu', 'big'], not: [], n: 2 }, { tags: ['*'], not: [], n: 2 }, { tags: [], not: ['gpu'], n: 1 }],
  ), // biome-ignore format: a table
  weights: fc.constantFrom<Record<string, number>>({}, { big: 2 }, { big: 2, huge: 9 }),
  concurrency: fc.constantFrom<Record<string, number>>({}, { user: 1 }, { user: 2, api: 1 }),
  rate: fc.constantFrom(undefined, { count: 3, per: 10_000 }),
  rates: fc.constantFrom<FlowPolicy['rates']>(
    {},
    { user: { count: 1, per: 10_000 } },
    { api: { count: 2, per: 15_000 } },
  ),
  order: fc.constantFrom<readonly string[]>([], ['seq'], ['seq', 'user']),
  coalesce: fc.constant(undefined),
})

function carryOut(model: Model, one: Step): void {
  switch (one.do) {
    case 'arrive':
      model.arrive(one.item)
      break
    case 'end':
      model.end(one.which, one.again)
      break
    case 'pass':
      model.pass(one.seconds * 1000)
      break
    case 'remove':
      model.remove(one.which)
      break
    case 'reload':
      model.reload()
      break
  }
}

describe('whatever comes, ends, goes or changes, with nearly nothing remembered', () => {
  const slots = fc.integer({ min: 1, max: 6 })
  const steps = fc.array(step, { minLength: 40, maxLength: 150, size: 'max' })
  it('what may start is started, and nothing else', () => {
    const property = fc.property(policy, slots, steps, (...given) => {
      const model = new Model(given[0], given[1], 100)
      for (const one of given[2]) {
        carryOut(model, one)
        expect(model.pump()).toEqual([])
        expect(model.startable()).toEqual([])
      }
    })
    fc.assert(property, { numRuns: RUNS })
  })
  it('with more lines than are remembered what starts is in order, and all is through in the end', () => {
    const property = fc.property(policy, slots, steps, (...given) => {
      const model = new Model({ ...given[0], classes: [ALL] }, given[1], 3)
      for (const one of given[2]) {
        carryOut(model, one)
        expect(model.pump()).toEqual([])
      }
      for (let turn = 0; turn < 300 && model.size > 0; turn += 1) {
        model.now += 20_000
        expect(model.pump()).toEqual([])
        while (model.running.size > 0) model.end(0, undefined)
      }
      expect(model.size).toBe(0)
    })
    fc.assert(property, { numRuns: RUNS })
  })
})
