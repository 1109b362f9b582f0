import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { addHook } from '../helpers/hooks.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

let root: string
let web: Web

beforeAll(async () => {
  root = tempRoot()
  makeQueue(root, 'mail')
  const held = makeQueue(root, 'held')
  writeFileSync(join(held, '_paused'), '')
  const choosy = makeQueue(root, 'choosy')
  writeFileSync(join(choosy, '_paused'), '')
  addHook(choosy, 'enqueue', 'read message; case $message in *bad*) echo "bad: use --tag" >&2; exit 1;; esac')
  web = await startWeb(root)
})

afterAll(async () => {
  await web.daemon.stop()
})

type Files = Readonly<Record<string, string>>

function send(queue: string, message: object, files: Files): Promise<Response> {
  const form = new FormData()
  form.set('message', JSON.stringify(message))
  for (const [name, text] of Object.entries(files)) form.append('file', new Blob([text]), name)
  return web.fetch(`/api/v1/queues/${queue}/items`, { method: 'POST', body: form })
}

const freshId = async () => ((await web.get('/new-id')) as { id: string }).id

interface Sent {
  readonly value: { readonly id: string; readonly existed: boolean; readonly attachments: readonly object[] }
}

async function same(one: Response, other: Response): Promise<void> {
  const [before, after] = [(await one.json()) as Sent, (await other.json()) as Sent]
  expect(one.status, JSON.stringify(before)).toBe(200)
  expect(other.status, JSON.stringify(after)).toBe(200)
  const existing = (sent: Sent) => ({
    ...sent.value,
    existed: true,
    attachments: sent.value.attachments.map((file) => ({ ...file, existed: true })),
  })
  expect(after.value).toEqual(existing(before))
}

describe('files that are sent again under the id of the first time', () => {
  const files = { 'a b.txt': 'one', empty: '' }
  const message = { params: { n: 1, list: [2] }, param1: 'x', tag: ['eu'] }

  it('are answered as the first time, and are one item', async () => {
    const id = await freshId()
    await same(await send('held', { ...message, id }, files), await send('held', { ...message, id }, files))
    expect(readdirSync(join(root, 'queue/held/que')).filter((name) => name.startsWith(id))).toHaveLength(1)
    expect(readdirSync(join(root, 'queue/held/prep'))).toEqual([])
  })

  it('are answered as the first time when the item has run by then', async () => {
    const id = await freshId()
    const first = await send('mail', { ...message, id }, files)
    expect(await web.get(`/items/mail/${id}/wait?timeout=20s`)).toMatchObject({ state: 'done' })
    await same(first, await send('mail', { ...message, id }, files))
  })

  it.each([
    ['another message', { ...message, param1: 'y' }, files],
    ['a parameter less', { param1: 'x' }, files],
    ['other bytes', message, { ...files, empty: '!' }],
    ['a file more', message, { ...files, more: '' }],
    ['a file less', message, { empty: '' }],
    ['another name', message, { 'a b.txt': 'one', other: '' }],
    ['no files', message, {}],
  ])('are refused with %s, and the item stays as it is', async (_what, otherMessage, otherFiles) => {
    const id = await freshId()
    expect((await send('held', { ...message, id }, files)).status).toBe(200)
    const before = await web.get(`/items/held/${id}`)
    const refused = await send('held', { ...otherMessage, id }, otherFiles)
    expect(refused.status).toBe(409)
    expect(await refused.json()).toMatchObject({
      kind: 'busy',
      detail: expect.stringContaining(`${id} is there already`),
    })
    expect(await web.get(`/items/held/${id}`)).toEqual(before)
  })

  it('are one item when they come twenty times at once; who meets a faster one may send again', async () => {
    const id = await freshId()
    const text = 'x'.repeat(100_000)
    const answers = await Promise.all(Array.from({ length: 20 }, () => send('held', { id }, { big: text })))
    for (const answer of answers) expect([200, 409]).toContain(answer.status)
    expect((await send('held', { id }, { big: text })).status).toBe(200)
    expect(readdirSync(join(root, 'queue/held/que')).filter((name) => name.startsWith(id))).toEqual([id])
    expect(readdirSync(join(root, 'queue/held/prep'))).toEqual([])
  })

  /** A first time that has sent its message, one file and the half of another. */
  async function begin(id: string, message: object = {}) {
    const stop = new AbortController()
    const part = (name: string, more = '') => `--x\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n`
    const file = (name: string) => part('file', `; filename="${name}"`)
    const text = `${part('message')}${JSON.stringify({ ...message, id })}\r\n${file('a')}whole\r\n${file('b')}half`
    let out: ReadableStreamDefaultController<Uint8Array> | undefined
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        out = controller
        controller.enqueue(Buffer.from(text))
      },
    })
    const headers = { 'content-type': 'multipart/form-data; boundary=x', authorization: `Bearer ${web.token}` }
    const init = { method: 'POST', headers, body, duplex: 'half', signal: stop.signal } as RequestInit
    const answer = fetch(`${web.url}/api/v1/queues/held/items`, init).catch(() => undefined)
    await until(() => existsSync(join(root, 'queue/held/prep', id, 'attach/a')), 10_000, 'it is begun')
    return {
      breakOff: () => {
        stop.abort()
        return answer
      },
      goOn: () => {
        out?.enqueue(Buffer.from('\r\n--x--\r\n'))
        out?.close()
        return answer
      },
    }
  }

  it('are whole after a first time that broke off', async () => {
    const id = await freshId()
    const first = await begin(id)
    await first.breakOff()
    const files = { a: 'whole', b: 'whole' }
    await until(async () => (await send('held', { id }, files)).ok, 10_000, 'it is taken')
    const bytes = await web.fetch(`/api/v1/items/held/${id}/attach/b`)
    expect(await bytes.text()).toBe('whole')
  })

  it.each([
    ['another message', { param1: 'other' }, { a: 'whole', b: 'half' }, 200],
    ['other files', {}, { c: 'else' }, 409],
  ])('are not mixed with %s that come under the id meanwhile', async (_what, otherMessage, otherFiles, status) => {
    const id = await freshId()
    const first = await begin(id)
    expect((await send('held', { ...otherMessage, id }, otherFiles)).status).toBe(409)
    expect((await first.goOn())?.status).toBe(status)
    expect((await send('held', { id }, { a: 'whole', b: 'half' })).status).toBe(200)
    const { payloads } = (await web.get(`/items/held/${id}`)) as { payloads: { name: string }[] }
    expect(payloads.map(({ name }) => name).toSorted()).toEqual(['a', 'b'])
  })
})

it('a line that a hook refuses is named, as a line that is no message is; the others are taken', async () => {
  const lines = ['{"param1":"good"}', '', '{"param1":"bad"}', 'nonsense', '{"param1":"fine"}'].join('\n')
  const headers = { 'content-type': 'application/x-ndjson' }
  const response = await web.fetch('/api/v1/queues/choosy/items', { method: 'POST', headers, body: lines })
  expect(response.status).toBe(200)
  const { value, problems } = (await response.json()) as { value: object; problems: { text: string }[] }
  expect(value).toMatchObject({ published: 2 })
  expect(problems.map(({ text }) => text).toSorted()).toEqual([
    expect.stringMatching(/^line 3: .* is not taken: hook enqueue: bad: use --tag$/),
    expect.stringMatching(/^line 4: /),
  ])
})
