/** A history that cannot be written: items end as they would, it is said once, and nothing is missing when there is room again. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { decodeDay, mergeRecords, type StatsRecord } from '../../src/domain/stats.ts'
import { tempRoot } from '../helpers/daemon.ts'
import { FAKETIME, testClock } from '../helpers/faketime.ts'
import { rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { newId, startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'
import { skipLoudly } from './mount.ts'
import { bindOver, type MountedDir, mountsUnavailable, mountTmpfs } from './tmpfs.ts'

/** Does what its payload says: an exit status. */
const HANDLER = '#!/bin/sh\nexit "$(cat "$1")"\n'
const EXITS = ['0', '65', '1', '0', '99'] as const
/** What becomes of those, whatever becomes of the history. */
const STATES = ['done', '_err', '_err', 'done', '_err'] as const

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0).toReversed()) close()
})

function mounted(options: Parameters<typeof mountTmpfs>[0]): MountedDir {
  const disk = mountTmpfs(options)
  closing.push(disk.unmount)
  return disk
}

/** Its `_stats/` is a disk of its own, on which nothing fits. */
function queueWithFullHistory() {
  const clock = testClock(tempRoot(), '2026-03-01T10:00:30Z')
  const queue = testQueue(HANDLER, { slots: 2 })
  const disk = mounted({ size: '64k' })
  mkdirSync(join(queue.path, '_stats'))
  closing.push(bindOver(disk.dir, join(queue.path, '_stats')).unmount)
  fill(disk.dir)
  return { clock, queue, disk }
}

/** Until not a byte fits any more. */
function fill(dir: string): void {
  for (let size = 65_536, i = 0; size > 0; i += 1) {
    try {
      writeFileSync(join(dir, `fill-${i}`), Buffer.alloc(size))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      size = Math.floor(size / 2)
    }
  }
}

function empty(dir: string): void {
  for (const name of readdirSync(dir)) if (name.startsWith('fill-')) rmSync(join(dir, name))
}

function written(queue: TestQueue): StatsRecord[] {
  const dir = join(queue.path, '_stats')
  if (!existsSync(dir)) return []
  const days = readdirSync(dir).filter((name) => name.endsWith('.jsonl'))
  return days.flatMap((day) => decodeDay(readFileSync(join(dir, day), 'utf8')).records)
}

const sums = (queue: TestQueue) => written(queue).reduce(mergeRecords).counts
const refusals = (queue: TestQueue) => queue.events('disk-trouble').filter(({ operation }) => operation === 'append')
const status = (queue: TestQueue) => JSON.parse(readFileSync(join(queue.path, '_status.json'), 'utf8'))

async function statesOf(queue: TestQueue, ids: readonly string[]): Promise<string[]> {
  const states: string[] = []
  for (const id of ids) states.push(await queue.settled(id))
  return states
}

/** One item of each exit, dropped now. */
function statesOfAll(queue: TestQueue): Promise<string[]> {
  const ids = EXITS.map((exit) => queue.drop(exit))
  return statesOf(queue, ids)
}

/** How many its worker says that it has started. */
function startedOf(queue: TestQueue): number {
  return status(queue).history.reduce((sum: number, { started = 0 }) => sum + started, 0)
}

const noDisk = skipLoudly('mounted file systems', mountsUnavailable())
const noClock = skipLoudly('a clock of its own', FAKETIME === undefined ? 'libfaketime is not installed' : undefined)

describe.skipIf(noDisk || noClock)('a history on a full disk of its own', () => {
  test('changes no verdict, is said once, and is written when there is room', async () => {
    const { clock, queue, disk } = queueWithFullHistory()
    const worker = await startWorker(queue.path, { env: clock.env })
    for (const minute of ['01', '02', '03', '04', '05']) {
      expect(await statesOfAll(queue)).toEqual(STATES)
      await until(() => startedOf(queue) === Number(minute) * EXITS.length)
      clock.set(`2026-03-01T10:${minute}:30Z`)
    }
    await until(() => refusals(queue).length > 0)
    expect(written(queue)).toEqual([])
    expect(status(queue)).toMatchObject({ disk: null, gate: null })

    empty(disk.dir)
    expect(await queue.settled(queue.drop('0'))).toBe('done')
    await until(() => written(queue).length >= 5)
    await worker.stop('drain')
    expect(sums(queue)).toMatchObject({ started: 26, done: 11, failed: 15 })
    expect(refusals(queue)).toHaveLength(1)
    expect(queue.events('disk-trouble')).toHaveLength(1)
  })

  test('loses nothing to a kill -9 while it is full, and is said once more by the next worker', async () => {
    const { clock, queue, disk } = queueWithFullHistory()
    const told = (started: number) => until(() => startedOf(queue) === started)
    const first = await startWorker(queue.path, { env: clock.env })
    await statesOfAll(queue)
    await told(5)
    clock.set('2026-03-01T10:01:30Z')
    await statesOfAll(queue)
    await told(10)
    await first.kill()
    const second = await startWorker(queue.path, { env: clock.env })
    await until(() => refusals(queue).length === 2)
    await told(10)
    empty(disk.dir)
    await second.stop('drain')
    expect(sums(queue)).toMatchObject({ started: 10, done: 4, failed: 6 })
  })
})

const MINUTES = 45

describe.skipIf(noDisk || noClock)('a disk that is full for most of an hour', () => {
  test('holds items back, and `_status.json` says so all the time; then all is run once, and each minute is written', async () => {
    const disk = mounted({ size: '2m' })
    const root = join(disk.dir, 'root')
    mkdirSync(root)
    const clock = testClock(tempRoot(), '2026-03-01T10:00:30Z')
    const queue = testQueue(HANDLER, { slots: 2 }, 'q', root)
    const worker = await startWorker(queue.path, { env: clock.env })
    expect(await statesOfAll(queue)).toEqual(STATES)
    const ids = Array.from({ length: MINUTES }, newId)
    for (const id of ids) writeFileSync(join(queue.path, 'prep', id), '0')
    fill(disk.dir)
    for (const [minute, id] of ids.entries()) {
      clock.set(`2026-03-01T10:${String(minute + 1).padStart(2, '0')}:30Z`)
      renameSync(join(queue.path, 'prep', id), join(queue.path, 'que', id))
      // Most are told by the watch in their minute; none has to be.
      await sleep(20)
    }
    // Most are not there yet at its last write; it is torn for good where it does not fit.
    await until(
      () => status(queue).ready + status(queue).unsettled.length >= MINUTES - 3 && status(queue).gate !== null,
    )
    const why = await rq(root, ['why', ids.at(-1) ?? ''], { env: clock.env })
    expect(why).toMatchObject({ code: 0, stderr: '' })

    empty(disk.dir)
    for (const id of ids) expect(await queue.settled(id)).toBe('done')
    for (const id of ids) expect(queue.attempts(id)).toHaveLength(1)
    await worker.stop('drain')
    const total = MINUTES + EXITS.length
    expect(sums(queue)).toMatchObject({ started: total, done: MINUTES + 2, failed: 3 })
    expect(new Set(written(queue).map(({ from }) => from)).size).toBeGreaterThan(10)
    expect(refusals(queue).length).toBeLessThan(3)
  })
})
