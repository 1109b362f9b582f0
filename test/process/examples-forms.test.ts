/** examples/forms, as its README says. */
import { chmodSync, cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { QueueForm } from '../../src/service/form.ts'
import { startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rq } from '../helpers/rq.ts'
import { openQueue } from '../helpers/worker.ts'

test('forms: what the form asks for is what the handler is told', async () => {
  const root = tempRoot()
  const path = join(root, 'queue/q')
  cpSync(fileURLToPath(new URL('../../examples/forms', import.meta.url)), path, { recursive: true })
  chmodSync(path, 0o755)
  mkdirSync(join(path, 'que'))
  const form = JSON.parse((await rq(root, ['form', 'q', '--json'])).stdout) as QueueForm
  const defaults = form.fields.filter(({ name, default: value }) => name.startsWith('params.') && value !== null)
  const params = Object.fromEntries(defaults.map(({ name, default: value }) => [name.slice('params.'.length), value]))
  expect(params).toEqual({ period: 'week', rows: 1000, details: false })
  expect(form.fields.find(({ name }) => name === 'priority')?.choices?.map(({ value }) => value)).toEqual([2, 5, 8])

  const daemon = await startDaemon(root)
  const said = await rq(root, ['inject', 'q', '--json', '-'], { input: JSON.stringify({ params, param1: 'please' }) })
  const [id = ''] = said.lines
  const queue = openQueue(path)
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id)).toContain('{"period":"week","rows":1000,"details":false}\nremark: please\n')
  await daemon.stop()
})
