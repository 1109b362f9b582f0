import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Attempt } from '../../src/domain/item.ts'
import { rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

/** Waits for `go`; then says which it is and what was merged into it. */
const TELLS = `#!/bin/sh
while [ ! -e ../../../go ]; do sleep 0.05; done
echo "$RQ_MSG_ID:$RQ_MERGED" >> ../../../ran
`
const CONFIG = { slots: 4, concurrency: { user: 1 }, coalesce: { by: 'user' } }

const ran = (queue: TestQueue) => readFileSync(join(queue.path, 'ran'), 'utf8').trim().split('\n')
const go = (queue: TestQueue) => writeFileSync(join(queue.path, 'go'), '')
const waitingCount = (queue: TestQueue) => {
  const file = join(queue.path, '_status.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')).waiting?.['key-busy'] ?? 0) : 0
}

/** The first runs, and the others wait for it, known to the worker. */
async function oneRuns(queue: TestQueue, count: number) {
  const first = queue.drop('', ',+user:1')
  const worker = await startWorker(queue.path)
  await until(() => queue.stateOf(first) === 'run', 10_000, 'the first runs')
  const others = Array.from({ length: count }, () => queue.drop('payload', ',+user:1'))
  await until(() => waitingCount(queue) === count, 10_000, 'the others are known')
  return { first, others, worker }
}

describe('items of an equal key that come while one runs', () => {
  it('are one further run, of the first of them, and each is done and says so', async () => {
    const queue = testQueue(TELLS, CONFIG)
    const { first, others, worker } = await oneRuns(queue, 30)
    const [survivor = '', ...merged] = others
    const other = queue.drop('', ',+user:2')
    const scheduled = queue.drop('', ',t1999999999,+user:1')
    go(queue)
    for (const id of [first, other, ...others]) expect(await queue.settled(id)).toBe('done')
    const told = ran(queue)
    expect(told.toSorted()).toEqual([`${first}:`, `${other}:`, `${survivor}:${merged.join(' ')}`].toSorted())
    expect(queue.msg(survivor)['merged']).toEqual(merged)
    for (const id of merged) {
      expect(queue.attempts(id)).toEqual([
        {
          n: 1,
          ended: expect.any(String),
          cause: 'coalesced',
          verdict: 'done',
          to: 'done',
          text: `merged into ${survivor}`,
        },
      ])
      expect(readFileSync(join(queue.dirOf(id), 'attach', attached(id)), 'utf8')).toBe('payload')
    }
    expect(queue.stateOf(scheduled)).toBe('que')
    expect(queue.all().size).toBe(33)
    await until(() => waitingCount(queue) === 0, 10_000, 'none of them is counted as waiting')
    const root = join(queue.path, '../..')
    expect((await rq(root, ['show', survivor])).stdout).toContain(
      `merged     ${merged.slice(0, 20).join(' ')} and 9 more`,
    )
    expect((await rq(root, ['show', merged[0] ?? ''])).stdout).toContain(`coalesced  merged into ${survivor}`)
    await worker.stop()
  })

  it('are the newest of them with keep last', async () => {
    const queue = testQueue(TELLS, { ...CONFIG, coalesce: { by: 'user', keep: 'last' } })
    const { first, others, worker } = await oneRuns(queue, 5)
    go(queue)
    for (const id of others) expect(await queue.settled(id)).toBe('done')
    const newest = others.at(-1) ?? ''
    expect(ran(queue)).toEqual([`${first}:`, `${newest}:${others.slice(0, -1).join(' ')}`])
    await worker.stop()
  })

  it('are not merged into one that is older than the newest, which another limit keeps', async () => {
    const slots = [{ tags: ['gpu'], n: 1 }, { tags: ['!gpu'], n: 2 }] // biome-ignore format: one line
    const queue = testQueue(
      '#!/bin/sh\nwhile [ ! -e ../../../go."$RQ_TAGS" ]; do sleep 0.05; done\necho "$RQ_MSG_ID:$RQ_MERGED" >> ../../../ran\n',
      { slots, concurrency: { user: 1 }, coalesce: { by: 'user', keep: 'last' } },
    )
    const [busy, first] = [queue.drop('', ',+gpu'), queue.drop('', ',+user:1')]
    const worker = await startWorker(queue.path)
    await until(() => queue.names('run').length === 2, 10_000, 'both run')
    const [old, newer, newest] = [
      queue.drop('', ',+user:1'),
      queue.drop('', ',+user:1'),
      queue.drop('', ',+gpu,+user:1'),
    ]
    await until(() => waitingCount(queue) === 3, 10_000, 'the others are known')
    writeFileSync(join(queue.path, 'go.user:1'), '')
    for (const id of [first, old, newer]) expect(await queue.settled(id)).toBe('done')
    expect(queue.stateOf(newest)).toBe('que')
    for (const name of ['go.gpu', 'go.gpu user:1']) writeFileSync(join(queue.path, name), '')
    for (const id of [busy, newest]) expect(await queue.settled(id)).toBe('done')
    expect(ran(queue)).toEqual([`${first}:`, `${newer}:${old}`, `${busy}:`, `${newest}:`])
    await worker.stop()
  })

  it('stand in one line of strict order, and the line goes on behind them', async () => {
    const queue = testQueue(TELLS, { slots: 4, order: ['user'], coalesce: { by: 'user', keep: 'last' } })
    const first = queue.drop('', ',+user:1')
    const worker = await startWorker(queue.path)
    await until(() => queue.stateOf(first) === 'run', 10_000, 'the first runs')
    const others = [0, 1, 2].map(() => queue.drop('', ',+user:1'))
    const stranger = queue.drop('', ',+user:2')
    await until(() => queue.stateOf(stranger) === 'run', 10_000, 'what came last is known')
    go(queue)
    for (const id of others) expect(await queue.settled(id)).toBe('done')
    expect(ran(queue)).toContain(`${others[2]}:${others.slice(0, 2).join(' ')}`)
    const late = queue.drop('', ',+user:1')
    expect(await queue.settled(late)).toBe('done')
    expect(ran(queue).at(-1)).toBe(`${late}:`)
    await worker.stop()
  })

  it('are what their survivor is tried again for, and given up for', async () => {
    const queue = testQueue(
      '#!/bin/sh\necho "$RQ_MERGED" >> ../../../ran\nwhile [ ! -e ../../../go ]; do sleep 0.05; done\n[ "$RQ_MERGED" = "" ]\n',
      { ...CONFIG, retry: { limit: 1, base: 0 } },
    )
    const { others, worker } = await oneRuns(queue, 2)
    const [survivor = '', merged = ''] = others
    go(queue)
    expect(await queue.settled(survivor)).toBe('_err')
    expect(await queue.settled(merged)).toBe('done')
    expect(ran(queue)).toEqual([merged, merged])
    expect(queue.msg(survivor)['merged']).toEqual([merged])
    await worker.stop()
  })

  it('and one that cannot be taken is refused as ever, merged into nothing', async () => {
    const queue = testQueue(TELLS, CONFIG)
    const { others, worker } = await oneRuns(queue, 2)
    const bad = queue.send([], ',+user:1')
    await until(() => waitingCount(queue) === 3, 10_000, 'the bad one is known')
    go(queue)
    expect(await queue.settled(bad)).toBe('_err')
    expect(await queue.settled(others[1] ?? '')).toBe('done')
    expect(queue.attempts(bad).at(-1)?.cause).toBe('refused')
    await worker.stop()
  })
})

/** By then it is in the middle of it. */
const MOMENTS: [string, (queue: TestQueue, others: readonly string[]) => boolean][] = [
  ['while it claims them', (queue) => queue.names('run').length > 1],
  ['when half of them are claimed', (queue) => queue.names('run').length > 100],
  [
    'when the one that runs names them',
    (queue, [survivor = '']) => existsSync(join(queue.path, 'run', `${survivor},+user:1`, 'msg')),
  ],
  ['while they get their verdicts', (queue) => queue.names('done').length > 1],
  ['when most of them have theirs', (queue) => queue.names('done').length > 150],
]

it.each(MOMENTS)('a worker that is killed %s loses none, and has none twice', async (_, isThen) => {
  const queue = testQueue(TELLS, CONFIG)
  const { others, worker } = await oneRuns(queue, 200)
  go(queue)
  await until(() => isThen(queue, others), 20_000, 'the moment comes')
  await worker.kill()
  const next = await startWorker(queue.path)
  await until(() => [...queue.all().values()].every(({ state }) => state === 'done'), 60_000, 'all are done')
  expect(queue.names('done').length).toBe(201)
  expect(queue.all().size).toBe(201)
  expect(queue.names('run')).toEqual([])
  // As it stands there: looked for once.
  const all = queue.all()
  const msgs = new Map([...all].map(([id, { dir }]) => [id, JSON.parse(readFileSync(join(dir, 'msg'), 'utf8'))]))
  const runIds = ran(queue).map((line) => line.split(':')[0])
  for (const id of others) {
    const verdicts = msgs.get(id).attempts.filter(({ verdict }: Attempt) => verdict === 'done')
    expect(verdicts).toHaveLength(1)
    // Merged into one that ran, or run.
    const into = /^merged into (.*)/.exec(verdicts[0]?.text ?? '')?.[1]
    expect(runIds).toContain(into ?? id)
    if (into !== undefined) expect(msgs.get(into).merged).toContain(id)
  }
  await next.stop()
})

function attached(id: string): string {
  return id.split('-').slice(2).join('-') || 'payload'
}
