import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { exchange, open, statuses } from '../helpers/raw.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

let web: Web
let id = ''

beforeAll(async () => {
  const root = tempRoot()
  makeQueue(root, 'held')
  writeFileSync(join(root, 'queue/held/_paused'), '')
  web = await startWeb(root)
  const response = await web.send('POST', '/queues/held/items', {})
  id = ((await response.json()) as { value: { ids: string[] } }).value.ids[0] ?? ''
})

afterAll(async () => {
  await web.daemon.stop()
})

const asked = (method: string, path: string, more = '') =>
  `${method} /api/v1${path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: text/event-stream\r\nauthorization: Bearer ${web.token}\r\n${more}\r\n`

it.each(['/live', '/events', '/events?queue=held', '/items/held/ITEM/log?follow=true'])(
  'HEAD %s, whose GET never ends, ends at once, and the next request on that connection is answered',
  async (path) => {
    const head = asked('HEAD', path.replace('ITEM', id))
    const told = await exchange(web, `${head}${asked('GET', '/new-id', 'connection: close\r\n')}`)
    expect(statuses(told)).toEqual([200, 200])
    const [first = ''] = told.split('HTTP/1.1 200 OK\r\n').slice(-2)
    if (!path.includes('/log')) expect(first.toLowerCase()).toContain('content-type: text/event-stream')
  },
)

it('HEAD of a stream is no open stream: a hundred of them leave room for another', async () => {
  for (let n = 0; n < 100; n++) expect((await web.fetch('/api/v1/live', { method: 'HEAD' })).status).toBe(200)
  const socket = open(web, asked('GET', '/live'))
  let got = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    got += text
  })
  await until(
    () => got.includes('event: top'),
    10_000,
    () => got,
  )
  socket.destroy()
})
