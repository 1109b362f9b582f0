/** Retries by a real worker: when, how often, where, and what becomes of what is given up. */
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { neighbours, recordedRetry } from '../helpers/neighbours.ts'
import { rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { openQueue, startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

/** Fails until its attempt $1 (param1) has come, by exit $2 (param2, 1). */
const FAILS_UNTIL = `#!/bin/sh
echo "$RQ_PARAM1 $RQ_PARAM3 $RQ_TAGS $RQ_PRIORITY"
[ "$RQ_ATTEMPT" -gt "$RQ_PARAM1" ] || exit "\${RQ_PARAM2:-1}"
`
const FAILS = '#!/bin/sh\nexit 1\n'

const verdicts = (queue: TestQueue, id: string) => queue.attempts(id).map(({ verdict }) => verdict)

/** Until it waits for its next attempt; its name in que/ then. */
async function waiting(queue: TestQueue, id: string, attempts = 1): Promise<string> {
  return until(() => {
    if (queue.stateOf(id) !== 'que' || queue.attempts(id).length < attempts) return undefined
    return queue.names('que').find((name) => name.startsWith(id))
  })
}

describe('an item that fails', () => {
  it('five times, then succeeds, was never among the failed, and kept what it was given', async () => {
    const queue = testQueue(FAILS_UNTIL, { retry: { limit: 5, base: 0 } })
    const worker = await startWorker(queue.path)
    const seen = new Set<string>()
    const id = queue.send({ param1: '5', param3: 'a-b "c"' }, ',p3,+eu')
    await until(() => {
      const state = queue.stateOf(id)
      if (state !== undefined) seen.add(state)
      return state === 'done'
    })
    expect(verdicts(queue, id)).toEqual([...Array<string>(5).fill('reschedule'), 'done'])
    expect(seen).not.toContain('_err')
    const said = queue.log(id).split('\n')
    expect(said.filter((line) => line === '5 a-b "c" eu 3')).toHaveLength(6)
    await worker.stop()
  })

  it('for ever is run max_attempts times', async () => {
    const queue = testQueue(FAILS, { retry: { limit: -1, base: 0 }, max_attempts: 4 })
    const worker = await startWorker(queue.path)
    const id = queue.send({})
    expect(await queue.settled(id)).toBe('_err')
    expect(verdicts(queue, id)).toEqual(['reschedule', 'reschedule', 'reschedule', 'fail'])
    await worker.stop()
  })

  it('is one of two equal ones, and each has a budget of its own', async () => {
    const queue = testQueue(FAILS, { retry: { limit: 1, base: 0 } })
    const worker = await startWorker(queue.path)
    const twins = [queue.send({ param1: 'same' }), queue.send({ param1: 'same' })]
    for (const id of twins) {
      expect(await queue.settled(id)).toBe('_err')
      expect(verdicts(queue, id)).toEqual(['reschedule', 'fail'])
    }
    await worker.stop()
  })

  it('waits as its exit says, by a time that its name and its record agree on, and shows as scheduled', async () => {
    const queue = testQueue(FAILS_UNTIL, {
      retry: { limit: 3, base: '1h', max: '9h', exits: { '7': { base: '5h' } }, fatal: [9] },
    })
    const worker = await startWorker(queue.path)
    const root = join(queue.path, '../..')
    const ids = ['1', '7', '9'].map((param2) => queue.send({ param1: '9', param2 }))
    const [hour = '', five = '', fatal = ''] = ids
    const now = Date.now() / 1000
    for (const [id, hours] of [[hour, 1], [five, 5]] as const) {
      const name = await waiting(queue, id)
      const [{ due = 0, ended = '' } = {}] = queue.attempts(id)
      expect(name).toBe(`${id},t${due}`)
      const after = due - Date.parse(ended) / 1000
      expect(after).toBeGreaterThanOrEqual(hours * 3600)
      expect(after).toBeLessThanOrEqual(hours * 3600 * 1.1 + 1)
      expect(due).toBeGreaterThan(now)
    } // biome-ignore format: a table
    expect(await queue.settled(fatal)).toBe('_err')
    const { lines } = await rq(root, ['ls', 'q', 'failed', '--ids'])
    expect(lines).toEqual([fatal])
    const scheduled = await rq(root, ['ls', 'q', 'scheduled', '--ids'])
    expect(scheduled.lines.toSorted()).toEqual([hour, five].toSorted())
    const queues = await rq(root, ['queues', '--json'])
    expect(queues.stdout).toMatch(/"_err": ?1\b/)
    await worker.stop()
  })

  it('by a signal of its own has the rule for signals', async () => {
    const queue = testQueue('#!/bin/sh\nkill -SEGV $$\n', { retry: { causes: { signal: { limit: 1, base: 0 } } } })
    const worker = await startWorker(queue.path)
    const id = queue.send({})
    expect(await queue.settled(id)).toBe('_err')
    expect(queue.attempts(id).map(({ signal, verdict }) => [signal, verdict])).toEqual([
      ['SIGSEGV', 'reschedule'],
      ['SIGSEGV', 'fail'],
    ])
    await worker.stop()
  })

  it('is retried as its message says, where that says so', async () => {
    const queue = testQueue(FAILS, { retry: { limit: 2, base: 0 } })
    const worker = await startWorker(queue.path)
    const [own, other] = [queue.send({ policy: { retry: { limit: 0 } } }), queue.send({})]
    expect(await queue.settled(own)).toBe('_err')
    expect(await queue.settled(other)).toBe('_err')
    expect([own, other].map((id) => queue.attempts(id).length)).toEqual([1, 3])
    await worker.stop()
  })
})

it('what a root says of retries holds in each of its queues, key by key', async () => {
  const root = tempRoot()
  const queue = testQueue(FAILS_UNTIL, { retry: { base: 0 } }, 'q', root)
  writeFileSync(join(root, 'config.json'), JSON.stringify({ queue: { retry: { limit: 2, fatal: [9] } } }))
  const worker = await startWorker(queue.path)
  const [fails, fatal] = [queue.send({ param1: '9' }), queue.send({ param1: '9', param2: '9' })]
  expect(await queue.settled(fails)).toBe('_err')
  expect(await queue.settled(fatal)).toBe('_err')
  expect([fails, fatal].map((id) => queue.attempts(id).length)).toEqual([3, 1])
  const { stdout } = await rq(root, ['config', 'q', 'retry.limit', 'retry.base', 'retry.max'])
  expect(stdout).toMatch(/retry.limit +2 +\S*\/config.json/)
  expect(stdout).toMatch(/retry.base +0 +\S*queue\/q\/config.json/)
  expect(stdout).toMatch(/retry.max +1h +default/)
  await worker.stop()
})

describe('a retry in another queue', () => {
  const elsewhere = { retry: { limit: 1, base: 0, queue: 'target' } }

  it('is the same item there, moved and not copied, with its history', async () => {
    const { queue, target } = neighbours(FAILS, elsewhere)
    const worker = await startWorker(queue.path)
    const id = queue.send({ param1: 'x' })
    const name = await waiting(target, id)
    expect(name).toBe(id)
    expect(queue.all().size).toBe(0)
    expect(target.msg(id)).toMatchObject({
      param1: 'x',
      attempts: [{ n: 1, verdict: 'reschedule', to: 'que', queue: 'target', exit: 1 }],
    })
    await worker.stop()
  })

  it('runs there, and goes on counting', async () => {
    const { queue, target } = neighbours(FAILS, elsewhere)
    writeFileSync(join(target.path, 'handler'), FAILS_UNTIL, { mode: 0o755 })
    const worker = await startWorker(queue.path)
    const other = await startWorker(target.path)
    const id = queue.send({ param1: '1' })
    expect(await target.settled(id)).toBe('done')
    expect(target.attempts(id).map(({ n, verdict }) => [n, verdict])).toEqual([[1, 'reschedule'], [2, 'done']])
    expect((await rq(join(queue.path, '../..'), ['wait', id])).stdout).toContain('done')
    await worker.stop()
    await other.stop()
  }) // biome-ignore format: a table

  it('is waited for by who waits for the item', async () => {
    const { queue, target } = neighbours('#!/bin/sh\nsleep 1\nexit 1\n', elsewhere)
    writeFileSync(join(target.path, 'handler'), '#!/bin/sh\nsleep 1\n', { mode: 0o755 })
    const worker = await startWorker(queue.path)
    const other = await startWorker(target.path)
    const id = queue.send({})
    await until(() => queue.stateOf(id) === 'run')
    expect(await rq(join(queue.path, '../..'), ['wait', id])).toMatchObject({ code: 0, stderr: '' })
    await worker.stop()
    await other.stop()
  })

  it.each<[why: string, prepare: (target: string) => void, words: string]>([
    ['is missing', (target) => rmSync(target, { recursive: true }), 'retried here: there is no queue "target"'],
    ['is down', (target) => writeFileSync(join(target, '_down'), ''), 'retried here: queue target is down'],
    ['has a bad configuration', (target) => writeFileSync(join(target, 'config.json'), '{'), 'retried here: queue target'],
  ])('that %s takes place in its own, and the record says why', async (_why, prepare, words) => {
    const { queue, target } = neighbours(FAILS, elsewhere)
    prepare(target.path)
    const worker = await startWorker(queue.path)
    const id = queue.send({})
    expect(await queue.settled(id)).toBe('_err')
    const [first] = queue.attempts(id)
    expect(first).toMatchObject({ verdict: 'reschedule', to: 'que', text: expect.stringContaining(words) })
    expect(first).not.toHaveProperty('queue')
    expect(queue.attempts(id)).toHaveLength(2)
    await worker.stop()
  }) // biome-ignore format: a table

  it('that is its own is a plain one: a root may name one queue for all', async () => {
    const queue = testQueue(FAILS, { retry: { limit: 1, base: 0, queue: 'q' } })
    const worker = await startWorker(queue.path)
    const id = queue.send({})
    expect(await queue.settled(id)).toBe('_err')
    expect(queue.attempts(id).map(({ text }) => text)).toEqual(['exit 1', 'exit 1'])
    await worker.stop()
  })

  it('that was recorded and not moved before a crash is moved by the next worker, not run', async () => {
    const { queue, target } = neighbours('#!/bin/sh\necho ran > "$RQ_ROOT/ran"\nexit 1\n', elsewhere)
    const id = recordedRetry(queue, 'target')
    const worker = await startWorker(queue.path)
    const name = await waiting(target, id)
    expect(name).toBe(`${id},t1900000000`)
    expect(readdirSync(join(queue.path, '../..'))).not.toContain('ran')
    await worker.stop()
  })

  it('whose queue is gone after a crash takes place in its own', async () => {
    const { queue, target } = neighbours(FAILS, elsewhere)
    const id = recordedRetry(queue, 'target')
    renameSync(target.path, `${target.path}.away`)
    const worker = await startWorker(queue.path)
    expect(await waiting(queue, id)).toBe(`${id},t1900000000`)
    await worker.stop()
  })

  it('that a forged record sends out of the root stays in its own', async () => {
    const { queue } = neighbours(FAILS, elsewhere)
    const id = recordedRetry(queue, '../../..')
    const worker = await startWorker(queue.path)
    expect(await waiting(queue, id)).toBe(`${id},t1900000000`)
    await worker.stop()
  })
})

it('a retry in a queue that has no worker gets one: nobody has to be warm', async () => {
  const root = tempRoot()
  const config = { retry: { limit: 1, base: 0, queue: 'second' } }
  const first = openQueue(makeQueue(root, 'first', FAILS, config))
  const second = openQueue(makeQueue(root, 'second'))
  writeFileSync(join(root, 'config.json'), JSON.stringify({ warm_workers: 0 }))
  const daemon = await startDaemon(root)
  const id = first.send({})
  expect(await second.settled(id)).toBe('done')
  expect(verdicts(second, id)).toEqual(['reschedule', 'done'])
  await daemon.stop()
})

describe('what is given up', () => {
  const dead = (more: object = {}) => ({ retry: { on_give_up: { relay_to: 'target' }, ...more } })

  it('is handed to the queue for that, after its retries, and does not show as failed', async () => {
    const { queue, target } = neighbours(FAILS, dead({ limit: 1, base: 0 }))
    const worker = await startWorker(queue.path)
    const id = queue.drop('payload')
    expect(await queue.settled(id)).toBe('relayed')
    expect(queue.attempts(id)).toMatchObject([
      { verdict: 'reschedule' },
      { verdict: 'relay', to: 'target', exit: 1, text: 'exit 1; given up to target' },
    ])
    const [copy = ''] = target.names('que')
    expect(target.msg(copy)).toMatchObject({ orig_msg_id: id })
    expect(queue.names('_err')).toEqual([])
    await worker.stop()
  })

  it.each<[sentence: string, handler: string, config: object]>([
    ['by a fatal exit', '#!/bin/sh\nexit 65\n', {}],
    ['by its last reschedule', '#!/bin/sh\nexit 75\n', { reschedule_after: 0, max_attempts: 2 }],
  ])('%s goes there, too', async (_sentence, handler, config) => {
    const { queue, target } = neighbours(handler, { ...config, ...dead() })
    const worker = await startWorker(queue.path)
    const id = queue.send({})
    expect(await queue.settled(id)).toBe('relayed')
    expect(target.names('que')).toHaveLength(1)
    await worker.stop()
  })

  it('stays failed where a person canceled it, and where that queue is down, with the reason', async () => {
    const { queue, target } = neighbours('#!/bin/sh\n[ -n "$RQ_PARAM1" ] && exec sleep 60\nexit 1\n', dead())
    const worker = await startWorker(queue.path)
    const canceled = queue.send({ param1: 'sleep' })
    await until(() => queue.stateOf(canceled) === 'run')
    writeFileSync(join(queue.dirOf(canceled), 'cancel'), '')
    expect(await queue.settled(canceled)).toBe('_err')
    writeFileSync(join(target.path, '_down'), '')
    const failed = queue.send({})
    expect(await queue.settled(failed)).toBe('_err')
    expect(queue.attempts(failed)[0]?.text).toBe('exit 1; not given up to target: relay: queue target is down')
    expect(target.names('que')).toEqual([])
    await worker.stop()
  })

  it('fails in the queue for that itself: nothing goes round in circles', async () => {
    const queue = testQueue(FAILS, { retry: { on_give_up: { relay_to: 'q' } } })
    const worker = await startWorker(queue.path)
    const id = queue.send({})
    expect(await queue.settled(id)).toBe('_err')
    expect(queue.names('que')).toEqual([])
    await worker.stop()
  })
})

it('the example of the documentation does what it says', async () => {
  const root = tempRoot()
  const path = join(root, 'queue/fetch')
  cpSync(fileURLToPath(new URL('../../examples/retry', import.meta.url)), path, { recursive: true })
  mkdirSync(join(path, 'que'))
  const queue = openQueue(path)
  const worker = await startWorker(path)
  const [page, none] = [queue.drop(`file://${path}/README.md\n`), queue.drop('nothing of that kind\n')]
  const later = queue.drop(`file://${path}/later\n`)
  expect(await queue.settled(page)).toBe('done')
  expect(await queue.settled(none)).toBe('_err')
  expect(queue.attempts(none)).toHaveLength(1)
  await waiting(queue, later)
  writeFileSync(join(path, 'later'), 'here')
  expect(await queue.settled(later)).toBe('done')
  expect(verdicts(queue, later).slice(0, 1)).toEqual(['reschedule'])
  await worker.stop()
})

it('what is given up to another queue calls error and give_up, and counts as failed', async () => {
  const root = tempRoot()
  makeQueue(root, 'dead', '#!/bin/sh\n')
  const config = { retry: { on_give_up: { relay_to: 'dead' } } }
  const queue = openQueue(makeQueue(root, 'q', '#!/bin/sh\nexit 1\n', config))
  mkdirSync(join(queue.path, 'hooks'))
  for (const hook of ['success', 'error', 'give_up', 'after'])
    writeFileSync(join(queue.path, 'hooks', hook), '#!/bin/sh\necho "$RQ_HOOK" >>../../../told\n', { mode: 0o755 })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('relayed')
  await worker.stop()
  expect(readFileSync(join(queue.path, 'told'), 'utf8')).toBe('error\ngive_up\nafter\n')
  const counted = readdirSync(join(queue.path, '_stats')).map((name) =>
    readFileSync(join(queue.path, '_stats', name), 'utf8'),
  )
  expect(counted.join('')).toMatch(/"failed":1/)
  expect(counted.join('')).not.toMatch(/"relayed"/)
})
