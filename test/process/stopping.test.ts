/** TERM → grace → KILL reaches every process of the group; what escaped is found and reported. */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { processes, processStat } from '../../src/os/process.ts'
import { handler } from '../fixtures/handlers.ts'
import { until } from '../helpers/until.ts'
import { startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

test('a cancel mark ends a run: TERM first, and the item is in _err/ as canceled', async () => {
  const queue = testQueue(handler('sleeps.sh'))
  const worker = await startWorker(queue.path)
  const id = queue.send({ param1: '60' })
  await until(() => started(queue, id))
  writeFileSync(join(queue.dirOf(id), 'cancel'), '')

  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id)).toMatchObject([{ cause: 'cancel', verdict: 'fail', text: 'canceled' }])
  await worker.stop()
})

test('a cancel that comes as its run ends by itself is heeded: it is not tried again', async () => {
  const queue = testQueue('#!/bin/sh\n: > ../cancel\nexit 75\n', { reschedule_after: 0 })
  const worker = await startWorker(queue.path)
  const ids = [0, 1, 2].map(() => queue.send({}))
  for (const id of ids) expect(await queue.settled(id)).toBe('_err')
  for (const id of ids) expect(queue.attempts(id)).toMatchObject([{ n: 1, cause: 'cancel', exit: 75 }])
  await worker.stop()
})

test('a handler that ignores TERM is killed after term_timeout, with all of its group', async () => {
  const queue = testQueue(handler('ignores-term.sh'), { term_timeout: 0.2 })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => started(queue, id))
  const slot = slotOf(queue, id)
  writeFileSync(join(queue.dirOf(id), 'cancel'), '')

  expect(await queue.settled(id)).toBe('_err')
  await until(() => queue.events('item-stopping').length === 2)
  expect(queue.events('item-stopping').map((event) => event['signal'])).toEqual(['SIGTERM', 'SIGKILL'])
  expect(processes().filter((stat) => stat.group === slot)).toEqual([])
  await worker.stop()
})

test('a handler that stopped itself is ended like any other', async () => {
  const queue = testQueue(handler('stops-itself.sh'), { term_timeout: 0.2 })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => started(queue, id) && readFileSync(join(queue.dirOf(id), 'attempt.1'), 'utf8').includes('stopping'))
  writeFileSync(join(queue.dirOf(id), 'cancel'), '')
  expect(await queue.settled(id)).toBe('_err')
  await worker.stop()
})

test('moving a running item out of run/ by hand is a cancel, and writes no verdict', async () => {
  const queue = testQueue(handler('sleeps.sh'))
  const worker = await startWorker(queue.path)
  const id = queue.send({ param1: '60' })
  await until(() => started(queue, id))
  const slot = slotOf(queue, id)
  renameSync(queue.dirOf(id), join(queue.path, 'pause', id))

  await until(() => !processes().some((stat) => stat.group === slot && stat.pid !== slot))
  await until(() => queue.events('item-ended').some((event) => event['to'] === 'elsewhere'))
  expect(queue.names('pause')).toEqual([id])
  expect(queue.attempts(id)).toEqual([])
  await worker.stop()
})

test('a stop interrupts what runs: it goes back to que/, and the attempt does not count', async () => {
  const queue = testQueue(handler('sleeps.sh'), { max_attempts: 1 })
  const first = await startWorker(queue.path)
  const id = queue.send({ param1: '60' })
  await until(() => started(queue, id))
  expect(await first.stop('term')).toBe(0)
  expect(queue.stateOf(id)).toBe('que')
  expect(queue.attempts(id)).toMatchObject([{ n: 1, cause: 'shutdown', verdict: 'interrupted', free: true }])
})

test('a drain lets what runs finish, and starts nothing', async () => {
  const queue = testQueue(handler('sleeps.sh'), { slots: 1 })
  const worker = await startWorker(queue.path)
  const id = queue.send({ param1: '0.5' })
  await until(() => started(queue, id))
  const next = queue.send({ param1: '0' })
  expect(await worker.stop('drain')).toBe(0)
  expect([queue.stateOf(id), queue.stateOf(next)]).toEqual(['done', 'que'])
})

test('a detach leaves handlers running for the next worker', async () => {
  const queue = testQueue(handler('sleeps.sh'))
  const first = await startWorker(queue.path)
  const id = queue.send({ param1: '1' })
  await until(() => started(queue, id))
  expect(await first.stop('detach')).toBe(0)
  expect(queue.stateOf(id)).toBe('run')
  const second = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('done')
  expect(queue.attempts(id)).toHaveLength(1)
  await second.stop()
})

test('a worker ends when its supervisor is gone', async () => {
  const queue = testQueue(handler('ok.sh'))
  const worker = await startWorker(queue.path)
  worker.process.disconnect()
  expect(await worker.ended).toBe(0)
})

test('a second worker of a queue leaves at once, and touches nothing', async () => {
  const queue = testQueue(handler('ok.sh'))
  const first = await startWorker(queue.path)
  const second = await startWorker(queue.path)
  expect(await second.ended).toBe(111)
  expect(await queue.settled(queue.send({}))).toBe('done')
  await first.stop()
})

test('what a handler leaves in its group ends with it, and a deaf child of it within seconds', async () => {
  const deaf = `sh -c 'trap "" TERM; echo $$ > held.pid; while :; do sleep 1; done' & while [ ! -s held.pid ]; do :; done`
  const queue = testQueue(`#!/bin/sh\n${deaf}\n`)
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('done')
  const held = Number(readFileSync(join(queue.dirOf(id), 'job/held.pid'), 'utf8'))
  await until(() => queue.events('leftover-killed').some((event) => event['pid'] === held), 15_000)
  expect(processStat(held)?.state ?? 'gone').toMatch(/gone|Z/)
  await worker.stop()
})

test('a child that called setsid is found by its mark, reported as escaped, and killed', async () => {
  const queue = testQueue(handler('setsid-escapes.sh'))
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('done')
  const escaped = Number(readFileSync(join(queue.dirOf(id), 'job/escaped.pid'), 'utf8'))
  await until(
    () => queue.events('leftover-killed').some((event) => event['pid'] === escaped && event['escaped'] === true),
    15_000,
  )
  await worker.stop()
})

test('a log that grows over max_log is cut, keeping its beginning and its end', async () => {
  const queue = testQueue(
    '#!/bin/sh\necho first line\nyes | head -c 3000000\nwhile [ ! -e ../go ]; do sleep 0.02; done\necho last line\n',
    { max_log: '1M' },
  )
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => queue.events('log-cut').length > 0, 15_000)
  writeFileSync(join(queue.dirOf(id), 'go'), '')
  expect(await queue.settled(id)).toBe('done')
  expect(statSync(join(queue.dirOf(id), 'job/stdio.log')).size).toBeLessThan(1_100_000)
  expect(queue.log(id)).toMatch(/first line[\s\S]*rqd: cut here[\s\S]*last line/)
  await worker.stop()
})

function started(queue: TestQueue, id: string): boolean {
  return (
    queue.stateOf(id) === 'run' &&
    queue.events('item-started').some((event) => event['id'] === id) &&
    queue.log(id) !== ''
  )
}

function slotOf(queue: TestQueue, id: string): number {
  return Number(
    readFileSync(join(queue.dirOf(id), 'attempt.1'), 'utf8')
      .split('\n')[1]
      ?.split(' ')[1],
  )
}

test.each(['timeout 60', 'setsid'])(
  'a handler that left its process group is ended by a cancel, too: %s',
  async (leave) => {
    const queue = testQueue(`#!/bin/sh\necho began\nexec ${leave} sleep 77.7\n`, { term_timeout: 0.3 })
    const worker = await startWorker(queue.path)
    const id = queue.send({})
    await until(() => started(queue, id))
    await until(() => processes().some((stat) => sleeps(stat.pid)))
    writeFileSync(join(queue.dirOf(id), 'cancel'), '')
    expect(await queue.settled(id)).toBe('_err')
    await until(() => !processes().some((stat) => sleeps(stat.pid)), 3000)
    await worker.stop()
  },
)

test('a cancel ends no run of the same id in another queue', async () => {
  const waits = '#!/bin/sh\necho began\nwhile [ ! -e ../go ]; do sleep 0.02; done\n'
  const [one, other] = [testQueue(waits), testQueue(waits)]
  const workers = [await startWorker(one.path), await startWorker(other.path)]
  const id = one.send({})
  writeFileSync(join(other.path, 'new'), '{}')
  renameSync(join(other.path, 'new'), join(other.path, 'que', `${id}.msg`))
  await until(() => started(one, id) && started(other, id))
  writeFileSync(join(one.dirOf(id), 'cancel'), '')
  expect(await one.settled(id)).toBe('_err')
  writeFileSync(join(other.dirOf(id), 'go'), '')
  expect(await other.settled(id)).toBe('done')
  for (const worker of workers) await worker.stop()
})

test('a handler that left its process group keeps its attempt alive when its slot is killed', async () => {
  const queue = testQueue('#!/bin/sh\necho began\nexec timeout 60 sh -c "while [ ! -e ../go ]; do sleep 0.02; done"\n')
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => started(queue, id))
  process.kill(slotOf(queue, id), 'SIGKILL')
  await until(() => queue.events('slot-lost').length > 0)
  // Longer than the poll of runs without a slot.
  await until(() => Date.now() - Number(Date.parse(String(queue.events('slot-lost')[0]?.['time']))) > 1000)
  expect(queue.events('item-started')).toHaveLength(1)
  writeFileSync(join(queue.dirOf(id), 'go'), '')
  expect(await queue.settled(id)).toBe('done')
  await worker.stop()
})

function sleeps(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('sleep\u000077.7')
  } catch {
    // It ended.
    return false
  }
}
