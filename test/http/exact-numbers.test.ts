import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { startWeb } from '../helpers/web.ts'

it('the API answers and takes numbers that no double holds as they are', async () => {
  const root = tempRoot()
  const queue = makeQueue(root, 'q')
  writeFileSync(join(queue, '_paused'), '')
  writeFileSync(join(queue, 'que', '20261122T101500.123456-x7f2k9.msg'), '{"params":{"user":9007199254740993}}')
  const web = await startWeb(root)
  const item = '/api/v1/items/q/20261122T101500.123456-x7f2k9'
  expect(await (await web.fetch(item)).text()).toContain('"params":{"user":9007199254740993}')

  const change = (body: string) =>
    web.fetch(item, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body })
  const set = '{"set":{"param1":9007199254740993,"param.list":[0.1234567890123456789]}}'
  expect(await change(set).then((answer) => answer.text())).toContain('"did":"changed"')
  const msg = readFileSync(join(queue, 'que', '20261122T101500.123456-x7f2k9.msg'), 'utf8')
  expect(msg).toContain('"param1": "9007199254740993"')
  expect(msg).toContain('"params": {"user":9007199254740993,"list":"[0.1234567890123456789]"}')
  for (const wrong of ['', '{', '{"__proto__":9007199254740993}']) expect((await change(wrong)).status).toBe(400)
  const deep = `${'['.repeat(9000)}9007199254740993${']'.repeat(9000)}`
  expect((await change(deep)).status).toBe(400)
  await web.daemon.stop()
})
