/** What a message says otherwise for its own item. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { handler } from '../fixtures/handlers.ts'
import { startWorker, testQueue } from '../helpers/worker.ts'

test('a message may ask for fewer attempts than its queue gives', async () => {
  const queue = testQueue(handler('exit-n.sh'), { reschedule_after: 0, max_attempts: 3 })
  const worker = await startWorker(queue.path)
  const own = queue.send({ param1: '75', policy: { max_attempts: 1 } })
  const other = queue.send({ param1: '75' })

  expect(await queue.settled(own)).toBe('_err')
  expect(await queue.settled(other)).toBe('_err')
  expect([queue.attempts(own), queue.attempts(other)].map(({ length }) => length)).toEqual([1, 3])
  await worker.stop()
})

test('a policy that cannot be used fails its item unrun, in words that name the key and the fix', async () => {
  const queue = testQueue(handler('exit-n.sh'))
  const worker = await startWorker(queue.path)
  const id = queue.send({ param1: '0', policy: { max_atempts: 1 } })

  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id)).toMatchObject([
    {
      cause: 'refused',
      text: expect.stringContaining('policy: max_atempts: is no known key (did you mean "max_attempts"?)'),
    },
  ])
  expect(existsSync(join(queue.dirOf(id), 'job'))).toBe(false)
  await worker.stop()
})
