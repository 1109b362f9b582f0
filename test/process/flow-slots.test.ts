import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeId } from '../../src/domain/name.ts'
import { rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { newId, startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

/** Runs until its name, or `all`, lies in go/; says in which order it began. */
const WAITS = `#!/bin/sh
echo "$RQ_MSG_ID" >> ../../../ran
while [ ! -e ../../../go/"$RQ_MSG_ID" ] && [ ! -e ../../../go/all ]; do sleep 0.05; done
`

function waitingQueue(config: object): TestQueue {
  const queue = testQueue(WAITS, config)
  mkdirSync(join(queue.path, 'go'))
  return queue
}

const go = (queue: TestQueue, id = 'all') => writeFileSync(join(queue.path, 'go', id), '')
const ran = (queue: TestQueue) => {
  const file = join(queue.path, 'ran')
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}
const runs = (queue: TestQueue, ...ids: string[]) =>
  until(
    () => ids.every((id) => queue.stateOf(id) === 'run' && ran(queue).includes(id)),
    10_000,
    () => `${ids} run`,
  )
/** So many wait for that reason: the worker has looked at them, and left them. */
const held = (queue: TestQueue, reason: string, count: number) =>
  until(
    () => {
      const file = join(queue.path, '_status.json')
      return existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).waiting?.[reason] === count
    },
    10_000,
    () => `${count} wait for ${reason}`,
  )

describe('classes of slots of a real worker', () => {
  const slots = [
    { tags: ['gpu'], n: 1 },
    { tags: ['eu', '!slow'], n: 1 },
    { tags: ['*'], n: 2 },
  ]

  it('take what they watch: some, some but not others, and all', async () => {
    const queue = waitingQueue({ slots })
    const worker = await startWorker(queue.path)
    const plain = [queue.drop(), queue.drop()]
    await runs(queue, ...plain)
    const [third, slow] = [queue.drop(), queue.drop('', ',+eu,+slow')]
    await held(queue, 'class-busy', 2)
    // The classes of the others have room still.
    const [gpu, eu] = [queue.drop('', ',+gpu'), queue.drop('', ',+eu')]
    await runs(queue, gpu, eu)
    const more = [queue.drop('', ',+gpu'), queue.drop('', ',+eu')]
    await held(queue, 'class-busy', 4)
    expect(queue.names('run')).toHaveLength(4)
    expect(queue.stateOf(third)).toBe('que')
    go(queue, gpu)
    await runs(queue, more[0] ?? '')
    go(queue)
    for (const id of [...plain, third, slow, gpu, eu, ...more]) expect(await queue.settled(id)).toBe('done')
    await worker.stop()
  })

  it('count what a dead worker left running in them', async () => {
    const queue = waitingQueue({ slots: [{ tags: ['gpu'], n: 1 }, { tags: ['!gpu'], n: 1 }] }) // biome-ignore format: one line
    const gpu = queue.drop('', ',+gpu')
    const worker = await startWorker(queue.path)
    await runs(queue, gpu)
    await worker.kill()
    const [second, plain] = [queue.drop('', ',+gpu'), queue.drop()]
    const next = await startWorker(queue.path)
    await runs(queue, plain)
    await held(queue, 'class-busy', 1)
    expect(queue.stateOf(second)).toBe('que')
    go(queue)
    for (const id of [gpu, second, plain]) expect(await queue.settled(id)).toBe('done')
    await next.stop()
  })

  it('may be others in a new configuration, in which what runs is counted', async () => {
    const queue = waitingQueue({ slots: [{ tags: ['*'], n: 1 }] })
    const first = queue.drop('', ',+gpu')
    const worker = await startWorker(queue.path)
    await runs(queue, first)
    const [gpu, plain] = [queue.drop('', ',+gpu'), queue.drop()]
    await held(queue, 'class-busy', 2)
    writeFileSync(join(queue.path, 'config.json'), JSON.stringify({ slots: [{ tags: ['gpu'], n: 1 }, { tags: ['!gpu'], n: 1 }] })) // biome-ignore format: one line
    await runs(queue, plain)
    await held(queue, 'class-busy', 1)
    expect(queue.stateOf(gpu)).toBe('que')
    go(queue)
    for (const id of [first, gpu, plain]) expect(await queue.settled(id)).toBe('done')
    await worker.stop()
  })
})

describe('weights', () => {
  it('take so many slots, keep the room for the heavy one, and the whole class for one heavier than it', async () => {
    const queue = waitingQueue({ slots: 3, weights: { big: 2, huge: 9 } })
    const worker = await startWorker(queue.path)
    const light = [queue.drop(), queue.drop()]
    await runs(queue, ...light)
    const big = queue.drop('', ',+big')
    await held(queue, 'weight', 1)
    // There is a slot for it, but it would be taken from the one that waits for two.
    const late = queue.drop()
    await held(queue, 'class-busy', 1)
    expect(queue.stateOf(late)).toBe('que')
    go(queue, light[0])
    await runs(queue, big)
    expect(queue.stateOf(late)).toBe('que')
    const huge = queue.drop('', ',+huge')
    go(queue, light[1])
    go(queue, big)
    await runs(queue, late)
    await held(queue, 'weight', 1)
    go(queue, late)
    await runs(queue, huge)
    const last = queue.drop()
    await held(queue, 'class-busy', 1)
    expect(queue.stateOf(last)).toBe('que')
    go(queue)
    for (const id of [...light, big, late, huge, last]) expect(await queue.settled(id)).toBe('done')
    await worker.stop()
  })
})

describe('aging', () => {
  /** Came so many seconds ago, with that priority. */
  const came = (queue: TestQueue, secondsAgo: number, priority: number) => {
    const id = makeId(Date.now() - secondsAgo * 1000, 1, newId().slice(-6))
    writeFileSync(join(queue.path, 'que', `${id}.msg,p${priority}`), '{}')
    return id
  }

  it.each([
    ['without it priorities are strict', undefined, ['fresh', 'older', 'old']],
    ['an hour for a level lets what waited overtake', '1h', ['old', 'fresh', 'older']],
  ])('%s; rq ls says so', async (_, aging, order) => {
    const queue = waitingQueue({ slots: 1, ...(aging === undefined ? {} : { aging }) })
    const ids = { old: came(queue, 5 * 3600, 7), older: came(queue, 600, 5), fresh: came(queue, 1, 4) }
    const wanted = order.map((name) => ids[name as keyof typeof ids])
    const root = join(queue.path, '../..')
    for (const asked of [['ls', 'q', '--ids'], ['ls', 'q', 'waiting', '--sort', 'order', '--ids']])
      expect((await rq(root, asked)).lines).toEqual(wanted) // biome-ignore format: two lines
    const peeked = JSON.parse((await rq(root, ['peek', 'q', '--json'])).stdout)
    expect(JSON.stringify(peeked)).toMatch(new RegExp(wanted.join('.*')))
    go(queue)
    const worker = await startWorker(queue.path)
    for (const id of wanted) expect(await queue.settled(id)).toBe('done')
    expect(ran(queue)).toEqual(wanted)
    await worker.stop()
  })
})
