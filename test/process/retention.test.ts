/** Workers have their queues cleaned, and settle beside it. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startDaemon, tempRoot } from '../helpers/daemon.ts'
import { itemsIn, itemsUnder, putEnded } from '../helpers/ended.ts'
import { rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { startWorker, testQueue } from '../helpers/worker.ts'

const OK = '#!/bin/sh\nexit 0\n'

test('a worker has its queue cleaned at once, and again as often as it is asked to', async () => {
  const queue = testQueue(OK, { keep: { done: { age: '1d' }, every: '1s' } })
  putEnded(queue.path, 'first')
  const worker = await startWorker(queue.path)
  await until(() => itemsUnder(join(queue.path, 'done')).length === 0)
  putEnded(queue.path, 'second')
  await until(() => itemsUnder(join(queue.path, 'done')).length === 0)
  const events = await until(() => queue.events('cleaned').length >= 2 && queue.events('cleaned'))
  expect(events).toMatchObject([{ removed: { done: 1 }, level: 'info' }, { removed: { done: 1 } }])
  await worker.stop()
})

test('without any retention a worker starts no cleaner, but for leftovers that are old', async () => {
  const queue = testQueue(OK)
  putEnded(queue.path, 'kept')
  const first = await startWorker(queue.path)
  expect(await queue.settled(queue.drop())).toBe('done')
  await first.stop()
  expect(existsSync(join(queue.path, '_clean.lock'))).toBe(false)

  // Left by a cleaner that was killed: it was decided upon.
  mkdirSync(join(queue.path, '_tmp/clean-x/1'), { recursive: true })
  const second = await startWorker(queue.path)
  await until(() => !existsSync(join(queue.path, '_tmp/clean-x')))
  expect(itemsUnder(join(queue.path, 'done'))).toContain('kept')
  await second.stop()
})

test('a worker that retired comes back for it', async () => {
  const root = tempRoot()
  const queue = testQueue(OK, { keep: { done: { age: '1d' }, every: '2s' } }, 'q', root)
  writeFileSync(join(root, 'config.json'), '{"warm_workers": 0}')
  const daemon = await startDaemon(root)
  expect(await queue.settled(queue.drop())).toBe('done')
  await until(() => queue.events('worker-stopped').length > 0)
  putEnded(queue.path, 'old')
  await until(() => queue.events('cleaned').length > 0, 20_000)
  await until(() => queue.events('worker-stopped').length > 1, 20_000)
  await daemon.stop()
})

test('what cannot be removed is told in the log, and the queue goes on', async () => {
  const queue = testQueue(OK, {
    keep: { done: { age: '1d' }, every: '1s' },
    archive: { dir: 'file', states: ['done'] },
  })
  writeFileSync(join(queue.path, 'file'), '')
  putEnded(queue.path, 'a')
  const worker = await startWorker(queue.path)
  const [event] = await until(() => queue.events('clean-trouble').length > 0 && queue.events('clean-trouble'))
  expect(event).toMatchObject({ level: 'warn', problems: [expect.stringContaining('cannot be archived')] })
  expect(await queue.settled(queue.drop())).toBe('done')
  expect(itemsUnder(join(queue.path, 'done'))).toContain('a')
  await worker.stop()
})

test('items settle while cleaners remove everything that they may, and none is lost that is young', async () => {
  const queue = testQueue(OK, { slots: 4, keep: { done: { age: 0 } } })
  const root = join(queue.path, '../..')
  const worker = await startWorker(queue.path)
  const ids: string[] = []
  const begun = new Date().toISOString().slice(0, 16)
  for (let round = 0; round < 10; round += 1) {
    // Old ones in the days around: their directories come and go beside those that are settled into.
    for (const minute of ['0000', '2359']) putEnded(queue.path, `old${round}`, 'done', `20200101/${minute}`)
    for (let i = 0; i < 20; i += 1) ids.push(queue.drop())
    // The worker's own may be at work.
    await until(async () => (await rq(root, ['clean', 'q'])).code === 0)
  }
  await until(() => queue.names('que').length + queue.names('run').length === 0, 20_000)
  const left = itemsUnder(join(queue.path, 'done'))
  // All are there, unless their minute was over before the last cleaner came.
  if (new Date().toISOString().slice(0, 16) === begun) expect(left).toEqual(ids.toSorted())
  expect(left.some((name) => name.startsWith('old'))).toBe(false)
  // What it says is gathered for a moment: only after its end all of it is there.
  await worker.stop()
  const ended = queue.events('item-ended').map(({ id, to }) => `${String(id)} ${String(to)}`)
  expect(ended.toSorted()).toEqual(ids.map((id) => `${id} done`).toSorted())
}, 60_000)

test('a minute that is cleaned away while a worker remembers it is made again', async () => {
  const queue = testQueue(OK, { keep: { done: { count: 0 } } })
  const root = join(queue.path, '../..')
  const worker = await startWorker(queue.path)
  for (let round = 0; round < 6; round += 1) {
    const id = queue.drop()
    await until(() => queue.events('item-ended').some((event) => event['id'] === id))
    // The worker's own may be at work.
    await until(async () => (await rq(root, ['clean', 'q'])).code === 0)
    expect(readdirSync(join(queue.path, 'done'))).toEqual([])
  }
  expect(queue.events('disk-trouble')).toEqual([])
  await worker.stop()
})

/** libfaketime, where the system has it. */
const FAKETIME = ['x86_64-linux-gnu', 'aarch64-linux-gnu', ''].flatMap((arch) =>
  ['/usr/lib', '/usr/local/lib'].map((dir) => join(dir, arch, 'faketime/libfaketime.so.1')),
)
const library = FAKETIME.find((path) => existsSync(path))

test.skipIf(library === undefined)(
  'forty days later, by the clock of the daemon, what is done is archived and gone',
  async () => {
    const root = tempRoot()
    const queue = testQueue(OK, { keep: { done: { age: '30d' } }, archive: { states: ['done'] } }, 'q', root)
    const now = await startDaemon(root)
    const id = queue.drop()
    expect(await queue.settled(id)).toBe('done')
    await now.stop()
    const later = await startDaemon(root, { env: { LD_PRELOAD: library ?? '', FAKETIME: '+40d' } })
    await until(() => queue.names('done').length === 0, 30_000)
    const day = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10)
    const archive = join(queue.path, 'archive', `q-${day}.tar.gz`)
    expect(itemsIn(archive)).toEqual([id])
    await later.stop()
  },
)
