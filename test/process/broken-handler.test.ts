/** A broken handler burns no items: the queue is down for it, and goes on when it is mended. */
import { chmodSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type BROKEN_HANDLERS, brokenHandler } from '../fixtures/handlers.ts'
import { until } from '../helpers/until.ts'
import { startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

const STATIC = ['crlf.sh', 'no-interpreter.sh', 'not-executable.sh'] as const

test.each(STATIC)('%s: nothing is claimed, the reason is said, and a mended handler starts at once', async (name) => {
  const queue = testQueue('#!/bin/sh\n')
  install(queue, name)
  const worker = await startWorker(queue.path)
  const ids = [queue.send({}), queue.send({}), queue.send({})]
  await until(() => status(queue).brokenHandler?.problem)
  expect(queue.names('que')).toHaveLength(3)

  rmSync(join(queue.path, 'handler'))
  writeFileSync(join(queue.path, 'handler'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  for (const id of ids) expect(await queue.settled(id)).toBe('done')
  for (const id of ids) expect(queue.attempts(id)).toHaveLength(1)
  await worker.stop()
})

test('a handler that is missing is named with the fix', async () => {
  const queue = testQueue('#!/bin/sh\n')
  rmSync(join(queue.path, 'handler'))
  const worker = await startWorker(queue.path)
  queue.send({})
  expect(await until(() => status(queue).brokenHandler?.problem)).toMatch(
    /handler: no such file; put an executable there/,
  )
  await worker.stop()
})

test('exit 78: the item goes back unharmed, others are tried one at a time, and the rest wait', async () => {
  const queue = testQueue('#!/bin/sh\nexit 78\n', { slots: 4 })
  const ids = Array.from({ length: 20 }, () => queue.send({}))
  const worker = await startWorker(queue.path)
  await until(() => queue.events('handler-broken').length >= 2, 15_000)
  const tried = new Set(queue.events('item-started').map((event) => event['id']))
  expect(tried.size).toBeGreaterThan(1)
  expect(queue.events('item-started').length).toBeLessThan(10)
  expect(queue.names('_err')).toEqual([])

  writeFileSync(join(queue.path, 'handler'), '#!/bin/sh\nexit 0\n')
  for (const id of ids) expect(await queue.settled(id)).toBe('done')
  await worker.stop()
})

test.each([126, 127])('exit %d of a sound handler is a plain failure', async (code) => {
  const queue = testQueue(`#!/bin/sh\nexit ${code}\n`)
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id)).toMatchObject([{ exit: code, verdict: 'fail' }])
  await worker.stop()
})

test('a handler that vanishes between check and run costs no attempt', async () => {
  const queue = testQueue('#!/bin/sh\nrm -f ../../../handler\nexit 127\n')
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => queue.events('handler-broken').length > 0)
  await until(() => queue.stateOf(id) === 'que')
  expect(queue.attempts(id)).toMatchObject([{ verdict: 'broken', free: true }])
  await worker.stop()
})

function install(queue: TestQueue, name: (typeof BROKEN_HANDLERS)[number]): void {
  rmSync(join(queue.path, 'handler'))
  copyFileSync(brokenHandler(name), join(queue.path, 'handler'))
  if (name !== 'not-executable.sh') chmodSync(join(queue.path, 'handler'), 0o755)
}

function status(queue: TestQueue): { readonly brokenHandler: { readonly problem: string } | null } {
  return JSON.parse(readFileSync(join(queue.path, '_status.json'), 'utf8'))
}
