/** examples/retention and examples/alerts, run as their pages say. */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startDaemon, tempRoot } from '../helpers/daemon.ts'
import { archivesIn, itemsIn, itemsUnder, putEnded } from '../helpers/ended.ts'
import { rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { openQueue } from '../helpers/worker.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url))

function copied(example: string, name: string): { root: string; queue: string } {
  const root = tempRoot()
  const queue = join(root, 'queue', name)
  cpSync(join(EXAMPLES, example), queue, { recursive: true })
  mkdirSync(join(queue, 'que'))
  return { root, queue }
}

test('retention: what is old is archived and gone, what is young stays', async () => {
  const { root, queue } = copied('retention', 'lines')
  putEnded(queue, 'old')
  expect((await rq(root, ['clean', 'lines', '--dry-run'])).stdout).toMatch(/^lines: would remove 1 of done/)
  const daemon = await startDaemon(root)
  const archive = join(queue, 'archive')
  await until(() => existsSync(archive) && archivesIn(archive).length === 1)
  expect(itemsIn(join(archive, archivesIn(archive)[0] ?? ''))).toEqual(['old'])
  const id = openQueue(queue).drop('one\ntwo\n')
  expect(await openQueue(queue).settled(id)).toBe('done')
  await until(() => !itemsUnder(join(queue, 'done')).includes('old'))
  expect(openQueue(queue).log(id)).toMatch(/^2 /m)
  await daemon.stop()
})

test('alerts: a file that is refused is told', async () => {
  const { root, queue } = copied('alerts', 'json')
  const daemon = await startDaemon(root)
  writeFileSync(join(queue, 'que/letter.txt'), 'dear')
  const log = join(queue, 'alerts.log')
  const told = await until(
    () => existsSync(log) && readFileSync(log, 'utf8').includes('\n') && readFileSync(log, 'utf8'),
    20_000,
  )
  expect(JSON.parse(told)).toMatchObject({
    rule: 'failed',
    count: 1,
    items: [{ reason: 'not a .json file', files: ['letter.txt'] }],
  })
  await daemon.stop()
})
