/** Queues come, go, are renamed and sleep while the daemon runs. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { handler } from '../fixtures/handlers.ts'
import { type Daemon, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { isRunning, workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue, testQueue } from '../helpers/worker.ts'

function said(daemon: Daemon, kind: string): Record<string, unknown>[] {
  return daemon.events().filter((event) => event['kind'] === kind)
}

describe('a queue', () => {
  test('made by mkdir works, without a restart', async () => {
    const daemon = await startDaemon(tempRoot())
    const queue = openQueue(makeQueue(daemon.root, 'new one'))
    expect(await queue.settled(queue.drop())).toBe('done')
    expect(said(daemon, 'queue-appeared')).toMatchObject([{ queue: 'new one' }])
    await daemon.stop()
  })

  test('works also when queue/ itself was replaced', async () => {
    const daemon = await startDaemon(tempRoot())
    rmSync(join(daemon.root, 'queue'), { recursive: true })
    mkdirSync(join(daemon.root, 'queue'))
    await new Promise((resolve) => setTimeout(resolve, 300))
    const queue = openQueue(makeQueue(daemon.root, 'a'))
    expect(await queue.settled(queue.drop())).toBe('done')
    await daemon.stop()
  })

  test('that is removed loses its worker; what is no queue is named once', async () => {
    const root = tempRoot()
    const path = makeQueue(root, 'a')
    writeFileSync(join(root, 'queue', 'README'), '')
    symlinkSync(path, join(root, 'queue', 'link'))
    const daemon = await startDaemon(root)
    const worker = await until(() => workersOf(daemon.pid).get('a'))
    rmSync(path, { recursive: true })
    await until(() => said(daemon, 'queue-gone').length === 1 && !isRunning(worker))
    expect(workersOf(daemon.pid)).toEqual(new Map())
    expect(said(daemon, 'queue-ignored').map((event) => event['name'])).toEqual(
      expect.arrayContaining(['README', 'link']),
    )
    expect(said(daemon, 'queue-ignored')).toHaveLength(2)
    await daemon.stop()
  })

  test('that is renamed goes on under its new name, running items with it', async () => {
    const root = tempRoot()
    const before = testQueue(handler('sleeps.sh'), undefined, 'before', root)
    const daemon = await startDaemon(root)
    const id = before.send({ param1: '2' })
    await until(() => before.stateOf(id) === 'run' && before.log(id) !== '')
    const worker = workersOf(daemon.pid).get('before') ?? 0
    renameSync(before.path, join(root, 'queue', 'after'))
    const other = openQueue(makeQueue(root, 'before'))
    const after = openQueue(join(root, 'queue', 'after'))
    expect(await other.settled(other.drop())).toBe('done')
    expect(await after.settled(id)).toBe('done')
    expect(after.attempts(id)).toHaveLength(1)
    expect(isRunning(worker)).toBe(false)
    expect([...workersOf(daemon.pid).keys()].toSorted()).toEqual(['after', 'before'])
    await daemon.stop()
  })
})

describe('workers without work', () => {
  test('of 30 queues at most warm_workers have one, and every item runs', async () => {
    const root = tempRoot()
    const names = Array.from({ length: 30 }, (_, n) => `q${n}`)
    const queues = names.map((name) => openQueue(makeQueue(root, name, undefined, { slots: 1 })))
    writeFileSync(join(root, 'config.json'), '{"warm_workers": 3}')
    const daemon = await startDaemon(root)
    await until(() => workersOf(daemon.pid).size === 3)
    const ids = queues.map((queue) => queue.drop())
    for (const [n, queue] of queues.entries()) expect(await queue.settled(ids[n] ?? '', 60_000)).toBe('done')
    await until(() => workersOf(daemon.pid).size <= 3, 20_000)
    // Once more for queues that sleep now.
    const again = queues.map((queue) => queue.drop())
    for (const [n, queue] of queues.entries()) expect(await queue.settled(again[n] ?? '', 60_000)).toBe('done')
    await until(() => workersOf(daemon.pid).size <= 3, 20_000)
    await daemon.stop()
  }, 120_000)

  test('hand over their next due time and come back for it', async () => {
    const root = tempRoot()
    const queue = openQueue(makeQueue(root, 'later', undefined, { slots: 1 }))
    writeFileSync(join(root, 'config.json'), '{"warm_workers": 0}')
    const due = Math.ceil(Date.now() / 1000) + 4
    const id = queue.drop('', `,t${due}`)
    const now = queue.drop()
    const daemon = await startDaemon(root)
    expect(await queue.settled(now)).toBe('done')
    await until(() => workersOf(daemon.pid).size === 0)
    expect(queue.stateOf(id)).toBe('que')
    expect(await queue.settled(id)).toBe('done')
    expect(Date.now()).toBeGreaterThanOrEqual(due * 1000)
    await until(() => workersOf(daemon.pid).size === 0)
    await daemon.stop()
  })

  test('come for what was there before: a file, an item left in run/', async () => {
    const root = tempRoot()
    const dropped = openQueue(makeQueue(root, 'dropped', undefined, { settle: 0 }))
    writeFileSync(join(dropped.path, 'que', 'plain file.txt'), 'x')
    const left = openQueue(makeQueue(root, 'left'))
    mkdirSync(join(left.path, 'run', '20200101T000000.000000-abcdef'), { recursive: true })
    writeFileSync(join(left.path, 'run', '20200101T000000.000000-abcdef', 'msg'), '{}')
    writeFileSync(join(root, 'config.json'), '{"warm_workers": 0}')
    const daemon = await startDaemon(root)
    await until(() => dropped.names('done').length === 1)
    expect(await left.settled('20200101T000000.000000-abcdef')).toBe('done')
    await daemon.stop()
  })

  test('a sleeping queue without a que/ wakes when it is made', async () => {
    const root = tempRoot()
    const queue = openQueue(makeQueue(root, 'bare'))
    rmSync(join(queue.path, 'que'), { recursive: true })
    writeFileSync(join(root, 'config.json'), '{"warm_workers": 0}')
    const daemon = await startDaemon(root)
    mkdirSync(join(queue.path, 'que'))
    expect(readdirSync(join(queue.path, 'que'))).toEqual([])
    const id = queue.drop()
    expect(await queue.settled(id)).toBe('done')
    await daemon.stop()
  })
})

test('_paused in the root holds every queue back, warm or sleeping', async () => {
  const root = tempRoot()
  const warm = openQueue(makeQueue(root, 'a'))
  const sleeping = openQueue(makeQueue(root, 'b'))
  writeFileSync(join(root, 'config.json'), '{"warm_workers": 1}')
  const daemon = await startDaemon(root)
  expect(await warm.settled(warm.drop())).toBe('done')
  writeFileSync(join(root, '_paused'), '')
  await until(() => JSON.parse(readFileSync(join(warm.path, '_status.json'), 'utf8')).gate !== null)
  const ids = [warm.drop(), sleeping.drop()]
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect([warm.stateOf(ids[0] ?? ''), sleeping.stateOf(ids[1] ?? '')]).toEqual(['que', 'que'])
  rmSync(join(root, '_paused'))
  expect(await warm.settled(ids[0] ?? '')).toBe('done')
  expect(await sleeping.settled(ids[1] ?? '')).toBe('done')
  await daemon.stop()
})
