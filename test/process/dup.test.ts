/** Copies that a handler asks for (`dup` on fd 3): each made once, each answered to who asked, whatever dies meanwhile. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { handler } from '../fixtures/handlers.ts'
import { neighbours } from '../helpers/neighbours.ts'
import { until } from '../helpers/until.ts'
import { startWorker } from '../helpers/worker.ts'

/** Asks for $RQ_PARAM1 copies when it is let go, and waits for no answer. */
const ASKS_AND_LEAVES = `#!/bin/sh
echo begun
while [ ! -e ../go ]; do sleep 0.02; done
n=0
while [ $n -lt "$RQ_PARAM1" ]; do echo "dup 0-X-target"; n=$((n + 1)); done >&3
`

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

test('copies asked for while no worker lived are made by the next one', async () => {
  const { queue, target } = neighbours(ASKS_AND_LEAVES, { dup: true })
  const first = await startWorker(queue.path)
  const id = queue.send({ param1: '3' })
  await until(() => queue.log(id).includes('begun'))
  await first.kill()
  writeFileSync(join(queue.dirOf(id), 'go'), '')
  await until(() => /^#0 /.test(readFileSync(join(queue.dirOf(id), 'attempt.1'), 'latin1')))
  const second = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('done')
  expect(target.names('que')).toHaveLength(3)
  await second.stop()
})

test('all copies that an adopted run asked for are made, however long that takes', async () => {
  const { queue, target } = neighbours(ASKS_AND_LEAVES, { dup: true, durability: 'full' })
  const first = await startWorker(queue.path)
  const id = queue.send({ param1: '600' })
  await until(() => queue.log(id).includes('begun'))
  await first.kill()
  const second = await startWorker(queue.path)
  await until(() => queue.events('item-adopted').length === 1)
  writeFileSync(join(queue.dirOf(id), 'go'), '')
  expect(await queue.settled(id, 40_000)).toBe('done')
  expect(target.names('que')).toHaveLength(600)
  await second.stop()
  expect(queue.events('item-ended')).toHaveLength(1)
})

test('an answer reaches who asked, and not who runs in the same slot after him', async () => {
  const asks = `${ASKS_AND_LEAVES}if [ "$RQ_PARAM1" = 1 ]; then read -r answer <&4; echo "$answer"; fi\n`
  const { queue, target } = neighbours(asks, { dup: true, slots: 2, durability: 'full' })
  const worker = await startWorker(queue.path)
  const many = queue.send({ param1: '200' })
  await until(() => queue.log(many).includes('begun'))
  writeFileSync(join(queue.dirOf(many), 'go'), '')
  await until(() => target.names('que').length > 0)
  const others = Array.from({ length: 6 }, () => queue.send({ param1: '1' }))
  for (const id of others) {
    await until(() => queue.log(id).includes('begun'))
    writeFileSync(join(queue.dirOf(id), 'go'), '')
    expect(await queue.settled(id)).toBe('done')
    const copy = /^ok (\S+)$/m.exec(queue.log(id))?.[1] ?? ''
    expect(JSON.parse(readFileSync(target.dirOf(copy), 'utf8')).orig_msg_id, queue.log(id)).toBe(id)
  }
  expect(await queue.settled(many, 40_000)).toBe('done')
  expect(target.names('que')).toHaveLength(206)
  await worker.stop()
})
