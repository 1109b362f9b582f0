/** Slots that several queues share: real daemons, real workers. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kill, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rq } from '../helpers/rq.ts'
import { rqd, workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue, startWorker, type TestQueue } from '../helpers/worker.ts'

/** Writes down that it began and that it ended; in between it waits for `go` in the root. */
const WAITS = `#!/bin/sh
echo "+ $RQ_QUEUE $RQ_MSG_ID" >> ../../../../../ran
while [ ! -e ../../../../../go ]; do sleep 0.05; done
echo "- $RQ_QUEUE $RQ_MSG_ID" >> ../../../../../ran
`
const WORKS = WAITS.replace(/while.*done/, 'sleep 0.1')

function pooled(pools: readonly object[], handlers: Readonly<Record<string, string>>) {
  const root = tempRoot()
  const queues = Object.entries(handlers).map(([name, text]): [string, TestQueue] => {
    return [name, openQueue(makeQueue(root, name, text, { slots: 4 }))]
  })
  configure(root, pools)
  return { root, queues: new Map(queues) }
}

function configure(root: string, pools: readonly object[]): void {
  writeFileSync(join(root, 'config.json'), JSON.stringify({ pools }))
}

function ran(root: string): string[] {
  const file = join(root, 'ran')
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}

/** The most that ran at one time, of those whose begin and end are written down. */
function mostAtOnce(lines: readonly string[]): number {
  let now = 0
  let most = 0
  for (const line of lines) {
    now += line.startsWith('+') ? 1 : -1
    most = Math.max(most, now)
  }
  return most
}

describe('a pool of two slots for three queues', () => {
  it('is never more than two runs, though a worker is killed in the middle; and every item ends', async () => {
    const handlers = { critical: WORKS, 'mail-a': WORKS, 'mail-b': WORKS }
    const { root, queues } = pooled([{ name: 'io', queues: ['critical', 'mail-*'], slots: 2 }], handlers)
    const items = [...queues.values()].flatMap((each) => Array.from({ length: 10 }, () => ({ each, id: each.drop() })))
    const daemon = await startDaemon(root)
    // It had its permits, and its handlers run on without it.
    await until(() => ran(root).some((line) => line.startsWith('+ critical')), 20_000, 'something runs')
    kill(await until(() => workersOf(daemon.pid).get('critical')), 'SIGKILL')
    for (const { each, id } of items) expect(await each.settled(id)).toBe('done')
    const lines = ran(root)
    expect(lines).toHaveLength(60)
    expect(mostAtOnce(lines)).toBe(2)
    await daemon.stop()
  })

  it('gives what becomes free to the first in its order', async () => {
    const handlers = { critical: WORKS, mail: WORKS, low: WORKS }
    const { root, queues } = pooled([{ name: 'io', queues: ['critical', 'mail', '*'], slots: 1 }], handlers)
    const blocker = openQueue(makeQueue(root, 'blocker', WAITS, { slots: 1 }))
    const first = blocker.drop()
    const daemon = await startDaemon(root)
    await until(() => blocker.stateOf(first) === 'run', 20_000, 'the only slot is taken')
    const items = ['low', 'mail', 'critical'].flatMap((name) => {
      const each = queues.get(name)
      return each === undefined ? [] : [0, 1].map(() => ({ each, id: each.drop() }))
    })
    for (const { each } of items) await until(() => status(each)['noPermit'] === 'io', 20_000, 'all want it')
    writeFileSync(join(root, 'go'), '')
    for (const { each, id } of items) expect(await each.settled(id)).toBe('done')
    const order = ran(root).flatMap((line) => (line.startsWith('+') ? [line.split(' ')[1]] : []))
    expect(order).toEqual(['blocker', 'critical', 'critical', 'mail', 'mail', 'low', 'low'])
    await daemon.stop()
  })
})

function status(queue: TestQueue): Record<string, unknown> {
  const file = join(queue.path, '_status.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
}

function waitsWithOneRunning(queue: TestQueue): boolean {
  const { noPermit, running } = status(queue)
  return noPermit === 'io' && Array.isArray(running) && running.length === 1
}

async function twoQueues() {
  const { root, queues } = pooled([{ name: 'io', queues: ['a', 'b'], slots: 1 }], { a: WAITS, b: WAITS })
  const [a, b] = [...queues.values()]
  if (a === undefined || b === undefined) throw new Error('no queues')
  const daemon = await startDaemon(root)
  const running = b.drop()
  await until(() => b.stateOf(running) === 'run', 20_000, 'b has the only slot')
  const waiting = a.drop()
  await until(() => status(a)['noPermit'] === 'io', 20_000, 'a waits for it')
  return { root, daemon, a, b, running, waiting }
}

describe('an item that waits for a permit', () => {
  it('is told so by rq why, and keeps its worker', async () => {
    const { root, daemon, a, b, running, waiting } = await twoQueues()
    const said = await rq(root, ['why', waiting])
    expect(said.stdout).toMatch(/all slots of the pool io are busy/)
    expect((await rq(root, ['why', waiting, '--json'])).stdout).toContain('"kind":"no-permit"')
    expect(status(a)).toMatchObject({ gate: { kind: 'no-permit', pool: 'io' }, ready: 1 })
    expect(workersOf(daemon.pid).has('a')).toBe(true)
    writeFileSync(join(root, 'go'), '')
    expect(await b.settled(running)).toBe('done')
    expect(await a.settled(waiting)).toBe('done')
    await until(() => status(a)['gate'] === null, 10_000, 'nothing waits any more')
    await daemon.stop()
  })

  it('runs when the pool is made larger, and when it is taken away', async () => {
    const { root, daemon, a, waiting } = await twoQueues()
    configure(root, [{ name: 'io', queues: ['a', 'b'], slots: 2 }])
    await until(() => a.stateOf(waiting) === 'run', 20_000, 'there is a second slot')
    const next = a.drop()
    await until(() => waitsWithOneRunning(a), 20_000, 'there is no third')
    expect(a.stateOf(next)).toBe('que')
    configure(root, [])
    await until(() => a.stateOf(next) === 'run', 20_000, 'the pool is no more')
    await daemon.stop()
  })

  it('waits when its queue comes into a pool that is in use', async () => {
    const { root, daemon, a, waiting } = await twoQueues()
    configure(root, [])
    await until(() => a.stateOf(waiting) === 'run' && status(a)['pool'] === null, 20_000, 'the pool is no more')
    configure(root, [{ name: 'io', queues: ['*'], slots: 2 }])
    await until(() => status(a)['pool'] === 'io', 20_000, 'it is in the pool')
    const next = a.drop()
    await until(() => status(a)['noPermit'] === 'io', 20_000, 'both slots are in use')
    expect(a.stateOf(next)).toBe('que')
    await daemon.stop()
  })

  it('waits also for what an earlier daemon left running', async () => {
    const { root, daemon, a, b, running, waiting } = await twoQueues()
    await daemon.stop('SIGKILL')
    const next = await startDaemon(root)
    await until(() => b.events('item-adopted').length === 1, 20_000, 'the run is adopted')
    await until(() => workersOf(next.pid).has('a') && status(a)['pid'] === workersOf(next.pid).get('a'), 20_000, 'a')
    await until(() => status(a)['noPermit'] === 'io', 20_000, 'a waits')
    expect(b.stateOf(running)).toBe('run')
    expect(a.stateOf(waiting)).toBe('que')
    writeFileSync(join(root, 'go'), '')
    expect(await a.settled(waiting)).toBe('done')
    expect(mostAtOnce(ran(root))).toBe(1)
    await next.stop()
  })

  it('runs when the queue that had the slot is removed', async () => {
    const { root, daemon, a, b, waiting } = await twoQueues()
    renameSync(b.path, join(root, 'gone'))
    await until(() => a.stateOf(waiting) === 'run', 20_000, 'its permit came back')
    await until(() => !workersOf(daemon.pid).has('b'), 20_000, 'its worker ends')
    await daemon.stop()
  })
})

describe('a worker without a supervisor', () => {
  it('has no limit but its own slots, and says nothing of pools', async () => {
    const { root, queues } = pooled([{ name: 'io', queues: ['*'], slots: 1 }], { a: WAITS })
    const [a] = [...queues.values()]
    if (a === undefined) throw new Error('no queue')
    const ids = [0, 1].map(() => a.drop())
    const worker = await startWorker(a.path)
    for (const id of ids) await until(() => a.stateOf(id) === 'run', 20_000, 'both run')
    writeFileSync(join(root, 'go'), '')
    for (const id of ids) expect(await a.settled(id)).toBe('done')
    expect(worker.messages.filter(({ type }) => type === 'permits')).toEqual([])
    await worker.stop()
  })
})

describe('rqd check', () => {
  it('names a pool that no queue belongs to, and two of one name', async () => {
    const { root } = pooled([{ name: 'io', queues: ['mial-*'], slots: 1 }], { 'mail-a': WORKS })
    const daemon = await startDaemon(root)
    await daemon.stop()
    const idle = await rqd('check', '--root', root)
    expect(idle.stdout).toContain('no queue belongs to the pool "io"')
    expect(idle.code).toBe(1)
    const two = { name: 'io', queues: ['*'], slots: 1 }
    configure(root, [two, two])
    expect((await rqd('check', '--root', root)).stdout).toContain('pools.1.name: "io" is taken')
    configure(root, [two])
    expect((await rqd('check', '--root', root)).code).toBe(0)
  })
})
