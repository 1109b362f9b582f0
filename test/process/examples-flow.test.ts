/** examples/flow, as it stands there. */
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rq } from '../helpers/rq.ts'
import { openQueue } from '../helpers/worker.ts'

const EXAMPLE = fileURLToPath(new URL('../../examples/flow', import.meta.url))

test('what is asked for while none can run is one run of the newest for each user', async () => {
  const root = tempRoot()
  const path = join(root, 'queue/index')
  mkdirSync(join(root, 'queue'))
  cpSync(EXAMPLE, path, { recursive: true })
  const queue = openQueue(path)
  const daemon = await startDaemon(root)
  const inject = async (...options: string[]) => (await rq(root, ['inject', 'index', ...options])).lines[0] ?? ''

  const first = await inject('--tag', 'user:7', '--param1', '0')
  expect(await queue.settled(first)).toBe('done')
  expect(readFileSync(join(path, 'index/7'), 'utf8')).toBe(`${first}\n`)
  // However slow this machine is: they are asked for before one of them starts.
  await rq(root, ['pause', 'index'])
  const asked = [await inject('--tag', 'user:7', '--param1', '0'), await inject('--tag', 'user:7', '--param1', '0')]
  const urgent = await inject('--tag', 'user:8', '--tag', 'urgent', '--param1', '0')
  const newest = await inject('--tag', 'user:7', '--param1', '0')
  await rq(root, ['resume', 'index'])
  for (const id of [urgent, ...asked, newest]) expect(await queue.settled(id)).toBe('done')

  expect(readFileSync(join(path, 'index/7'), 'utf8')).toBe([...asked, newest, ''].join('\n'))
  expect(readFileSync(join(path, 'index/8'), 'utf8')).toBe(`${urgent}\n`)
  expect(asked.map((id) => queue.attempts(id)[0]?.text)).toEqual(asked.map(() => `merged into ${newest}`))
  await daemon.stop()
})
