import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

let root: string
let web: Web

const ECHO = `#!/bin/sh
echo "got $1"
cat "$1" | wc -c
printf '{"n": 9007199254740993}' > "$RQ_RESULT"
`
const SLOW = `#!/bin/sh
i=0
while [ ! -e "$RQ_ROOT/go" ] && [ $i -lt 600 ]; do echo "step $i"; i=$((i+1)); sleep 0.05; done
echo last
`

beforeAll(async () => {
  root = tempRoot()
  makeQueue(root, 'mail', ECHO)
  makeQueue(root, 'slow', SLOW)
  makeQueue(root, 'held', ECHO)
  writeFileSync(join(root, 'queue/held/_paused'), '')
  web = await startWeb(root)
})

afterAll(async () => {
  await web.daemon.stop()
})

interface Item {
  readonly id: string
  readonly status: string
  readonly msg: Record<string, unknown>
  readonly payloads: readonly { readonly name: string; readonly size: number }[]
}

async function idsOf(response: Response): Promise<string[]> {
  expect(response.status, await response.clone().text()).toBe(200)
  return ((await response.json()) as { value: { ids: string[] } }).value.ids
}

const show = async (queue: string, id: string) => (await web.get(`/items/${queue}/${id}`)) as Item

async function ended(queue: string, id: string): Promise<Item> {
  await web.get(`/items/${queue}/${id}/wait?timeout=20s`)
  return show(queue, id)
}

describe('POST /queues/QUEUE/items', () => {
  it('takes a message as JSON, with parameters of any type', async () => {
    const body = { params: { user: 7, list: [1, 2] }, param1: 'x', priority: 2, tag: ['eu', 'vip'], job_id: 'j1' }
    const refused = await web.send('POST', '/queues/held/items', body)
    expect(refused.status).toBe(400)
    expect(await refused.json()).toMatchObject({
      kind: 'usage',
      detail: expect.stringContaining('"job-id" is not known'),
    })
    const { job_id: _none, ...known } = body
    const [id = ''] = await idsOf(await web.send('POST', '/queues/held/items', { ...known, message: { job_id: 'j1' } }))
    expect(readdirSync(join(root, 'queue/held/que'))).toContain(`${id}.msg,p2,+eu,+vip`)
    expect((await show('held', id)).msg).toEqual({ job_id: 'j1', param1: 'x', params: { user: 7, list: [1, 2] } })
  })

  it('refuses what is no message, in words, and nothing is enqueued', async () => {
    const before = readdirSync(join(root, 'queue/held/que'))
    for (const body of [
      { priority: 11 },
      { message: '[]' },
      { params: [] },
      { message: { attempts: [] } },
      { file: '/etc/passwd' },
      { attach: ['/etc/passwd'] },
      [],
    ])
      expect((await web.send('POST', '/queues/held/items', body)).status).toBe(400)
    expect(readdirSync(join(root, 'queue/held/que'))).toEqual(before)
  })

  it('takes JSON lines of any number, says which are wrong, and publishes the others', async () => {
    const lines = ['{"param1":"a"}', 'nonsense', '{"param1":"b"}'].join('\n')
    const response = await web.fetch('/api/v1/queues/held/items?tag=bulk', {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines,
    })
    const { value, problems } = (await response.json()) as { value: { ids: string[] }; problems: { text: string }[] }
    expect(value).toMatchObject({ published: 2, existed: 0 })
    expect(value.ids).toHaveLength(2)
    expect(problems.map(({ text }) => text)).toEqual([expect.stringContaining('line 2')])
    expect(readdirSync(join(root, 'queue/held/que')).filter((name) => name.endsWith(',+bulk'))).toHaveLength(2)
  })

  it('publishes once what comes twice under an id', async () => {
    const { id } = (await web.get('/new-id')) as { id: string }
    await web.send('POST', '/queues/held/items', { id, param1: 'once' })
    expect(await (await web.send('POST', '/queues/held/items', { id, param1: 'once' })).json()).toMatchObject({
      value: { published: 0, existed: 1 },
    })
  })

  it('takes files as multipart, and answers with their SHA-256 and MD5', async () => {
    const bytes = randomBytes(3 * 1024 * 1024)
    const form = new FormData()
    form.set('message', JSON.stringify({ params: { width: 800 }, tag: ['photo'] }))
    form.append('file', new Blob([bytes]), 'fo "tö" .jpg')
    form.append('file', new Blob(['second']), 'b.txt')
    const response = await web.fetch('/api/v1/queues/held/items', { method: 'POST', body: form })
    const { value } = (await response.json()) as { value: { id: string; attachments: object[] } }
    expect(value.attachments).toMatchObject([
      {
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        md5: createHash('md5').update(bytes).digest('hex'),
      },
      { name: 'b.txt', size: 6 },
    ])
    const item = await show('held', value.id)
    expect(item.msg).toEqual({ params: { width: 800 } })
    expect(item.payloads.map(({ size }) => size).toSorted()).toEqual([6, bytes.length].toSorted())
    const got = await web.fetch(`/api/v1/items/held/${value.id}/attach/${encodeURIComponent('fo "tö" .jpg')}`)
    expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true)
  })

  it('leaves nothing behind of a multipart body that breaks off', async () => {
    const before = readdirSync(join(root, 'queue/held/prep'))
    const headers = { 'content-type': 'multipart/form-data; boundary=x', authorization: `Bearer ${web.token}` }
    const body = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nbegun'
    const response = await fetch(`${web.url}/api/v1/queues/held/items`, { method: 'POST', headers, body })
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(readdirSync(join(root, 'queue/held/prep'))).toEqual(before)
  })
})

describe('an item in steps', () => {
  it('is begun, gets its files, and is committed; a second commit is no second item', async () => {
    const begun = await web.send('POST', '/queues/mail/drafts', { param1: 'three steps' })
    const { id } = ((await begun.json()) as { value: { id: string } }).value
    const put = (name: string, body: string, query = '') =>
      web.fetch(`/api/v1/items/mail/${id}/attach/${encodeURIComponent(name)}${query}`, { method: 'PUT', body })
    const sha256 = createHash('sha256').update('hello').digest('hex')
    expect(await (await put('a.txt', 'hello', `?sha256=${sha256}`)).json()).toMatchObject({
      value: { sha256, size: 5 },
    })
    expect((await put('b.txt', 'hello', '?sha256=00')).status).toBe(422)
    expect((await put('../c.txt', 'hello')).status).toBe(400)
    expect((await put('b.txt', 'other')).status).toBe(200)
    expect((await web.send('DELETE', `/items/mail/${id}/attach/b.txt`)).status).toBe(200)
    expect((await web.send('POST', `/items/mail/${id}/commit`, {})).status).toBe(200)
    expect(await ended('mail', id)).toMatchObject({ status: 'done', payloads: [{ name: 'a.txt', size: 5 }] })
    const again = await web.send('POST', `/items/mail/${id}/commit`, {})
    expect(await again.json()).toMatchObject({ value: { already: true } })
  })
})

describe('what an item left', () => {
  let id = ''
  beforeAll(async () => {
    ;[id = ''] = await idsOf(await web.send('POST', '/queues/mail/items', { param1: 'log' }))
    await ended('mail', id)
  })

  it('is its log, whole and by ranges', async () => {
    const path = `/api/v1/items/mail/${id}/log`
    const whole = await (await web.fetch(path)).text()
    expect(whole).toContain('got ')
    const part = await web.fetch(path, { headers: { range: 'bytes=5-9' } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe(`bytes 5-9/${whole.length}`)
    expect(await part.text()).toBe(whole.slice(5, 10))
    expect(await (await web.fetch(path, { headers: { range: 'bytes=-3' } })).text()).toBe(whole.slice(-3))
    expect((await web.fetch(path, { headers: { range: `bytes=${whole.length}-` } })).status).toBe(416)
    const headers = (await web.fetch(path)).headers
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(headers.get('content-security-policy')).toContain('sandbox')
  })

  it('is its result, to the last digit', async () => {
    const response = await web.fetch(`/api/v1/items/mail/${id}/result`)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect((await response.text()).trim()).toBe('{"n":9007199254740993}')
  })

  it('is nothing else of its directory', async () => {
    for (const name of ['../msg', '..%2fmsg', '%2e%2e/msg', 'job', '../job/stdio.log', '.'])
      expect((await web.fetch(`/api/v1/items/mail/${id}/attach/${name}`)).status, name).toBeGreaterThanOrEqual(400)
  })
})

it('a log is followed while the item runs, until it has ended', async () => {
  const [id = ''] = await idsOf(await web.send('POST', '/queues/slow/items', {}))
  await until(() => existsSync(join(root, 'queue/slow/run', id)), 10_000, 'it runs')
  const response = await web.fetch(`/api/v1/items/slow/${id}/log?follow=true`)
  const reader = response.body?.getReader()
  let text = ''
  while (!text.includes('step 3')) text += Buffer.from((await reader?.read())?.value ?? []).toString()
  expect(text).not.toContain('last')
  writeFileSync(join(root, 'go'), '')
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read())
    text += Buffer.from(next.value).toString()
  expect(text).toContain('last\n')
})

it('a change of many tells how far it is, and what it did', async () => {
  const lines = Array.from({ length: 300 }, (_, n) => `{"param1":"n${n}"}`).join('\n')
  const headers = { 'content-type': 'application/x-ndjson' }
  await web.fetch('/api/v1/queues/held/items?tag=many', { method: 'POST', headers, body: lines })
  const response = await web.fetch('/api/v1/bulk/hold', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/x-ndjson' },
    body: JSON.stringify({ queues: ['held'], where: 'tag:many' }),
  })
  const told = (await response.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(told.some((line) => 'progress' in line)).toBe(true)
  expect(told.at(-1)).toMatchObject({ problems: [] })
  expect(readdirSync(join(root, 'queue/held/pause')).filter((name) => name.endsWith(',+many'))).toHaveLength(300)
})
