/** Relay and dup into a queue of the same root: published once, whatever dies in between. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { bootId } from '../../src/os/process.ts'
import { handler } from '../fixtures/handlers.ts'
import { until } from '../helpers/until.ts'
import { newId, openQueue, startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

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

test('dup publishes copies while the handler runs, and answers each on fd 4', async () => {
  const { queue, target } = neighbours(handler('dup.sh'), { dup: true })
  const worker = await startWorker(queue.path)
  const id = queue.send({ param1: 'target', param2: '0', param3: '3', src: 'me' })
  expect(await queue.settled(id)).toBe('done')
  expect(target.names('que')).toHaveLength(3)
  const answers = queue.log(id).match(/^ok \S+$/gm) ?? []
  expect(answers.map((line) => line.slice(3)).toSorted()).toEqual(
    target
      .names('que')
      .map((name) => name.replace('.msg', ''))
      .toSorted(),
  )
  await worker.stop()
})

test('dup to a queue that is not there is answered with fail, and to one in the future with a due time', async () => {
  const { queue, target } = neighbours(handler('dup.sh'), { dup: true })
  const worker = await startWorker(queue.path)
  const [bad, later] = [queue.send({ param1: 'nowhere' }), queue.send({ param1: 'target', param2: '600' })]
  expect(await queue.settled(bad)).toBe('_err')
  expect(queue.log(bad)).toContain('fail there is no queue "nowhere"')
  expect(await queue.settled(later)).toBe('done')
  expect(target.names('que')[0]).toMatch(/,t\d+$/)
  await worker.stop()
})

test('a handler that repeats its answer after a crash repeats no message', async () => {
  const { queue, target } = neighbours('#!/bin/sh\necho "dup 0-X-target" >&3\nread -r answer <&4\nkill -9 0\n', {
    dup: true,
    max_attempts: 1,
  })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('_err')
  expect(target.names('que')).toHaveLength(1)
  await worker.stop()
})

function neighbours(program: string, config: object = {}): { queue: TestQueue; target: TestQueue } {
  const queue = testQueue(program, config, 'source')
  const path = join(dirname(queue.path), 'target')
  for (const dir of ['que', 'prep', 'run']) mkdirSync(join(path, dir), { recursive: true })
  return { queue, target: openQueue(path) }
}

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

test('a handler that waits for its answer while the worker dies gets it from the next worker', async () => {
  const program =
    '#!/bin/sh\necho begun\nwhile [ ! -e ../go ]; do sleep 0.02; done\necho "dup 0-X-target" >&3\nread -r answer <&4\necho "$answer"\n'
  const { queue, target } = neighbours(program, { dup: true })
  const first = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => queue.log(id).includes('begun'))
  await first.kill()
  writeFileSync(join(queue.dirOf(id), 'go'), '')
  const second = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toMatch(/^ok /m)
  expect(target.names('que')).toHaveLength(1)
  await second.stop()
})

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

test('what a handler puts in the way of its answers does not end the worker', async () => {
  const program =
    '#!/bin/sh\nln -s x ../answered.1\necho "dup 0-X-target" >&3\nread -r a <&4\necho "dup 0-X-target" >&3\nsleep 1\n'
  const { queue } = neighbours(program, { dup: true })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('done')
  expect(worker.process.exitCode).toBeNull()
  await worker.stop()
})
