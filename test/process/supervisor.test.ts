/** Workers that die, a supervisor that dies, and the ways to stop. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { handler } from '../fixtures/handlers.ts'
import { type Daemon, kill, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { isRunning, workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue, type TestQueue, testQueue } from '../helpers/worker.ts'

function said(daemon: Daemon, kind: string): Record<string, unknown>[] {
  return daemon.events().filter((event) => event['kind'] === kind)
}

async function sleeper(seconds: string, config?: object): Promise<{ daemon: Daemon; queue: TestQueue; id: string }> {
  const queue = testQueue(handler('sleeps.sh'), config)
  const daemon = await startDaemon(join(queue.path, '../..'))
  const id = queue.send({ param1: seconds })
  await until(() => started(queue, id))
  return { daemon, queue, id }
}

function started(queue: TestQueue, id: string): boolean {
  return queue.stateOf(id) === 'run' && queue.log(id) !== ''
}

describe('a worker that dies', () => {
  test('is replaced, each time a little later, and its queue goes on', async () => {
    const root = tempRoot()
    const queue = openQueue(makeQueue(root, 'a'))
    const daemon = await startDaemon(root)
    for (let time = 1; time <= 3; time += 1) {
      const worker = await until(() => workersOf(daemon.pid).get('a'))
      expect(await queue.settled(queue.drop())).toBe('done')
      kill(worker, 'SIGKILL')
      await until(() => said(daemon, 'worker-ended').length === time)
    }
    expect(await queue.settled(queue.drop())).toBe('done')
    const delays = said(daemon, 'worker-ended').map((event) => Number(event['restartMs']))
    expect(delays[0]).toBeLessThan(delays[2] ?? 0)
    expect(said(daemon, 'worker-ended')[0]).toMatchObject({ queue: 'a', how: 'signal SIGKILL' })
    await daemon.stop()
  })
})

describe('a supervisor that dies', () => {
  test('takes its workers along, but no handler; the next one adopts', async () => {
    const { daemon, queue, id } = await sleeper('3')
    const worker = workersOf(daemon.pid).get('q') ?? 0
    await daemon.stop('SIGKILL')
    await until(() => !isRunning(worker))
    expect(queue.stateOf(id)).toBe('run')
    const next = await startDaemon(daemon.root)
    expect(await queue.settled(id)).toBe('done')
    expect(queue.attempts(id)).toHaveLength(1)
    await next.stop()
  })
})

describe('the ways to stop', () => {
  test('TERM: the handler gets TERM, its item goes back uncounted', async () => {
    const { daemon, queue, id } = await sleeper('60')
    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
    expect(queue.stateOf(id)).toBe('que')
    expect(queue.attempts(id)).toMatchObject([{ verdict: 'interrupted' }])
  })

  test('QUIT: what runs is finished, nothing is started', async () => {
    const { daemon, queue, id } = await sleeper('2', { slots: 1 })
    const waiting = queue.send({ param1: '0' })
    expect(await daemon.stop('SIGQUIT')).toEqual({ code: 0, signal: null })
    expect(queue.stateOf(id)).toBe('done')
    expect(queue.stateOf(waiting)).toBe('que')
  })

  test('QUIT, then TERM: a drain that takes too long becomes a stop', async () => {
    const { daemon, queue, id } = await sleeper('60')
    daemon.signal('SIGQUIT')
    await until(() => said(daemon, 'daemon-stopping').length === 1)
    expect(await daemon.stop('SIGTERM')).toEqual({ code: 0, signal: null })
    expect(queue.stateOf(id)).toBe('que')
  })

  test('USR2: handlers run on for the next daemon, and the lock remembers that', async () => {
    const { daemon, queue, id } = await sleeper('3')
    expect(await daemon.stop('SIGUSR2')).toEqual({ code: 0, signal: null })
    expect(queue.stateOf(id)).toBe('run')
    expect(readFileSync(join(daemon.root, '_lock'), 'utf8')).toContain(`"pid":${daemon.pid}`)
    const next = await startDaemon(daemon.root)
    expect(await queue.settled(id)).toBe('done')
    expect(queue.attempts(id)).toHaveLength(1)
    await next.stop()
  })

  test('a second INT kills at once, deaf handlers too', async () => {
    const queue = testQueue(handler('ignores-term.sh'), { term_timeout: '60s' })
    const daemon = await startDaemon(join(queue.path, '../..'))
    const id = queue.send({})
    await until(() => started(queue, id))
    daemon.signal('SIGINT')
    await until(() => said(daemon, 'daemon-stopping').length === 1)
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(await daemon.stop('SIGINT', 5_000)).toEqual({ code: 0, signal: null })
    const next = await startDaemon(daemon.root)
    await until(() => queue.attempts(id).length > 0)
    expect(queue.attempts(id)[0]).toMatchObject({ verdict: 'interrupted' })
    await next.stop('SIGKILL')
  })
})

describe('configuration', () => {
  test('HUP reads it anew; a root config that changes is read without it; a bad one changes nothing', async () => {
    const root = tempRoot()
    for (const name of ['a', 'b', 'c']) makeQueue(root, name)
    const daemon = await startDaemon(root)
    await until(() => workersOf(daemon.pid).size === 3)
    daemon.signal('SIGHUP')
    await until(() => said(daemon, 'reloading').length === 1)
    writeFileSync(join(root, 'config.json'), '{"warm_workers": 1}')
    await until(() => workersOf(daemon.pid).size === 1)
    writeFileSync(join(root, 'config.json'), '{"warm_worker": 3}')
    const bad = await until(() => said(daemon, 'config-bad')[0])
    expect(bad['problem']).toContain('config.json: warm_worker: is no known key (did you mean "warm_workers"?)')
    expect(workersOf(daemon.pid).size).toBe(1)
    await daemon.stop()
  })
})
