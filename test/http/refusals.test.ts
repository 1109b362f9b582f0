import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROUTES, type Route } from '../../src/http/routes.ts'
import { inWordsOfHttp } from '../../src/http/words.ts'
import { VERBS } from '../../src/service/registry.ts'
import type { Verb } from '../../src/service/verb.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { portOf, statuses } from '../helpers/raw.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const NO_ITEM = '20261122T101500.123456-x7f2k9'

interface Door {
  readonly verb: Verb
  readonly route: Route
}
const DOORS: readonly Door[] = Object.entries(ROUTES).flatMap(([name, routes]: [string, readonly Route[]]) =>
  routes.map((route) => ({ verb: VERBS[name as keyof typeof VERBS] as unknown as Verb, route })),
)
const READS = DOORS.filter(({ route }) => route.method === 'GET')
/** Questions that no queue is named in. */
const OF_NO_QUEUE = ['/metrics', '/config/schema', '/audit', '/new-id']

let web: Web

beforeAll(async () => {
  const root = tempRoot()
  makeQueue(root, 'mail')
  makeQueue(root, 'held')
  writeFileSync(join(root, 'queue/held/_paused'), '')
  web = await startWeb(root)
})

afterAll(async () => {
  await web.daemon.stop()
})

const at = ({ route }: Door, queue: string, id = NO_ITEM) =>
  route.path.replace(':queue', queue).replace(':id', id).replace(':name', 'none')

async function refusal(response: Response): Promise<{ status: number; kind: string; detail: string }> {
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  return (await response.json()) as { status: number; kind: string; detail: string }
}

describe('what is not there is 404, and a problem', () => {
  const ofQueues = READS.filter(({ route }) => !OF_NO_QUEUE.includes(route.path))

  it.each(ofQueues)('GET $route.path of an unknown queue', async (door) => {
    const path = door.route.path.includes(':queue') ? at(door, 'none') : `${door.route.path}?queue=none`
    const response = await web.fetch(`/api/v1${path}`)
    expect(response.status, await response.clone().text()).toBe(404)
    expect(await refusal(response)).toMatchObject({ kind: 'not-found', detail: expect.stringContaining('"none"') })
  })

  it.each(READS.filter(({ route }) => route.path.includes(':id')))(
    'GET $route.path of an unknown item',
    async (door) => {
      const response = await web.fetch(`/api/v1${at(door, 'mail')}`)
      expect(await refusal(response)).toMatchObject({ status: 404, kind: 'not-found' })
    },
  )

  it('a stream of events of an unknown queue', async () => {
    const stream = await web.fetch('/api/v1/events?queue=none', { headers: { accept: 'text/event-stream' } })
    expect(await refusal(stream)).toMatchObject({ status: 404, detail: expect.stringContaining('"none"') })
  })

  it('and where one of two is there, that one is told, and what is missing beside it', async () => {
    for (const path of ['/queues', '/top', '/stats', '/qshape', '/causes', '/graph']) {
      const response = await web.fetch(`/api/v1${path}?queue=none&queue=mail`)
      expect(response.status, path).toBe(200)
      expect(await response.json()).toMatchObject({ problems: [{ kind: 'not-found' }] })
    }
  })
})

/** Wrong values of each field of a verb, and fields that do not go together. */
function badInputs({ verb, route }: Door): Record<string, unknown>[] {
  const fields = Object.entries({ ...verb.options, ...verb.arguments })
  const one = fields.flatMap(([name, spec]) => {
    const field = name.replaceAll('-', '_')
    const inPath = route.path.includes(`:${name}`) || route.path.startsWith('/bulk/')
    if (inPath && name !== 'where') return []
    return spec.type === 'flag'
      ? [{ [field]: true }, { [field]: 'maybe' }]
      : [{ [field]: '?' }, { [field]: '-' }, { [field]: '' }]
  })
  return [{}, ...one, ...PAIRS]
}

/** Changes only what cannot be done; names no queue that is there. */
const PAIRS: readonly Record<string, unknown>[] = [
  { at: '10:15', in: '5m' },
  { first: 1, last: 1, where: 'failed' },
  { first: 1 },
  { key: 'a', id: NO_ITEM },
  { key: 'a', unique: '5m', debounce: 'delay' },
  { key: 'a', debounce: 'delay' },
  { key: 'a' },
  { unique: '5m' },
  { if_version: 'x' },
  { message: { attempts: [] }, set: { param1: '1' } },
  { set: { 'no.such': '1' } },
  { unset: ['no.such'] },
  { all: true, where: 'failed' },
  { slow: '1/5s' },
  { older: '5m' },
  { by: 'hour', since: '90000d' },
  { waiting: '10:1' },
  { now: true, in: '5m' },
  { force: false, param: 'no pair' },
  { params: [] },
  { message: '{' },
]

async function answerTo(door: Door, id: string, input: Record<string, unknown>) {
  const { method } = door.route
  const path = at(door, 'held', id)
  const query = new URLSearchParams(Object.entries(input).map(([key, value]): [string, string] => [key, String(value)]))
  const isRead = method === 'GET' || method === 'DELETE'
  const response = await (isRead ? web.send(method, `${path}?${query}`) : web.send(method, path, input))
  return { input: JSON.stringify(input), status: response.status, text: await response.text() }
}

/** One that waits, where it is not waited for itself. */
async function idFor({ route: { path } }: Door): Promise<string> {
  if (!path.includes(':id') || path.endsWith('/log') || path.endsWith('/wait')) return NO_ITEM
  const response = await web.send('POST', '/queues/held/items', {})
  return ((await response.json()) as { value: { ids: string[] } }).value.ids[0] ?? ''
}

/** They change what the others ask for, or begin what waits. */
const ALL = [
  '/pause',
  '/resume',
  '/clean',
  '/undo',
  '/queues/:queue/resume',
  '/queues/:queue/down',
  '/queues/:queue/restart',
]

describe('what is refused is said in the words of the request', () => {
  it.each(DOORS.filter(({ route }) => !ALL.includes(route.path)))('$route.method $route.path', async (door) => {
    const answers = await Promise.all(badInputs(door).map(async (input) => answerTo(door, await idFor(door), input)))
    for (const { input, status, text } of answers) {
      expect(status, `${input}: ${text}`).toBeLessThan(500)
      if (status < 400) continue
      const { detail } = JSON.parse(text) as { detail: string }
      expect(detail, input).not.toMatch(/(^|\s)--[a-z]|`rq /)
    }
  })

  it('names the field of each', async () => {
    const detail = async (method: string, path: string, body: object) =>
      (await refusal(await web.send(method, path, body))).detail
    expect(await detail('POST', '/bulk/hold', {})).toBe('say which: by ID, or by `where`')
    expect(await detail('POST', '/bulk/hold', { first: 1 })).toBe('`dry_run`, `first` and `last` go with `where`')
    expect(await detail('PATCH', `/items/mail/${NO_ITEM}`, { if_version: 'x' })).toContain('`if_version` goes with')
    expect(await detail('POST', '/trash/empty', {})).toBe(
      '`empty` removes for good what `undo` could bring back: add `yes`',
    )
    expect(await detail('POST', '/queues/none/items', {})).toBe('no queue "none": `queues` lists them')
    expect((await refusal(await web.fetch('/api/v1/stats?fill=true'))).detail).toBe('`fill` goes with `by`')
  })
})

it('a refusal that tells what somebody gave, or what a hook said, leaves that as it is', () => {
  expect(inWordsOfHttp('no item "--where QUERY \\" --first": did you mean --last?')).toBe(
    'no item "--where QUERY \\" --first": did you mean `last`?',
  )
  expect(inWordsOfHttp('a.csv is not taken: hook enqueue: use --tag X')).toBe(
    'a.csv is not taken: hook enqueue: use --tag X',
  )
  expect(inWordsOfHttp('x--where and --unknown-option')).toBe('x--where and --unknown-option')
  expect(inWordsOfHttp('`rq config q --json` tells; give --file - or --set KEY=VALUE')).toBe(
    '`config q` tells; give `file` or `set`',
  )
})

describe('an upload that is refused before it came', () => {
  const MEGABYTE = Buffer.alloc(1024 * 1024, 'x')

  /** Sends on and on, as long as the other side takes it; all that was answered. */
  function pour(head: string): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(portOf(web), '127.0.0.1')
      let got = ''
      const more = () => {
        while (socket.writable && socket.write(MEGABYTE)) {}
      }
      socket.setEncoding('latin1').on('data', (text: string) => {
        got += text
      })
      socket.on('drain', more).on('error', () => undefined)
      socket.on('end', () => socket.destroy()).on('close', () => resolve(got))
      socket.write(head)
      more()
    })
  }
  const head = (token: string) =>
    `POST /api/v1/queues/none/items HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n` +
    'Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n'

  it('has its answer, however much is still on its way', async () => {
    for (let round = 0; round < 20; round += 1) expect(statuses(await pour(head(web.token)))).toEqual([404])
  })

  it('is the last of its connection: what it sends is no request, and who sends on is cut off', async () => {
    const inject = `POST /api/v1/queues/mail/items HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${web.token}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`
    const socket = connect({ port: portOf(web), host: '127.0.0.1', allowHalfOpen: true })
    let got = ''
    socket.setEncoding('latin1').on('data', (text: string) => {
      got += text
    })
    const ended = new Promise((resolve) => socket.once('end', resolve))
    const closed = new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve))
    socket.write(head(''))
    await ended
    expect(statuses(got)).toEqual([401])
    const sending = setInterval(() => socket.writable && socket.write(inject), 50)
    await closed
    clearInterval(sending)
    expect(statuses(got)).toEqual([401])
    expect(await web.get('/items?queue=mail')).toMatchObject({ items: [] })
  })
})
