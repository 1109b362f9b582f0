import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseQueueName, type QueueName } from '../../src/domain/name.ts'
import {
  type PlanAction,
  type PlanLimits,
  plan,
  restartDelay,
  type WantedQueue,
  type Worker,
} from '../../src/domain/plan.ts'

const NOW = 1_000_000
const RUNS = { numRuns: 3000 }

function name(text: string): QueueName {
  const parsed = parseQueueName(text)
  if (parsed === undefined) throw new Error(text)
  return parsed
}

const anyName = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f').map(name)
const anyInode = fc.constantFrom('1', '2', '3', '4', '5', '6')

const anyQueues: fc.Arbitrary<WantedQueue[]> = fc
  .array(
    fc.record({
      name: anyName,
      inode: anyInode,
      hasWork: fc.boolean(),
      nextDue: fc.constantFrom(NOW - 1, NOW + 1000, Number.POSITIVE_INFINITY),
    }),
  )
  .map((queues) =>
    unique(
      unique(queues, (queue) => queue.name),
      (queue) => queue.inode,
    ),
  )

const anyWorkers: fc.Arbitrary<Worker[]> = fc
  .array(
    fc.oneof(
      fc.record({
        state: fc.constantFrom('starting' as const, 'running' as const),
        name: anyName,
        inode: anyInode,
        idleSince: fc.option(fc.integer({ min: 0, max: NOW }), { nil: undefined }),
      }),
      fc.record({ state: fc.constantFrom('stopping' as const, 'restarting' as const), name: anyName, inode: anyInode }),
      fc.record({
        state: fc.constant('waiting' as const),
        name: anyName,
        inode: anyInode,
        until: fc.constantFrom(NOW - 1, NOW + 1),
      }),
    ),
  )
  .map((workers) => unique(workers, (worker) => worker.inode))

const anyLimits: fc.Arbitrary<PlanLimits> = fc.record({
  warmWorkers: fc.integer({ min: 0, max: 6 }),
  startAtOnce: fc.integer({ min: 1, max: 4 }),
})

function unique<T>(all: readonly T[], key: (one: T) => string): T[] {
  return [...new Map(all.map((one) => [key(one), one])).values()]
}

/** What the supervisor has after it did as planned, before any process answered. */
function carriedOut(workers: readonly Worker[], actions: readonly PlanAction[]): Worker[] {
  const after = new Map(workers.map((worker) => [worker.inode, worker]))
  for (const action of actions) {
    const { name, inode } = action
    switch (action.do) {
      case 'forget':
        after.delete(inode)
        break
      case 'stop':
        after.set(inode, { state: 'stopping', name, inode })
        break
      case 'start':
        after.set(inode, { state: 'starting', name, inode, idleSince: undefined })
        break
    }
  }
  return [...after.values()]
}

/** All processes answer: what started runs and is idle unless it has work, what was stopping is gone. */
function answered(workers: readonly Worker[], queues: readonly WantedQueue[], round: number): Worker[] {
  return workers.flatMap((worker): Worker[] => {
    if (worker.state === 'stopping') return []
    if (worker.state !== 'starting') return [worker]
    const busy = queues.some((queue) => queue.inode === worker.inode && (queue.hasWork || queue.nextDue <= NOW))
    return [{ ...worker, state: 'running', idleSince: busy ? undefined : NOW + round }]
  })
}

describe('a plan', () => {
  it('carried out leaves nothing to plan', () => {
    fc.assert(
      fc.property(anyQueues, anyWorkers, anyLimits, (queues, workers, limits) => {
        const after = carriedOut(workers, plan(queues, workers, limits, NOW))
        expect(plan(queues, after, limits, NOW)).toEqual([])
      }),
      RUNS,
    )
  })
  it('does one thing to one worker', () => {
    fc.assert(
      fc.property(anyQueues, anyWorkers, anyLimits, (queues, workers, limits) => {
        const actions = plan(queues, workers, limits, NOW)
        const touched = actions.filter((action) => action.do !== 'forget').map((action) => action.inode)
        expect(new Set(touched).size).toBe(touched.length)
      }),
      RUNS,
    )
  })
  it('stops no worker with work while its queue is there', () => {
    fc.assert(
      fc.property(anyQueues, anyWorkers, anyLimits, (queues, workers, limits) => {
        for (const action of plan(queues, workers, limits, NOW)) {
          if (action.do !== 'stop') continue
          const worker = workers.find((one) => one.inode === action.inode)
          const queue = queues.find((one) => one.inode === action.inode)
          if (action.why === 'gone') expect(queue?.name).not.toBe(worker?.name)
          else expect(worker).toMatchObject({ state: 'running', idleSince: expect.any(Number) })
        }
      }),
      RUNS,
    )
  })
  it('starts nothing beside a worker that is still there, and nothing before its time', () => {
    fc.assert(
      fc.property(anyQueues, anyWorkers, anyLimits, (queues, workers, limits) => {
        for (const action of plan(queues, workers, limits, NOW)) {
          if (action.do !== 'start') continue
          const worker = workers.find((one) => one.inode === action.inode)
          if (worker === undefined) continue
          expect(['waiting', 'restarting']).toContain(worker.state)
          if (worker.state === 'waiting' && worker.name === action.name) expect(worker.until).toBeLessThanOrEqual(NOW)
        }
      }),
      RUNS,
    )
  })
  it('starts at most so many at once, those with work first', () => {
    fc.assert(
      fc.property(anyQueues, anyLimits, (queues, limits) => {
        const started = plan(queues, [], limits, NOW).map((action) => action.inode)
        const needed = queues.filter((queue) => queue.hasWork || queue.nextDue <= NOW).map((queue) => queue.inode)
        expect(started.length).toBeLessThanOrEqual(limits.startAtOnce)
        if (started.some((inode) => !needed.includes(inode))) expect(started).toEqual(expect.arrayContaining(needed))
      }),
      RUNS,
    )
  })
  it('followed again and again comes to rest: every queue with work has a worker, idle ones fit the limit', () => {
    fc.assert(
      fc.property(anyQueues, anyWorkers, anyLimits, (queues, before, limits) => {
        // Nothing is in its time of waiting, nothing idles over work.
        let workers: Worker[] = answered(before, queues, 0).filter(
          (worker) => worker.state === 'running' && !queues.some((q) => q.inode === worker.inode && q.hasWork),
        )
        let quiet = 0
        for (let round = 1; round <= 40 && quiet < 2; round += 1) {
          const actions = plan(queues, workers, limits, NOW)
          quiet = actions.length === 0 ? quiet + 1 : 0
          workers = answered(carriedOut(workers, actions), queues, round)
        }
        expect(quiet).toBe(2)
        const idle = workers.filter((worker) => worker.state === 'running' && worker.idleSince !== undefined)
        for (const queue of queues.filter((one) => one.hasWork))
          expect(workers.some((worker) => worker.inode === queue.inode && worker.name === queue.name)).toBe(true)
        expect(idle.length).toBeLessThanOrEqual(limits.warmWorkers)
      }),
      RUNS,
    )
  })
})

it('a restart waits longer each time, up to a bound, never twice the same', () => {
  expect(restartDelay(1, 0.5)).toBe(100)
  expect(restartDelay(4, 0.5)).toBe(800)
  expect(restartDelay(1000, 0.5)).toBe(30_000)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const delay = restartDelay(failures, random)
      expect(delay).toBeGreaterThanOrEqual(75)
      expect(delay).toBeLessThanOrEqual(37_500)
    }),
  )
})
