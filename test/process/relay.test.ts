/** Relay into a queue of the same root: published once, whatever dies in between. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bootId } from '../../src/os/process.ts'
import { neighbours } from '../helpers/neighbours.ts'
import { until } from '../helpers/until.ts'
import { newId, startWorker, type TestQueue } from '../helpers/worker.ts'

test('exit 99 relays to relay_to: the message and its attachments arrive, and the item is in relayed/', async () => {
  const { queue, target } = neighbours('#!/bin/sh\nexit 99\n', { relay_to: 'target' })
  const worker = await startWorker(queue.path)
  const id = queue.drop('payload\n')
  expect(await queue.settled(id)).toBe('relayed')
  const [copy = ''] = target.names('que')
  expect(queue.msg(id).relay).toEqual({ to: 'target', id: copy })
  expect(target.msg(copy)).toMatchObject({ dest: 'target', orig_msg_id: id })
  expect(readFileSync(join(target.dirOf(copy), 'attach/payload'), 'utf8')).toBe('payload\n')
  await worker.stop()
})

test('a relay line names the destination; one that does not exist fails with the name', async () => {
  const { queue, target } = neighbours('#!/bin/sh\necho "relay $RQ_PARAM1" >&3\n')
  const worker = await startWorker(queue.path)
  const [good, bad] = [queue.send({ param1: 'target' }), queue.send({ param1: '../../etc' })]
  expect(await queue.settled(good)).toBe('relayed')
  expect(await queue.settled(bad)).toBe('_err')
  expect(queue.attempts(bad)[0]?.text).toContain('../../etc')
  expect(target.names('que')).toHaveLength(1)
  await worker.stop()
})

test('a target that is down makes the item wait, not fail', async () => {
  const { queue, target } = neighbours('#!/bin/sh\nexit 99\n', { relay_to: 'target' })
  writeFileSync(join(target.path, '_down'), '')
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => queue.attempts(id).length === 1 && queue.stateOf(id) === 'que')
  expect(queue.attempts(id)).toMatchObject([{ verdict: 'reschedule', text: 'relay: queue target is down' }])
  await worker.stop()
})

test('a relay that was published before a crash is found by its id, and not published twice', async () => {
  const { queue, target } = neighbours('#!/bin/sh\nexit 99\n', { relay_to: 'target' })
  const copy = newId()
  writeFileSync(join(target.path, 'que', `${copy}.msg`), '{}')
  const id = relayedBefore(queue, copy)
  const worker = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('relayed')
  expect(target.names('que')).toEqual([`${copy}.msg`])
  await worker.stop()
})

test('a relay that was decided and not published before a crash is published under the recorded id', async () => {
  const { queue, target } = neighbours('#!/bin/sh\nexit 99\n', { relay_to: 'target' })
  const copy = newId()
  const id = relayedBefore(queue, copy)
  const worker = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('relayed')
  expect(target.names('que').map((name) => name.replace('.msg', ''))).toEqual([copy])
  await worker.stop()
})

/** An item whose verdict, relay under the id `copy`, is written, and which was not moved. */
function relayedBefore(queue: TestQueue, copy: string): string {
  const id = newId()
  const dir = join(queue.path, 'run', id)
  mkdirSync(join(dir, 'job'), { recursive: true })
  const attempts = [{ n: 1, verdict: 'relay', to: 'target', exit: 99 }]
  writeFileSync(join(dir, 'msg'), JSON.stringify({ relay: { to: 'target', id: copy }, attempts }))
  writeFileSync(join(dir, 'attempt.1'), `#99  \n# 999999 1 ${bootId()}\n#status\n`)
  writeFileSync(join(dir, 'started.1'), '')
  return id
}

test('an item that is relayed, run again and relayed again arrives twice: two attempts, two copies', async () => {
  const { queue, target } = neighbours('#!/bin/sh\nexit 99\n', { relay_to: 'target' })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('relayed')
  renameSync(queue.dirOf(id), join(queue.path, 'que', id))
  await until(() => target.names('que').length === 2)
  await worker.stop()
})

test('a relay whose attachments are no plain files fails with the reason, and loses none of them', async () => {
  const { queue, target } = neighbours('#!/bin/sh\nmkdir ../attach/sub\nexit 99\n', { relay_to: 'target' })
  const worker = await startWorker(queue.path)
  const id = queue.drop('payload')
  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id)[0]?.text).toContain('not a regular file')
  expect(target.names('que')).toEqual([])
  await worker.stop()
})
