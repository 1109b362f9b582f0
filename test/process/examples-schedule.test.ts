/** examples/schedule, as it stands there. */
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rq } from '../helpers/rq.ts'
import { openQueue } from '../helpers/worker.ts'

const EXAMPLE = fileURLToPath(new URL('../../examples/schedule', import.meta.url))

test('its schedules are listed, one is run by hand, and a key is injected once', async () => {
  const root = tempRoot()
  const path = join(root, 'queue/reports')
  mkdirSync(join(root, 'queue'))
  cpSync(EXAMPLE, path, { recursive: true })
  const queue = openQueue(path)
  const daemon = await startDaemon(root)

  const listed = await rq(root, ['schedule', 'ls'])
  expect(listed.lines.map((line) => line.split(/ +/)[1])).toEqual(['NAME', 'report', 'poll', 'rebuild'])

  const [run = ''] = (await rq(root, ['schedule', 'run', 'reports', 'rebuild'])).lines
  expect(await queue.settled(run)).toBe('done')
  expect(queue.log(run)).toContain(`done for schedule/rebuild, ${run.slice(0, 15)}, with {"kind":"rebuild"}`)

  const [first = ''] = (await rq(root, ['inject', 'reports', '--key', 'page7'])).lines
  expect(await queue.settled(first)).toBe('done')
  expect((await rq(root, ['inject', 'reports', '--key', 'page7'])).lines).toEqual([first])
  await daemon.stop()
})
