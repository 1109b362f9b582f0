/** A disk below its mark holds starts back, and lets them go again when there is room: nobody touches the queue. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { type Daemon, makeQueue, startDaemon } from '../helpers/daemon.ts'
import { rq } from '../helpers/rq.ts'
import { workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue, type TestQueue } from '../helpers/worker.ts'
import { skipLoudly } from './mount.ts'
import { type MountedDir, mountsUnavailable, mountTmpfs } from './tmpfs.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const MARKS = [
  ['disk_below', { disk_below: '16M' }, /of the disk is left, below 16 MiB \(hold_when\)/],
  ['inodes_below', { inodes_below: 9000 }, /of the inodes are left, below 9000 \(hold_when\)/],
] as const

interface World {
  readonly disk: MountedDir
  readonly queue: TestQueue
  readonly daemon: Daemon
  readonly root: string
}

/** A root on a small disk of its own; nobody stays without work. */
async function world(holdWhen: object): Promise<World> {
  const disk = mountTmpfs({ size: '32m', inodes: 16_000 })
  closing.push(disk.unmount)
  const root = join(disk.dir, 'root')
  mkdirSync(root)
  writeFileSync(join(root, 'config.json'), '{"warm_workers": 0}')
  const queue = openQueue(makeQueue(root, 'q', undefined, { hold_when: holdWhen, slots: 2 }))
  const daemon = await startDaemon(root)
  closing.push(() => daemon.stop())
  return { disk, queue, daemon, root }
}

/** Takes most of the room, and most of the inodes, as somebody else's files do; gives them back. */
function occupy({ disk }: World): () => void {
  const dir = join(disk.dir, 'somebody')
  mkdirSync(dir)
  writeFileSync(join(dir, 'large'), Buffer.alloc(20 * 1024 * 1024))
  for (let i = 0; i < 8000; i += 1) writeFileSync(join(dir, String(i)), '')
  return () => rmSync(dir, { recursive: true })
}

const gate = (queue: TestQueue) => JSON.parse(readFileSync(join(queue.path, '_status.json'), 'utf8')).gate?.kind

describe.skipIf(skipLoudly('mounted file systems', mountsUnavailable())).each(MARKS)('%s', (_key, marks, words) => {
  test('holds items back, says so, and starts them by itself when there is room again', async () => {
    const one = await world(marks)
    expect(await one.queue.settled(one.queue.drop('first'))).toBe('done')
    const free = occupy(one)
    // It is looked at once a second: what comes before that may still start.
    await until(() => {
      if (one.queue.names('que').length === 0) one.queue.drop('one more')
      return gate(one.queue) === 'pressure'
    })
    const ids = [one.queue.drop('a'), one.queue.send({}, ',p1'), one.queue.drop('b')]
    for (const id of ids) {
      expect((await rq(one.root, ['why', id])).stdout).toMatch(words)
      expect(one.queue.stateOf(id)).toBe('que')
    }
    free()
    for (const id of ids) expect(await one.queue.settled(id)).toBe('done')
    for (const id of ids) expect(one.queue.attempts(id)).toHaveLength(1)
  })

  test('holds back in a worker that begins below it, and in the one after it was killed', async () => {
    const one = await world(marks)
    await until(() => workersOf(one.daemon.pid).size === 0)
    const free = occupy(one)
    const id = one.queue.drop('a')
    await until(() => gate(one.queue) === 'pressure')
    const [pid = 0] = workersOf(one.daemon.pid).values()
    process.kill(pid, 'SIGKILL')
    await until(() => [...workersOf(one.daemon.pid).values()].some((now) => now !== pid))
    await until(() => gate(one.queue) === 'pressure')
    expect(one.queue.stateOf(id)).toBe('que')
    free()
    expect(await one.queue.settled(id)).toBe('done')
  })
})
