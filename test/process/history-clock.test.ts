/** `_stats/` of a real worker whose clock is really another: days that end, and clocks that are set. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeId } from '../../src/domain/name.ts'
import { COUNTERS, decodeDay, HOUR, MINUTE } from '../../src/domain/stats.ts'
import { skipLoudly } from '../faults/mount.ts'
import { type Shot, shimUnavailable } from '../faults/shim.ts'
import { SWEEP_TIMEOUT_MS, sweepCalls } from '../faults/sweep-plan.ts'
import { tempRoot } from '../helpers/daemon.ts'
import { FAKETIME, type TestClock, testClock } from '../helpers/faketime.ts'
import { rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { forkWorker, startWorker, type TestQueue, testQueue, type WorkerHandle } from '../helpers/worker.ts'

const noClock = skipLoudly('a clock of its own', FAKETIME === undefined ? 'libfaketime is not installed' : undefined)

/** Does what its payload says: an exit status. */
const HANDLER = '#!/bin/sh\nexit "$(cat "$1")"\n'

type Counts = Readonly<Record<(typeof COUNTERS)[number], number>>

interface World {
  readonly root: string
  readonly clock: TestClock
  readonly queue: TestQueue
  start(): Promise<WorkerHandle>
  /** Drops items that arrive now, by the clock. */
  drop(...exits: string[]): string[]
  /** Drops them, and waits until they ended and the worker has said so in its snapshot: killed now, it loses nothing. */
  run(...exits: string[]): Promise<void>
  /** What `rq stats` counts, of all time. */
  counted(): Promise<{ counts: Counts; total: object }>
}

let made = 0

function world(begin: string, stats: object, dir = tempRoot()): World {
  const clock = testClock(dir, begin)
  const root = join(dir, 'root')
  const queue = testQueue(HANDLER, { slots: 2, stats }, 'q', root)
  let ended = 0
  const drop = (...exits: string[]) =>
    exits.map((exit) => {
      made += 1
      const id = makeId(clock.now(), made % 1000, (made + 100_000).toString(36).padStart(6, '0'))
      writeFileSync(join(queue.path, `.new-${id}`), exit)
      renameSync(join(queue.path, `.new-${id}`), join(queue.path, 'que', id))
      return id
    })
  const counted = async () => {
    const said = await rq(root, ['stats', '--since', '3650d', '--json'], { env: clock.env })
    const { total } = JSON.parse(said.stdout).total
    return { counts: Object.fromEntries(COUNTERS.map((name) => [name, total?.[name] ?? 0])) as Counts, total }
  }
  // An item lies in its place before it is counted; and a snapshot has it a second later at most.
  const told = () =>
    until(async () => {
      const { counts } = await counted()
      return counts.done + counts.failed === ended
    })
  const run = async (...exits: string[]) => {
    const ids = drop(...exits)
    for (const id of ids) await queue.settled(id)
    ended += ids.length
    await told()
  }
  return { root, clock, queue, drop, run, counted, start: () => startWorker(queue.path, { env: clock.env }) }
}

const lines = (queue: TestQueue, day: string) => {
  const file = join(queue.path, '_stats', `${day}.jsonl`)
  return existsSync(file) ? decodeDay(readFileSync(file, 'utf8')).records : []
}
const spans = (queue: TestQueue, day: string) => [...new Set(lines(queue, day).map(({ span }) => span))]

describe.skipIf(noClock)('a day that ends', () => {
  test('is written minute by minute, then hour by hour, and `rq stats` says the same of it', async () => {
    const one = world('2026-03-01T22:59:20Z', { minutes: 0 })
    const worker = await one.start()
    await one.run('0', '0', '65')
    one.clock.set('2026-03-01T23:00:10Z')
    await one.run('0', '0')
    one.clock.set('2026-03-01T23:59:40Z')
    await one.run('65', '0')
    one.clock.set('2026-03-02T00:00:10Z')
    await one.run('0')
    await until(() => lines(one.queue, '20260301').length === 3)
    expect(spans(one.queue, '20260301')).toEqual([MINUTE])
    const before = await one.counted()
    expect(before.counts).toMatchObject({ started: 8, done: 6, failed: 2 })

    one.clock.set('2026-03-02T00:01:05Z')
    one.drop('0')
    await until(() => spans(one.queue, '20260301')[0] === HOUR)
    expect(
      lines(one.queue, '20260301').map(({ from, counts }) => [
        new Date(from).getUTCHours(),
        counts.done,
        counts.failed,
      ]),
    ).toEqual([
      [22, 2, 1],
      [23, 3, 1],
    ])
    await worker.stop('drain')
    const after = await one.counted()
    expect(after.counts).toMatchObject({ started: 9, done: 7, failed: 2 })
    expect(spans(one.queue, '20260302')).toEqual([MINUTE])
  })

  test('while nobody works becomes hours when somebody does, with the same sums, percentiles and peaks', async () => {
    const one = world('2026-03-01T22:59:20Z', { minutes: 0 })
    const first = await one.start()
    await one.run('0', '0', '65')
    one.clock.set('2026-03-01T23:10:10Z')
    await one.run('0', '65')
    await first.stop('drain')
    const before = await one.counted()
    expect(spans(one.queue, '20260301')).toEqual([MINUTE])
    one.clock.set('2026-03-04T08:00:00Z')
    const second = await one.start()
    await until(() => spans(one.queue, '20260301')[0] === HOUR)
    await second.stop('drain')
    const after = await one.counted()
    expect({ ...after.total, rate: 0 }).toEqual({ ...before.total, rate: 0, from: '2026-03-01T22:00:00.000Z' })
  })
})

describe.skipIf(noClock)('a clock that is set back a day', () => {
  test('while a worker works: what it counts after that is counted, also when it is killed', async () => {
    const one = world('2026-03-02T10:00:20Z', {})
    const first = await one.start()
    await one.run('0', '0', '65')
    one.clock.set('2026-03-01T10:05:10Z')
    await one.run('0', '65')
    await first.kill()
    expect((await one.counted()).counts).toMatchObject({ started: 5, done: 3, failed: 2 })

    const second = await one.start()
    await one.run('0')
    one.clock.set('2026-03-02T10:10:00Z')
    await one.run('0')
    await second.kill()
    await (await one.start()).stop('drain')
    expect((await one.counted()).counts).toMatchObject({ started: 7, done: 5, failed: 2 })
    expect(readdirSync(join(one.queue.path, '_stats')).toSorted()).toEqual(['20260301.jsonl', '20260302.jsonl'])
  })

  test('while nobody works: what came before is counted once, and what came since, too', async () => {
    const one = world('2026-03-02T10:00:20Z', {})
    writeFileSync(join(one.queue.path, '_paused'), '')
    const first = await one.start()
    one.drop('0', '0')
    await until(async () => (await one.counted()).counts.enqueued === 2)
    await first.stop('drain')
    one.clock.set('2026-03-01T10:05:10Z')
    one.drop('0', '0', '0')
    for (const _again of [1, 2]) {
      const next = await one.start()
      await next.stop('drain')
      expect((await one.counted()).counts).toMatchObject({ enqueued: 5, started: 0 })
    }
  })
})

const noShim = skipLoudly('kill -9 at a compaction', shimUnavailable())

describe.skipIf(noClock || noShim)('kill -9 of the worker at each of its calls for `_stats`', () => {
  test('while a day becomes hours: the sums are the same, and the next one ends it', {
    timeout: SWEEP_TIMEOUT_MS,
  }, async () => {
    const hits = await sweepCalls(
      { do: 'kill', match: 'worker.cjs', path: 'stat' },
      { every: 1, atOnce: 3 },
      async (shot) => {
        const one = world('2026-03-01T22:59:20Z', { minutes: 0 }, shot.dir)
        mkdirSync(join(one.queue.path, '_stats'))
        const minute = (at: string, failed: number) =>
          `{"t":"2026-03-01T${at}:00.000Z","s":60,"enqueued":1,"started":1,"done":1,"failed":${failed}}\n`
        const day = minute('22:59', 0) + minute('23:10', 1) + minute('23:11', 0)
        writeFileSync(join(one.queue.path, '_stats/20260301.jsonl'), day)
        one.clock.set('2026-03-03T08:00:00Z')
        await killedAtCompaction(one, shot)
        expect((await one.counted()).counts).toMatchObject({ enqueued: 3, started: 3, done: 3, failed: 1 })
        const third = await one.start()
        await until(() => spans(one.queue, '20260301')[0] === HOUR)
        await third.stop('drain')
        expect((await one.counted()).counts).toMatchObject({ enqueued: 3, started: 3, done: 3, failed: 1 })
        expect(readdirSync(join(one.queue.path, '_tmp'))).toEqual([])
      },
    )
    expect(hits).toBeGreaterThan(2)
  })
})

/** Ends when it was killed, or when the day is hours without that: then the sweep is through. */
async function killedAtCompaction(one: World, shot: Shot): Promise<void> {
  const fault = shot.env(one.root)
  const preload = [fault['LD_PRELOAD'], one.clock.env['LD_PRELOAD']].join(' ')
  const worker = forkWorker(one.queue.path, { env: { ...one.clock.env, ...fault, LD_PRELOAD: preload } })
  await until(() => worker.process.signalCode !== null || spans(one.queue, '20260301')[0] === HOUR)
  await worker.stop('drain')
}
