/** A queue is administered over HTTP by the same verbs as on a command line. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { startWeb } from '../helpers/web.ts'

it('a configuration is read with its version, changed with it, and refused when it is another by now', async () => {
  const root = tempRoot()
  const queue = makeQueue(root, 'mail', undefined, { slots: 2 })
  const web = await startWeb(root)
  const before = (await web.get('/queues/mail/config')) as { text: string; version: string }
  expect(JSON.parse(before.text)).toEqual({ slots: 2 })
  const change = { text: '{"slots": 3}', if_version: before.version }
  const first = await web.send('PATCH', '/queues/mail/config', change)
  expect(await first.json()).toMatchObject({ value: { changed: ['slots'], written: true } })
  const second = await web.send('PATCH', '/queues/mail/config', change)
  expect(second.status).toBe(409)
  const wrong = await web.send('PATCH', '/queues/mail/config', { set: { 'retry.limit': 'often' } })
  expect(wrong.status).toBe(422)
  expect(((await wrong.json()) as { detail: string }).detail).toContain('retry.limit: must be a whole number')
  await web.send('PATCH', '/queues/mail/config', { set: { 'retry.limit': 4, handler: './handler' }, unset: ['slots'] })
  expect(JSON.parse(readFileSync(join(queue, 'config.json'), 'utf8'))).toEqual({
    retry: { limit: 4 },
    handler: './handler',
  })
  expect(await web.get('/config/schema')).toMatchObject({ schema: { title: 'config.json of rqd' } })
  await web.daemon.stop()
})

it('a configuration with mistakes is answered with its text, to be mended', async () => {
  const root = tempRoot()
  const queue = makeQueue(root, 'mail')
  writeFileSync(join(queue, 'config.json'), '{"slot": 2}')
  const web = await startWeb(root)
  const response = await web.fetch('/api/v1/queues/mail/config')
  expect(await response.json()).toMatchObject({
    value: { text: '{"slot": 2}', values: [] },
    problems: [{ kind: 'failed', text: expect.stringContaining('did you mean "slots"?') }],
  })
  await web.daemon.stop()
})

it('a queue goes down and up, its worker is restarted, and its form is told', async () => {
  const root = tempRoot()
  makeQueue(root, 'mail')
  const web = await startWeb(root)
  const down = await web.send('POST', '/queues/mail/down')
  expect(await down.json()).toMatchObject({ value: [{ queue: 'mail', down: true, changed: true }] })
  const up = await web.send('POST', '/queues/mail/up')
  expect(await up.json()).toMatchObject({ value: [{ down: false, changed: true }] })
  const before = await until(() => workersOf(web.daemon.pid).get('mail'))
  await until(async () => ((await web.get('/queues')) as { queues: { worker: number | null }[] }).queues[0]?.worker)
  const restarted = await web.send('POST', '/queues/mail/restart')
  expect(await restarted.json()).toMatchObject({ value: [{ queue: 'mail', did: 'restarted', before }] })
  expect(await web.get('/queues/mail/form')).toMatchObject({ path: null, fields: [{ name: 'params' }, {}, {}, {}, {}] })
  await web.daemon.stop()
})
