/** A queue directory that is a mount point: no rename leads there. Each item is once, none is lost, and it is said why. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { neighbours, recordedRetry } from '../helpers/neighbours.ts'
import { rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { startWorker, type TestQueue } from '../helpers/worker.ts'
import { skipLoudly } from './mount.ts'
import { bindOver, mountsUnavailable, mountTmpfs } from './tmpfs.ts'

const FAILS = '#!/bin/sh\nexit 1\n'
const ELSEWHERE = { retry: { limit: 1, base: '1h', jitter: 0, queue: 'target' } }
const WHERE = 'queue target is on another file system, or behind another mount of this one'
const HERE = { verdict: 'reschedule', to: 'que', text: `exit 1; retried here: ${WHERE}` }

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0).toReversed()) close()
})

type Mounted = 'a file system of its own' | 'another mount of the same one'
const MOUNTED: readonly Mounted[] = ['a file system of its own', 'another mount of the same one']

/** The queue's directory becomes a mount point, as empty as it was. */
function mountOver(queue: TestQueue, what: Mounted): void {
  const source = what === 'a file system of its own' ? ownDisk() : `${queue.path}.there`
  mkdirSync(source, { recursive: true })
  closing.push(bindOver(source, queue.path).unmount)
  for (const dir of ['que', 'prep', 'run']) mkdirSync(join(queue.path, dir))
}

function ownDisk(): string {
  const disk = mountTmpfs({ size: '4m' })
  closing.push(disk.unmount)
  return disk.dir
}

/** Everything of all queues, by id: what is there twice is told by its length. */
function everywhere(...queues: TestQueue[]): string[] {
  const states = ['que', 'run', 'pause', 'prep', 'done', 'relayed', '_err']
  return queues.flatMap((queue) => states.flatMap((state) => queue.names(state)))
}

async function retriedOnce(queue: TestQueue, id: string): Promise<void> {
  await until(() => queue.stateOf(id) === 'que' && queue.attempts(id).length === 1)
}

const cannotMount = skipLoudly('mounted file systems', mountsUnavailable())

describe.skipIf(cannotMount).each(MOUNTED)('a queue directory that is %s', (what) => {
  test('gets no retries of another queue: they take place there, whole and once, and say why', async () => {
    const { queue, target } = neighbours(FAILS, ELSEWHERE)
    mountOver(target, what)
    const worker = await startWorker(queue.path)
    const ids = [queue.send({ param1: 'x' }), queue.drop('payload')] as const
    for (const id of ids) {
      await retriedOnce(queue, id)
      expect(queue.attempts(id)[0]).toMatchObject(HERE)
      expect(queue.attempts(id)[0]).not.toHaveProperty('queue')
      const { stdout } = await rq(join(queue.path, '../..'), ['show', id])
      expect(stdout).toContain(WHERE)
    }
    expect(readFileSync(join(queue.dirOf(ids[1]), 'attach/payload'), 'utf8')).toBe('payload')
    expect([everywhere(target), everywhere(queue).length]).toEqual([[], 2])
    await worker.stop()
    expect(queue.events('disk-trouble')).toEqual([])
  })

  test('that holds the item moves none out either', async () => {
    const { queue: target, target: queue } = neighbours('#!/bin/sh\n')
    const fails = { handler: ['/bin/false'], retry: { ...ELSEWHERE.retry, queue: 'source' } }
    mountOver(queue, what)
    writeFileSync(join(queue.path, 'config.json'), JSON.stringify(fails))
    const worker = await startWorker(queue.path)
    const id = queue.drop('payload')
    await retriedOnce(queue, id)
    expect(queue.attempts(id)[0]?.text).toContain('retried here: queue source is on another file system')
    expect([everywhere(target), everywhere(queue).length]).toEqual([[], 1])
    await worker.stop()
  })

  test('gets one copy of what is given up to it, with what is attached', async () => {
    const { queue, target } = neighbours(FAILS, { retry: { on_give_up: { relay_to: 'target' } } })
    mountOver(target, what)
    const worker = await startWorker(queue.path)
    const id = queue.drop('payload')
    expect(await queue.settled(id)).toBe('relayed')
    expect([everywhere(target).length, everywhere(queue)]).toEqual([1, [id]])
    const copy = join(target.path, 'que', readdirSync(join(target.path, 'que'))[0] ?? '')
    expect(readFileSync(join(copy, 'attach/payload'), 'utf8')).toBe('payload')
    expect(JSON.parse(readFileSync(join(copy, 'msg'), 'utf8'))).toMatchObject({ orig_msg_id: id })
    expect(statSync(join(copy, 'attach/payload')).nlink).toBe(1)
    expect(await queue.settled(queue.send({}))).toBe('relayed')
    await worker.stop()
    expect(queue.events('disk-trouble')).toEqual([])
  })

  test('is no place that `rq move` leads to, and it says so', async () => {
    const { queue, target } = neighbours(FAILS)
    mountOver(target, what)
    const id = queue.drop('payload')
    const said = await rq(join(queue.path, '../..'), ['move', id, '--to', 'target'])
    expect(said).toMatchObject({ code: 1, stderr: `rq: ${WHERE}: inject the item there\n` })
    expect([everywhere(target), everywhere(queue)]).toEqual([[], [id]])
  })
})

test.skipIf(cannotMount)(
  'a retry recorded before a crash takes place here when its queue is a mount by then',
  async () => {
    const { queue, target } = neighbours(FAILS, ELSEWHERE)
    const id = recordedRetry(queue, 'target')
    mountOver(target, 'another mount of the same one')
    const worker = await startWorker(queue.path)
    await until(() => queue.stateOf(id) === 'que')
    expect([everywhere(target), everywhere(queue)]).toEqual([[], [`${id},t1900000000`]])
    await worker.stop()
  },
)
