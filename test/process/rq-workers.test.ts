/** `rq workers` and `rq graph` on real daemons. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Graph } from '../../src/service/graph.ts'
import type { WorkerRow, Workers } from '../../src/service/workers.ts'
import { makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rootWithQueue, rq } from '../helpers/rq.ts'
import { workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue } from '../helpers/worker.ts'

async function workers(root: string): Promise<Workers> {
  return JSON.parse((await rq(root, ['workers', '--json'])).stdout)
}

async function workerIn(root: string, state: string): Promise<WorkerRow> {
  return until(async () => (await workers(root)).workers.find((one) => one.state === state), 15_000, state)
}

it('each worker is told with its process, its slots and what they run', async () => {
  const root = tempRoot()
  const handler = '#!/bin/sh\necho "run 40% half way" >&3\ntail -f /dev/null\n'
  const queue = openQueue(makeQueue(root, 'q', handler, { slots: 3 }))
  const begin = Date.now()
  const daemon = await startDaemon(root)
  const id = queue.drop()
  const row = await until(async () => {
    const found = (await workers(root)).workers[0]
    return found?.running[0]?.progress != null && (found.running[0].rss ?? 0) > 0 ? found : undefined
  })
  expect(row).toMatchObject({
    queue: 'q',
    state: 'running',
    slots: 3,
    free: 2,
    process: { pid: workersOf(daemon.pid).get('q') },
  })
  expect(row.process?.rss).toBeGreaterThan(10_000_000)
  // The time of the boot is known by whole seconds.
  expect(Math.abs(Date.parse(row.process?.since ?? '') - begin)).toBeLessThan(15_000)
  expect(Date.parse(row.seen ?? '')).toBeGreaterThanOrEqual(begin - 1000)
  expect(row.running).toMatchObject([{ queue: 'q', id, attempt: 1, progress: { percent: 40, text: 'half way' } }])
  expect(row.running[0]?.slot).toBeGreaterThan(0)
  expect(row.running[0]?.elapsed).toBeGreaterThanOrEqual(0)
  const { supervisor, host } = await workers(root)
  expect(supervisor).toMatchObject({ pid: daemon.pid })
  expect(host.cores).toBeGreaterThan(0)
  expect(host.disk?.bytes.free).toBeGreaterThan(0)
  expect(host.memory?.free).toBeGreaterThan(0)
  const { lines } = await rq(root, ['workers'])
  expect(lines[0]).toMatch(new RegExp(`^supervisor: runs ${daemon.pid}, up `))
  expect(lines.at(-1)).toContain(`${id} 40% half way`)
  await daemon.stop()
}, 30_000)

it('a worker that says nothing yet is starting, one that was sent away retired, and without a daemon there is none', async () => {
  const { root, queue } = rootWithQueue()
  const daemon = await startDaemon(root)
  await workerIn(root, 'running')
  rmSync(join(queue, '_status.json'))
  expect(await workerIn(root, 'starting')).toMatchObject({
    process: { pid: workersOf(daemon.pid).get('q') },
    seen: null,
  })
  writeFileSync(join(root, 'config.json'), '{"warm_workers": 0}')
  daemon.signal('SIGHUP')
  expect(await workerIn(root, 'retired')).toMatchObject({ process: null, slots: 0, running: [] })
  await daemon.stop()
  expect(await workers(root)).toMatchObject({ daemon: false, supervisor: null, workers: [{ state: 'none' }] })
}, 30_000)

it('a worker that waits for the end of what runs is stopping', async () => {
  const root = tempRoot()
  const queue = openQueue(makeQueue(root, 'q', '#!/bin/sh\nuntil [ -e ../../../go ]; do sleep 0.05; done\n'))
  const daemon = await startDaemon(root)
  queue.drop()
  await until(async () => (await workers(root)).workers[0]?.running.length === 1)
  // Drains.
  daemon.signal('SIGQUIT')
  expect(await workerIn(root, 'stopping')).toMatchObject({ running: [{ queue: 'q' }] })
  writeFileSync(join(queue.path, 'go'), '')
  await daemon.ended
}, 30_000)

it('the graph has what is configured and what was seen', async () => {
  const root = tempRoot()
  const handler =
    '#!/bin/sh\nread -r word <"$1"\ncase $word in dest) echo "relay c" >&3;; fail) exit 1;; dup) echo "dup 0-X-c" >&3; read -r answer <&4;; *) exit 99;; esac\n'
  const from = openQueue(
    makeQueue(root, 'a', handler, {
      relay_to: 'b',
      dup: true,
      retry: { limit: 1, queue: 'slow', on_give_up: { relay_to: 'nowhere' } },
      alerts: { to: ['exec:true'], queue: 'alerts' },
      schedules: { nightly: { cron: '0 3 * * *' } },
    }),
  )
  for (const name of ['b', 'c', 'slow', 'alerts']) mkdirSync(join(root, 'queue', name, 'que'), { recursive: true })
  const daemon = await startDaemon(root)
  for (const word of ['x\n', 'x\n', 'dest\n', 'dup\n']) await from.settled(from.drop(word))
  from.drop('fail\n')
  const graph = async (...args: string[]): Promise<Graph> =>
    JSON.parse((await rq(root, ['graph', '--json', ...args])).stdout)
  const found = await until(async () => {
    const now = await graph('a')
    return ['dup', 'retry'].every((kind) => now.edges.some((edge) => edge.kind === kind && edge.seen === 1))
      ? now
      : undefined
  })
  await daemon.stop()
  const edges = found.edges.map(({ from: a, kind, to, seen, configured }) => `${a} ${kind} ${to} ${seen} ${configured}`)
  expect(edges.toSorted()).toEqual([
    'a alert alerts 0 true',
    'a dest c 1 false',
    'a dup c 1 false',
    'a relay b 2 true',
    'a relay nowhere 0 true',
    'a retry slow 1 true',
    'a schedule a 0 true',
  ])
  expect(found.nodes.map(({ name }) => name)).toEqual(['a'])
  expect(found.missing).toEqual(['nowhere'])
  expect((await graph()).nodes.map(({ name }) => name)).toEqual(['a', 'alerts', 'b', 'c', 'slow'])
  // What the log said is told by relayed/ as well.
  rmSync(join(from.path, '_log'))
  expect((await graph('a')).edges).toContainEqual({ from: 'a', to: 'b', kind: 'relay', seen: 2, configured: true })
  const { lines, stderr } = await rq(root, ['graph', 'a'])
  expect(lines).toContainEqual(expect.stringMatching(/^a +relay +b +2 +yes$/))
  expect(stderr).toContain('there is no queue nowhere')
}, 30_000)
