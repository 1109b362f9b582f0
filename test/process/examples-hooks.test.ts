/** examples/hooks and examples/user, as their READMEs say. */
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rq } from '../helpers/rq.ts'
import { openQueue, type TestQueue } from '../helpers/worker.ts'

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url))

/** A copy of an example as the queue `q`, whoever owns the checkout. */
function queueOf(example: string): { root: string; queue: TestQueue } {
  const root = tempRoot()
  const path = join(root, 'queue/q')
  cpSync(join(EXAMPLES, example), path, { recursive: true })
  chmodSync(path, 0o755)
  mkdirSync(join(path, 'que'))
  return { root, queue: openQueue(path) }
}

test('hooks: only CSV files are taken, and the ledger says what became of each', async () => {
  const { root, queue } = queueOf('hooks')
  const daemon = await startDaemon(root)
  for (const [name, text] of [
    ['good.csv', 'a,b\n1,2\n'],
    ['empty.csv', ''],
    ['notes.txt', 'x'],
  ] as const)
    writeFileSync(join(root, name), text)
  const said = await rq(root, ['inject', 'q', 'good.csv', 'empty.csv', 'notes.txt'], { cwd: root })
  expect(said.stderr).toContain('notes.txt is not taken: hook enqueue: notes.txt is no .csv file')
  const [good = '', empty = ''] = said.lines

  expect([await queue.settled(good), await queue.settled(empty)]).toEqual(['done', '_err'])
  expect(queue.msg(good)['result']).toEqual({ lines: 2 })
  expect(readFileSync(join(queue.path, 'ledger'), 'utf8').trim().split('\n').toSorted()).toEqual([
    'error empty.csv fail it is empty',
    'error empty.csv reschedule it is empty',
    'give_up empty.csv fail it is empty',
    'success good.csv done columns: a,b',
  ])
  await daemon.stop()
})

test.runIf(process.getuid?.() === 0)('user: the handler is nobody, with the limits of its queue', async () => {
  const { root, queue } = queueOf('user')
  chownSync(queue.path, 0, 65_534)
  chmodSync(queue.path, 0o711)
  const daemon = await startDaemon(root)
  writeFileSync(join(root, 'payload'), '12345')
  const [id = ''] = (await rq(root, ['inject', 'q', 'payload'], { cwd: root })).lines
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toContain('nobody may open 256 files\n5 ../attach/')
  await daemon.stop()
})
