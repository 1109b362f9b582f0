import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { startWorker, testQueue } from '../helpers/worker.ts'

const WAITS = '#!/bin/sh\nwhile [ ! -e ../../../go ]; do sleep 0.05; done\n'

describe('a real worker', () => {
  it('runs one of an equal key at a time, also when the one before was left by a dead worker', async () => {
    const queue = testQueue(WAITS, { slots: 4, concurrency: { user: 1 } })
    const first = queue.drop('', ',+user:1')
    const worker = await startWorker(queue.path)
    await until(() => queue.stateOf(first) === 'run', 10_000, 'the first runs')
    await worker.kill()
    const second = queue.drop('', ',+user:1')
    const other = queue.drop('', ',+user:2')
    const next = await startWorker(queue.path)
    await until(() => queue.stateOf(other) === 'run', 10_000, 'the other key runs')
    expect(queue.stateOf(second)).toBe('que')
    writeFileSync(join(queue.path, 'go'), '')
    expect(await queue.settled(second)).toBe('done')
    await next.stop()
  })

  it('keeps a key in order though its first is tried again', async () => {
    const queue = testQueue('#!/bin/sh\necho "$RQ_MSG_ID" >> ../../../ran\n[ "$RQ_ATTEMPT" != 1 ] || exit 75\n', {
      slots: 4,
      order: ['user'],
      reschedule_after: '1s',
    })
    const ids = [0, 1, 2].map(() => queue.drop('', ',+user:1'))
    const worker = await startWorker(queue.path)
    for (const id of ids) expect(await queue.settled(id)).toBe('done')
    const ran = readFileSync(join(queue.path, 'ran'), 'utf8').trim().split('\n')
    expect(ran).toEqual(ids.flatMap((id) => [id, id]))
    await worker.stop()
  })

  it('goes on with a key whose first, not due yet, was removed by hand', async () => {
    const queue = testQueue('#!/bin/sh\nexit 0\n', { slots: 4, order: ['user'] })
    const far = `,t${Math.floor(Date.now() / 1000) + 86_400}`
    const first = queue.drop('', `${far},+user:1`)
    const second = queue.drop('', ',+user:1')
    const worker = await startWorker(queue.path)
    await until(() => worker.messages.some(({ type }) => type === 'idle'), 10_000, 'nothing can be done')
    expect(queue.stateOf(second)).toBe('que')
    rmSync(join(queue.path, 'que', `${first}${far},+user:1`))
    expect(await queue.settled(second)).toBe('done')
    await worker.stop()
  })

  it('remembers the starts of the one before it for its rate', async () => {
    const queue = testQueue('#!/bin/sh\nexit 0\n', { slots: 4, rate: '2/h' })
    const ids = [0, 1].map(() => queue.drop())
    const worker = await startWorker(queue.path)
    for (const id of ids) await queue.settled(id)
    await worker.stop()
    const late = queue.drop()
    const next = await startWorker(queue.path)
    await until(() => next.messages.some(({ type }) => type === 'idle'), 10_000, 'the next has nothing to do for now')
    expect(queue.stateOf(late)).toBe('que')
    await next.stop()
  })

  it('and rq why says what keeps each, and counts them', async () => {
    const queue = testQueue(WAITS, {
      slots: [{ tags: ['a'], n: 3 }],
      concurrency: { user: 1 },
      order: ['acct'],
    })
    const running = queue.drop('', ',+a,+user:1')
    const worker = await startWorker(queue.path)
    await until(() => queue.stateOf(running) === 'run', 10_000, 'the first runs')
    const head = queue.drop('', ',+a,+acct:3')
    await until(() => queue.stateOf(head) === 'run', 10_000, 'the head of its line runs')
    const kept = {
      'key-busy': queue.drop('', ',+a,+user:1'),
      'no-class': queue.drop(),
      order: queue.drop('', ',+a,+acct:3'),
    }
    for (const [kind, id] of Object.entries(kept)) {
      const said = await rq(join(queue.path, '../..'), ['why', id, '--json'])
      expect(said.stdout).toContain(`"kind":"${kind}"`)
    }
    const waiting = () => JSON.parse(readFileSync(join(queue.path, '_status.json'), 'utf8')).waiting
    await until(() => waiting()['key-busy'] === 1 && waiting()['no-class'] === 1, 10_000, 'the status counts them')
    writeFileSync(join(queue.path, 'go'), '')
    await queue.settled(kept.order)
    expect(queue.stateOf(kept['no-class'])).toBe('que')
    await worker.stop()
  })
})
