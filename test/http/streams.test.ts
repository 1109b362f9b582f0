import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { processes } from '../../src/os/process.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { readExposition } from '../helpers/exposition.ts'
import { until } from '../helpers/until.ts'
import { addressOf, startWeb, type Web } from '../helpers/web.ts'

interface Message {
  readonly event: string
  readonly data: unknown
  readonly id: string | undefined
}

/** Reads server-sent events until it is closed; what came so far is in `messages`. */
function listen(url: string, token: string, headers: Record<string, string> = {}) {
  const stop = new AbortController()
  const messages: Message[] = []
  const ended = (async () => {
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${token}`, ...headers },
      signal: stop.signal,
    })
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString()
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      messages.push(...blocks.flatMap(parse))
    }
  })().catch(() => undefined)
  const close = () => {
    stop.abort()
    return ended
  }
  return { messages, close }
}

function parse(block: string): Message[] {
  const fields = Object.fromEntries(
    block.split('\n').map((line) => [line.split(':')[0], line.slice(line.indexOf(':') + 2)]),
  )
  const { event, data, id } = fields
  return event === undefined || data === undefined ? [] : [{ event, data: JSON.parse(data), id }]
}

interface Update {
  readonly time: string
  readonly whole: boolean
  readonly queues: readonly { readonly name: string; readonly counts: Record<string, number> }[]
  readonly gone: readonly string[]
}

async function begin(): Promise<{ root: string; web: Web }> {
  const root = tempRoot()
  makeQueue(root, 'mail')
  makeQueue(root, 'other')
  writeFileSync(join(root, 'queue/mail/_paused'), '')
  return { root, web: await startWeb(root) }
}

/** What was seen before that is no news, unless it was looked at again. */
const NEWS_FOR = 2_500

async function firstPush(web: Web): Promise<Update> {
  const live = listen(`${web.url}/api/v1/live`, web.token)
  const [first] = await until(() => live.messages.length > 0 && live.messages, 10_000, 'the first push')
  await live.close()
  return first?.data as Update
}

it('whoever looks is pushed all queues once, and then what changes', async () => {
  const { root, web } = await begin()
  const live = listen(`${web.url}/api/v1/live`, web.token)
  const updates = () => live.messages.filter(({ event }) => event === 'top').map(({ data }) => data as Update)
  await until(() => updates().length > 0, 10_000, 'the first push')
  expect(updates()[0]).toMatchObject({ whole: true, queues: [{ name: 'mail' }, { name: 'other' }] })
  await web.send('POST', '/queues/mail/items', { param1: 'x' })
  const counted = () =>
    updates().some(({ whole, queues }) => !whole && queues[0]?.name === 'mail' && queues[0].counts['que'] === 1)
  await until(counted, 10_000, 'the change is pushed')
  makeQueue(root, 'third')
  await until(
    () => updates().some(({ queues }) => queues.some(({ name }) => name === 'third')),
    10_000,
    'a new queue is pushed',
  )
  await live.close()
  await web.daemon.stop()
})

it.each([
  ['watched', (web: Web) => firstPush(web)],
  ['asked for the overview', (web: Web) => web.fetch('/')],
])('who looks within half a minute after somebody %s is told at once what was seen last', async (_what, look) => {
  const { web } = await begin()
  await look(web)
  // On a machine that is slow just then nothing was seen lately, and the answer is a new look.
  let wasSeen = false
  for (let tries = 0; tries < 4 && !wasSeen; tries += 1) {
    const late = performance.now() + NEWS_FOR
    await until(() => performance.now() > late)
    const asked = new Date().toISOString()
    const { whole, time } = await firstPush(web)
    expect(whole).toBe(true)
    wasSeen = time < asked
  }
  expect(wasSeen).toBe(true)
  await web.daemon.stop()
})

it('events go on where they broke off, also when the process that tells them was killed', async () => {
  const { web } = await begin()
  const url = (from: string) => `${from}/api/v1/events?queue=other&kind=item-ended`
  const first = listen(url(web.url), web.token)
  const ids = (messages: readonly Message[]) =>
    messages.flatMap(({ data }) => (data as { events: { id: string }[] }).events.map(({ id }) => id))
  const send = async (from: string) => {
    const headers = { authorization: `Bearer ${web.token}`, 'content-type': 'application/json' }
    const response = await fetch(`${from}/api/v1/queues/other/items`, { method: 'POST', headers, body: '{}' })
    return ((await response.json()) as { value: { ids: string[] } }).value.ids[0]
  }
  const a = await send(web.url)
  await until(() => ids(first.messages).includes(a ?? ''), 10_000, 'the first is told')
  await first.close()
  const b = await send(web.url)
  const served = processes().find(({ pid, parent }) => parent === web.daemon.pid && isWeb(pid))
  const before = web.daemon.events().filter(({ kind }) => kind === 'web-listening').length
  process.kill(served?.pid ?? 0, 'SIGKILL')
  await until(
    () => web.daemon.events().filter(({ kind }) => kind === 'web-listening').length > before,
    15_000,
    'it serves again',
  )
  const again = await addressOf(web.daemon)
  const second = listen(url(again), web.token, { 'last-event-id': first.messages.at(-1)?.id ?? '' })
  await until(() => ids(second.messages).includes(b ?? ''), 10_000, 'what came meanwhile is told')
  expect(ids(second.messages)).toEqual([b])
  await second.close()
  const refused = await fetch(url(again), {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${web.token}`, 'last-event-id': 'made-up' },
  })
  expect(refused.status).toBe(400)
  await web.daemon.stop()
})

function isWeb(pid: number): boolean {
  const line = processes().some((stat) => stat.pid === pid) ? commandLine(pid) : ''
  return line.includes('http.cjs')
}

function commandLine(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
}

it('machines learn whether it is alive and ready without a token, and figures with one', async () => {
  const { root, web } = await begin()
  expect(await (await fetch(`${web.url}/healthz`)).text()).toBe('ok\n')
  expect((await fetch(`${web.url}/readyz`)).status).toBe(200)
  expect((await fetch(`${web.url}/metrics`)).status).toBe(401)
  const metrics = await web.fetch('/metrics')
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(readExposition(await metrics.text()).size).toBeGreaterThan(10)
  writeFileSync(join(root, '_format'), '99\n')
  const unready = await fetch(`${web.url}/readyz`)
  expect(unready.status).toBe(503)
  await web.daemon.stop()
})
