/** rq restart: a new worker in the place of the old one; what runs is adopted, and ends once. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Daemon, kill, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rq, type Said } from '../helpers/rq.ts'
import { isRunning, workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue, type TestQueue } from '../helpers/worker.ts'

/** Runs until `open` lies in the queue. */
const GATE = '#!/bin/sh\necho began\nwhile [ ! -e ../../../open ]; do sleep 0.02; done\necho ended\n'

interface Running {
  readonly daemon: Daemon
  readonly queue: TestQueue
  readonly id: string
}

async function runningItem(): Promise<Running> {
  const root = tempRoot()
  const queue = openQueue(makeQueue(root, 'q', GATE))
  const daemon = await startDaemon(root)
  const id = queue.drop()
  await until(() => queue.stateOf(id) === 'run' && queue.log(id).includes('began'))
  await until(() => statusPid(queue) === workerOf(daemon))
  return { daemon, queue, id }
}

function statusPid({ path }: TestQueue): number | undefined {
  const file = join(path, '_status.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid : undefined
}

function workerOf(daemon: Daemon): number | undefined {
  return workersOf(daemon.pid).get('q')
}

function answers(said: Said): unknown[] {
  return said.lines.map((line) => JSON.parse(line) as unknown)
}

async function endsOnce({ daemon, queue, id }: Running): Promise<void> {
  writeFileSync(join(queue.path, 'open'), '')
  expect(await queue.settled(id)).toBe('done')
  expect(queue.attempts(id)).toMatchObject([{ n: 1, exit: 0 }])
  expect(queue.log(id).match(/began/g)).toHaveLength(1)
  await daemon.stop()
}

function starts(queue: TestQueue): number {
  return queue.events('worker-started').length
}

describe('rq restart', () => {
  it('answers when another worker runs; the same attempt goes on, and ends once', async () => {
    const running = await runningItem()
    const { daemon, queue } = running
    const before = await until(() => workerOf(daemon))
    const said = await rq(daemon.root, ['restart', 'q', '--json'])
    expect(said).toMatchObject({ code: 0, stderr: '' })
    const after = workerOf(daemon)
    expect(answers(said)).toEqual([{ queue: 'q', did: 'restarted', before, pid: after }])
    expect(after).not.toBe(before)
    expect(isRunning(before)).toBe(false)
    expect(existsSync(join(queue.path, '_restart'))).toBe(false)
    await endsOnce(running)
  })

  it('is no failure: nothing waits longer each time, also of a queue without work', async () => {
    const root = tempRoot()
    const queue = openQueue(makeQueue(root, 'q'))
    const daemon = await startDaemon(root)
    await until(() => existsSync(join(queue.path, '_status.json')))
    for (let round = 0; round < 5; round += 1)
      expect((await rq(root, ['restart', 'q'])).stdout).toMatch(/^q: restarted \(pid \d+\)\n$/)
    expect(daemon.events().filter(({ kind }) => kind === 'worker-ended')).toEqual([])
    await daemon.stop()
    // A worker's log is whole when it has ended.
    expect(starts(queue)).toBe(6)
    expect(queue.events('restart-asked')).toHaveLength(5)
  })

  it('is done by touch as well', async () => {
    const running = await runningItem()
    const before = await until(() => workerOf(running.daemon))
    writeFileSync(join(running.queue.path, '_restart'), '')
    await until(() => {
      const now = workerOf(running.daemon)
      return now !== undefined && now !== before
    })
    await until(() => starts(running.queue) === 2)
    expect(existsSync(join(running.queue.path, '_restart'))).toBe(false)
    await endsOnce(running)
  })

  it('asked by several at once answers all of them', async () => {
    const running = await runningItem()
    const said = await Promise.all([1, 2, 3, 4].map(() => rq(running.daemon.root, ['restart', 'q', '--json'])))
    for (const one of said) {
      expect(one).toMatchObject({ code: 0, stderr: '' })
      expect(answers(one)).toMatchObject([{ queue: 'q' }])
    }
    expect(said.flatMap(answers)).toContainEqual(expect.objectContaining({ did: 'restarted' }))
    expect(existsSync(join(running.queue.path, '_restart'))).toBe(false)
    await endsOnce(running)
  })

  it.each([0, 5, 20, 60, 200])('is no harm with kill -9 of the worker %d ms later', async (ms) => {
    const running = await runningItem()
    const before = await until(() => workerOf(running.daemon))
    const said = rq(running.daemon.root, ['restart', 'q'])
    await until(() => existsSync(join(running.queue.path, '_restart')) || !isRunning(before))
    await new Promise((resolve) => setTimeout(resolve, ms))
    kill(workerOf(running.daemon) ?? before, 'SIGKILL')
    expect(await said).toMatchObject({ code: 0 })
    await until(() => workerOf(running.daemon))
    await until(() => !existsSync(join(running.queue.path, '_restart')))
    await endsOnce(running)
  })

  it('is no harm with kill -9 of the daemon in the middle', async () => {
    const running = await runningItem()
    const { daemon, queue } = running
    const said = rq(daemon.root, ['restart', 'q', '--timeout', '2s'])
    await until(() => existsSync(join(queue.path, '_restart')) || queue.events('restart-asked').length > 0)
    await daemon.stop('SIGKILL')
    expect([0, 69, 75]).toContain((await said).code)
    expect(existsSync(join(queue.path, '_restart'))).toBe(false)
    await endsOnce({ ...running, daemon: await startDaemon(daemon.root) })
  })

  it.each(['SIGTERM', 'SIGUSR2'] as const)('hinders no stop of the daemon by %s', async (signal) => {
    const { daemon, queue, id } = await runningItem()
    writeFileSync(join(queue.path, '_restart'), '')
    await until(() => queue.events('restart-asked').length > 0)
    expect(await daemon.stop(signal)).toEqual({ code: 0, signal: null })
    writeFileSync(join(queue.path, 'open'), '')
    const next = await startDaemon(daemon.root)
    expect(await queue.settled(id)).toBe('done')
    expect(queue.attempts(id).filter(({ verdict }) => verdict === 'done')).toHaveLength(1)
    await next.stop()
  })

  it('that nobody answers is taken back', async () => {
    const running = await runningItem()
    const pid = await until(() => workerOf(running.daemon))
    kill(pid, 'SIGSTOP')
    const said = await rq(running.daemon.root, ['restart', 'q', '--timeout', '200ms'])
    expect(said).toMatchObject({ code: 75, stdout: '' })
    expect(said.stderr).toContain(`(pid ${pid}) did not answer in time`)
    expect(existsSync(join(running.queue.path, '_restart'))).toBe(false)
    kill(pid, 'SIGCONT')
    await endsOnce(running)
    expect(starts(running.queue)).toBe(1)
  })

  it('finds the worker also when its _status.json was removed', async () => {
    const running = await runningItem()
    rmSync(join(running.queue.path, '_status.json'))
    const said = await rq(running.daemon.root, ['restart', 'q', '--json'])
    expect(answers(said)).toMatchObject([{ did: 'restarted' }])
    await endsOnce(running)
  })

  it('of several queues restarts those that there are', async () => {
    const running = await runningItem()
    const said = await rq(running.daemon.root, ['restart', 'nothing', 'q'])
    expect(said.code).toBe(66)
    expect(said.stdout).toMatch(/^q: restarted/)
    await endsOnce(running)
  })

  it('needs the daemon, and leaves no file without one', async () => {
    const root = tempRoot()
    const path = makeQueue(root, 'q')
    const said = await rq(root, ['restart', 'q'])
    expect(said).toMatchObject({ code: 69, stdout: '' })
    expect(said.stderr).toContain('no daemon runs')
    expect(existsSync(join(path, '_restart'))).toBe(false)
  })
})

describe('a queue that sleeps', () => {
  async function sleeping(): Promise<{ daemon: Daemon; queue: TestQueue }> {
    const root = tempRoot()
    writeFileSync(join(root, 'config.json'), JSON.stringify({ warm_workers: 0 }))
    const queue = openQueue(makeQueue(root, 'q'))
    const daemon = await startDaemon(root)
    expect(await queue.settled(queue.drop())).toBe('done')
    await until(() => workerOf(daemon) === undefined)
    return { daemon, queue }
  }

  it('has nothing to restart, is not woken, and is not restarted later', async () => {
    const { daemon, queue } = await sleeping()
    const said = await rq(daemon.root, ['restart', 'q'])
    expect(said).toMatchObject({ code: 0, stdout: 'q: no worker ran\n' })
    expect(existsSync(join(queue.path, '_restart'))).toBe(false)
    expect(starts(queue)).toBe(1)
    await daemon.stop()
  })

  it('that was touched by hand loses the file with its next worker, which stays', async () => {
    const { daemon, queue } = await sleeping()
    writeFileSync(join(queue.path, '_restart'), '')
    expect(await queue.settled(queue.drop())).toBe('done')
    expect(existsSync(join(queue.path, '_restart'))).toBe(false)
    await until(() => workerOf(daemon) === undefined)
    expect(starts(queue)).toBe(2)
    expect(queue.events('restart-asked')).toEqual([])
    await daemon.stop()
  })
})

it('a _restart that is a directory is not obeyed, and not removed: it is nobody’s file', async () => {
  const running = await runningItem()
  const { daemon, queue } = running
  mkdirSync(join(queue.path, '_restart'))
  // Seen after it.
  writeFileSync(join(queue.path, 'config.json'), '{"slots": 7}')
  await until(() => readFileSync(join(queue.path, '_status.json'), 'utf8').includes('"slots":7,'))
  expect(starts(queue)).toBe(1)
  expect((await rq(daemon.root, ['restart', 'q', '--timeout', '100ms'])).code).toBe(1)
  expect(existsSync(join(queue.path, '_restart'))).toBe(true)
  await endsOnce(running)
})
