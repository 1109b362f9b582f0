/** What waits: hints and scans, completeness, due times, markers, names of every kind. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { handler } from '../fixtures/handlers.ts'
import { kill } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { newId, startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

test('a file that is being written is not taken, however long its writer pauses', async () => {
  const queue = testQueue('#!/bin/sh\ncat\n', { settle: 0.2 })
  const worker = await startWorker(queue.path)
  const fd = openSync(join(queue.path, 'que/slow.txt'), 'w')
  writeSync(fd, 'first half, ')
  await until(() => status(queue).settling.some(({ name, why }) => name === 'slow.txt' && why === 'open for writing'))
  expect(queue.names('que')).toEqual(['slow.txt'])
  writeSync(fd, 'second half')
  closeSync(fd)
  const id = await until(() => queue.names('done')[0])
  expect(queue.log(id)).toContain('first half, second half')
  await worker.stop()
})

test('without the native module the writer is found through /proc', async () => {
  const queue = testQueue('#!/bin/sh\ncat\n', { settle: 0.2 })
  const worker = await startWorker(queue.path, { env: { RQD_NATIVE: 'off' } })
  const fd = openSync(join(queue.path, 'que/slow.txt'), 'w')
  await until(() => status(queue).settling.some(({ why }) => why === 'open for writing'))
  closeSync(fd)
  await until(() => queue.names('done')[0])
  await worker.stop()
})

test('a file from the future is taken once it is still', async () => {
  const queue = testQueue(handler('ok.sh'), { settle: 0.2 })
  const worker = await startWorker(queue.path)
  writeFileSync(join(queue.path, '.f'), 'x')
  utimesSync(join(queue.path, '.f'), 2 ** 32, 2 ** 32)
  renameSync(join(queue.path, '.f'), join(queue.path, 'que/future'))
  await until(() => queue.names('done').length === 1)
  await worker.stop()
})

test('an item is not run before its due time, and then at once', async () => {
  const queue = testQueue(handler('ok.sh'))
  const worker = await startWorker(queue.path)
  const due = Math.floor(Date.now() / 1000) + 2
  const id = queue.send({}, `,t${due}`)
  expect(await queue.settled(id)).toBe('done')
  const started = Date.parse(queue.attempts(id)[0]?.started ?? '')
  expect(started).toBeGreaterThanOrEqual(due * 1000)
  expect(queue.names('done')).toEqual([id])
  await worker.stop()
})

test('with a marker a file waits for it, and takes it along', async () => {
  const queue = testQueue(handler('ok.sh'), { marker: '.done', settle: 0 })
  const worker = await startWorker(queue.path)
  writeFileSync(join(queue.path, 'que/data'), 'x')
  await until(() => status(queue).settling.some(({ name, why }) => name === 'data' && why.includes('data.done')))
  writeFileSync(join(queue.path, 'que/data.done'), '')
  const id = await until(() => queue.names('done')[0])
  expect(queue.names('que')).toEqual([])
  expect(existsSync(join(queue.dirOf(id), 'marker'))).toBe(true)
  await worker.stop()
})

test('a marker that is older than its file does not count', async () => {
  const queue = testQueue(handler('ok.sh'), { marker: '.done', settle: 0 })
  const worker = await startWorker(queue.path)
  writeFileSync(join(queue.path, 'que/data.done'), '')
  utimesSync(join(queue.path, 'que/data.done'), 1, 1)
  writeFileSync(join(queue.path, 'que/data'), 'x')
  await until(() => status(queue).settling.some(({ why }) => why.includes('older')))
  expect(queue.names('done')).toEqual([])
  await worker.stop()
})

test('a message that is half written waits until it is whole', async () => {
  const queue = testQueue('#!/bin/sh\necho "$RQ_PARAM1"\n', { settle: 2 })
  const worker = await startWorker(queue.path)
  const id = newId()
  const fd = openSync(join(queue.path, 'que', `${id}.msg`), 'w')
  writeSync(fd, '{"param1":')
  await until(() => status(queue).settling.length === 1)
  writeSync(fd, '"whole"}')
  closeSync(fd)
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toContain('whole')
  await worker.stop()
})

test('a message that stays torn goes to _err/ with the reason', async () => {
  const queue = testQueue(handler('ok.sh'), { settle: 0.3 })
  const worker = await startWorker(queue.path)
  const id = newId()
  writeFileSync(join(queue.path, 'que', `${id}.msg`), '{"param1":')
  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id)).toMatchObject([{ cause: 'refused', text: 'msg is not JSON' }])
  await worker.stop()
})

test('a burst of 40,000 drops while the worker is stopped is found, all of it', async () => {
  const queue = testQueue(handler('ok.sh'))
  writeFileSync(join(queue.path, '_paused'), '')
  const worker = await startWorker(queue.path)
  kill(worker.pid, 'SIGSTOP')
  for (let i = 0; i < 40_000; i += 1)
    writeFileSync(
      join(
        queue.path,
        'que',
        `20260101T000000.${String(i % 1000000).padStart(6, '0')}-${i.toString(36).padStart(6, '0')}.msg`,
      ),
      '{}',
    )
  kill(worker.pid, 'SIGCONT')
  // The bounded set holds 20,000 or more; the scan says that it saw all.
  await until(() => status(queue).ready >= 20_000, 30_000)
  await until(() => queue.events('scan').some((event) => event['names'] === 40_000), 30_000)
  await worker.stop()
})

test('pause stops starting at once, resume goes on; down as well', async () => {
  const queue = testQueue(handler('ok.sh'))
  const worker = await startWorker(queue.path)
  for (const flag of ['_paused', '_down']) {
    writeFileSync(join(queue.path, flag), '')
    await until(() => status(queue).gate !== null)
    const id = queue.send({})
    await until(() => status(queue).ready === 1)
    expect(queue.stateOf(id)).toBe('que')
    rmSync(join(queue.path, flag))
    expect(await queue.settled(id)).toBe('done')
  }
  await worker.stop()
})

test('a changed configuration is used at once; a mistake keeps items where they are, and says file and key', async () => {
  const queue = testQueue('#!/bin/sh\necho "$COLOUR"\n', { env: { COLOUR: 'red' } })
  const worker = await startWorker(queue.path)
  const red = queue.send({})
  await queue.settled(red)
  writeFileSync(join(queue.path, 'config.json'), '{"env":{"COLOUR":"blue"},"slotz":3}')
  await until(() => status(queue).configProblem?.includes('slotz'))
  const blue = queue.send({})
  await until(() => status(queue).ready === 1)
  expect(queue.stateOf(blue)).toBe('que')
  writeFileSync(join(queue.path, 'config.json'), '{"env":{"COLOUR":"blue"}}')
  await queue.settled(blue)
  expect(queue.log(red)).toContain('red')
  expect(queue.log(blue)).toContain('blue')
  await worker.stop()
})

test('a worker that starts with a configuration it cannot use says so, and works once it is corrected', async () => {
  const queue = testQueue(handler('ok.sh'), { slotz: 3 })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => status(queue).configProblem?.includes('slotz'))
  expect(queue.stateOf(id)).toBe('que')
  writeFileSync(join(queue.path, 'config.json'), '{"slots":3}')
  expect(await queue.settled(id)).toBe('done')
  await worker.stop()
})

test('a queue directory that is renamed while items run is the one they are settled in', async () => {
  const queue = testQueue('#!/bin/sh\nwhile [ ! -e ../go ]; do sleep 0.02; done\n')
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => queue.events('item-started').length === 1)
  const renamed = `${queue.path}-renamed`
  renameSync(queue.path, renamed)
  mkdirSync(join(queue.path, 'que'), { recursive: true })
  writeFileSync(join(renamed, 'run', id, 'go'), '')
  await until(() => existsSync(join(renamed, 'done')) && !existsSync(join(renamed, 'run', id)))
  expect(existsSync(join(queue.path, 'done'))).toBe(false)
  await worker.stop()
})

interface Status {
  readonly settling: readonly { readonly name: string; readonly why: string }[]
  readonly unavailable: readonly { readonly name: string }[]
  readonly ready: number
  readonly truncated: boolean
  readonly gate: { readonly kind: string } | null
  readonly configProblem: string | null
}

function status(queue: TestQueue): Status {
  return JSON.parse(readFileSync(join(queue.path, '_status.json'), 'utf8'))
}
