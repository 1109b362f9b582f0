/** The supervisor's book of permits against workers that speak over channels of their own, in any order of events. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RootConfig } from '../../src/config/config.ts'
import type { QueueName } from '../../src/domain/name.ts'
import type { FromWorker, ToWorker } from '../../src/domain/worker-protocol.ts'
import { Permits } from '../../src/supervisor/permits.ts'
import type { FoundQueue } from '../../src/supervisor/queues.ts'

type Word = Extract<FromWorker, { type: 'permits' }>

const SLOTS = 3
const POOLS = [{ name: 'io', queues: ['a', 'b', 'c'], slots: SLOTS }]

/** A worker as src/worker/permits.ts is one, without processes. */
interface Life {
  epoch: number
  pool: string | undefined
  received: number
  spare: number
  readonly inbox: ToWorker[]
  readonly outbox: Word[]
}

class World {
  readonly queues: FoundQueue[] = ['a', 'b', 'c'].map((name) => ({
    name: name as QueueName,
    inode: `1:${name}`,
    path: `/queue/${name}`,
  }))
  readonly running = new Map<string, number>()
  readonly waiting = new Map<string, number>()
  readonly lives = new Map<string, Life>()
  readonly permits = new Permits({
    isAlive: (inode) => this.lives.has(inode),
    send: (inode, message) => this.lives.get(inode)?.inbox.push(message),
    countRuns: ({ inode }) => this.running.get(inode) ?? 0,
  })
  pools: RootConfig['pools'] = POOLS

  arrange(pools = this.pools): void {
    this.pools = pools
    this.permits.arrange({ warmWorkers: 16, pools, queue: {}, http: {} }, this.queues)
  }

  start(queue: FoundQueue): void {
    if (this.lives.has(queue.inode)) return
    const pool = this.permits.started(queue)
    this.lives.set(queue.inode, { epoch: 0, pool, received: 0, spare: 0, inbox: [], outbox: [] })
    this.pump(queue)
  }

  /** kill -9: what it said and did not arrive is lost; its handlers run on. */
  crash(queue: FoundQueue): void {
    if (this.lives.delete(queue.inode)) this.permits.ended(queue)
  }

  hears({ inode, ...queue }: FoundQueue): void {
    const life = this.lives.get(inode)
    const message = life?.inbox.shift()
    if (life === undefined || message?.type !== 'permits') return
    if (message.epoch !== life.epoch)
      Object.assign(life, { epoch: message.epoch, pool: message.pool ?? undefined, received: 0, spare: 0 })
    life.received += message.more
    life.spare += message.more
    this.pump({ inode, ...queue })
  }

  says(queue: FoundQueue): void {
    const word = this.lives.get(queue.inode)?.outbox.shift()
    if (word !== undefined) this.permits.said(queue, word)
  }

  pump({ inode }: FoundQueue): void {
    const life = this.lives.get(inode)
    if (life === undefined) return
    const free = life.pool === undefined ? 0 : life.spare
    const begun = Math.min(free, this.waiting.get(inode) ?? 0)
    this.add(this.running, inode, begun)
    this.add(this.waiting, inode, -begun)
    life.spare = 0
    if (life.pool === undefined) return
    const held = this.running.get(inode) ?? 0
    const wants = held + (this.waiting.get(inode) ?? 0)
    life.outbox.push({ type: 'permits', epoch: life.epoch, held, received: life.received, wants })
  }

  add(counts: Map<string, number>, inode: string, more: number): void {
    counts.set(inode, Math.max(0, (counts.get(inode) ?? 0) + more))
  }

  get total(): number {
    return [...this.running.values()].reduce((sum, each) => sum + each, 0)
  }

  /** All that was said is heard, in turns. */
  quiet(): void {
    for (const queue of this.queues) this.start(queue)
    while ([...this.lives.values()].some(({ inbox, outbox }) => inbox.length + outbox.length > 0)) {
      for (const queue of this.queues) {
        this.says(queue)
        this.hears(queue)
      }
    }
  }
}

const EVENTS = ['start', 'crash', 'hears', 'says', 'arrives', 'ends', 'leaves the pool', 'comes back'] as const
type Event = (typeof EVENTS)[number]

function happen(world: World, event: Event, queue: FoundQueue): void {
  switch (event) {
    case 'start':
    case 'crash':
    case 'hears':
    case 'says':
      world[event](queue)
      return
    case 'arrives':
      world.add(world.waiting, queue.inode, 1)
      world.pump(queue)
      return
    case 'ends':
      // Of a queue without a worker a handler ends, too: its item stays in run/ until somebody settles it.
      if (!world.lives.has(queue.inode)) return
      world.add(world.running, queue.inode, -1)
      world.pump(queue)
      return
    case 'leaves the pool':
      world.arrange([{ name: 'io', queues: ['a', 'b', 'c', `!${queue.name}`], slots: SLOTS }])
      return
    case 'comes back':
      world.arrange(POOLS)
  }
}

const LIVELY = [...EVENTS.slice(0, 6), 'start', 'hears', 'says', 'hears', 'says', 'arrives'] as const
/** Pools that stay as they are. */
const events = fc.array(fc.tuple(fc.constantFrom<Event>(...LIVELY), fc.nat(2)), { maxLength: 200, size: 'max' })
const changes = fc.array(fc.tuple(fc.constantFrom<Event>(...LIVELY, ...EVENTS), fc.nat(2)), {
  maxLength: 200,
  size: 'max',
})

function runs(happened: [Event, number][], check: (world: World) => void): World {
  const world = new World()
  world.arrange()
  for (const [event, index] of happened) {
    const queue = world.queues[index]
    if (queue !== undefined) happen(world, event, queue)
    check(world)
  }
  return world
}

describe('whatever workers say, whenever it arrives, and however they end', () => {
  it('never more runs than the pool has slots', () => {
    fc.assert(
      fc.property(events, (happened) => {
        runs(happened, (world) => expect(world.total).toBeLessThanOrEqual(SLOTS))
      }),
      { numRuns: 500 },
    )
  })
  it('and no permit is lost, though pools change: what waits has what is free, the first in order first', () => {
    fc.assert(
      fc.property(changes, (happened) => {
        const world = runs(happened, () => undefined)
        world.arrange(POOLS)
        world.quiet()
        const waits = world.queues.some(({ inode }) => (world.waiting.get(inode) ?? 0) > 0)
        if (waits) expect(world.total).toBeGreaterThanOrEqual(SLOTS)
        const left = world.queues.map(({ inode }) => world.waiting.get(inode) ?? 0)
        for (const queue of world.queues) world.running.set(queue.inode, 0)
        for (const queue of world.queues) world.pump(queue)
        world.quiet()
        const sum = left.reduce((all, count) => all + count, 0)
        expect(world.total).toBe(Math.min(sum, SLOTS))
      }),
      { numRuns: 500 },
    )
  })
  it('and what is on its way to a queue counts though it leaves the pool and comes back', () => {
    const world = new World()
    world.arrange()
    for (const queue of world.queues) world.start(queue)
    const [a, b] = world.queues
    if (a === undefined || b === undefined) throw new Error('no queues')
    for (const event of ['arrives', 'says', 'says', 'leaves the pool', 'comes back'] as const) happen(world, event, a)
    for (let time = 0; time < SLOTS; time += 1) happen(world, 'arrives', b)
    for (let time = 0; time <= SLOTS; time += 1) happen(world, 'says', b)
    for (let time = 0; time <= SLOTS; time += 1) for (const queue of [b, a]) happen(world, 'hears', queue)
    expect(world.running.get(a.inode)).toBe(1)
    expect(world.running.get(b.inode)).toBe(SLOTS - 1)
  })
  it('and what it said of the pool before says nothing of the pool now', () => {
    const world = new World()
    world.arrange()
    for (const queue of world.queues) world.start(queue)
    const [a, b] = world.queues
    if (a === undefined || b === undefined) throw new Error('no queues')
    const late = ['leaves the pool', 'comes back', 'says'] as const
    for (const event of ['arrives', 'says', 'says', 'hears', ...late] as const) happen(world, event, a)
    for (let time = 0; time < SLOTS; time += 1) happen(world, 'arrives', b)
    for (let time = 0; time <= SLOTS; time += 1) happen(world, 'says', b)
    for (let time = 0; time <= SLOTS; time += 1) happen(world, 'hears', b)
    for (const event of ['arrives', 'hears', 'hears', 'hears'] as const) happen(world, event, a)
    expect(world.running.get(a.inode)).toBe(1)
    expect(world.running.get(b.inode)).toBe(SLOTS - 1)
  })
  it('and a queue that is removed gives back what it had when its worker has ended', () => {
    const world = new World()
    world.arrange()
    const [a, b] = world.queues
    if (a === undefined || b === undefined) throw new Error('no queues')
    world.waiting.set(a.inode, SLOTS)
    world.waiting.set(b.inode, 1)
    world.quiet()
    world.queues.shift()
    world.arrange()
    world.quiet()
    expect(world.running.get(b.inode) ?? 0).toBe(0)
    world.running.set(a.inode, 0)
    world.crash(a)
    world.quiet()
    expect(world.running.get(b.inode)).toBe(1)
  })
})
