import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { ROUTES, type Route } from '../../src/http/routes.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { ask, exchange, portOf, statuses } from '../helpers/raw.ts'
import { rqdFed } from '../helpers/rqd.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const PASSWORD = 'correct horse battery'
const root = tempRoot()
let web: Web
let here: string
let auth: Readonly<Record<'none' | 'token' | 'basic' | 'cookie', Record<string, string>>>

beforeAll(async () => {
  makeQueue(root, 'mail')
  writeFileSync(join(root, 'config.json'), JSON.stringify({ http: { hosts: ['RQ.example', 'other.example.'] } }))
  await rqdFed(PASSWORD, 'user', 'add', 'ada', '--role', 'admin', '--root', root)
  web = await startWeb(root)
  here = `127.0.0.1:${portOf(web)}`
  const response = await fetch(`${web.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: 'ada', password: PASSWORD }),
  })
  auth = {
    none: {},
    token: { authorization: `Bearer ${web.token}` },
    basic: { authorization: `Basic ${Buffer.from(`ada:${PASSWORD}`).toString('base64')}` },
    cookie: { cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' },
  }
})

describe('a name that was made to lead here (DNS rebinding)', () => {
  it.each([
    ['localhost', 200],
    ['LOCALHOST', 200],
    ['localhost.', 200],
    ['localhost:1', 200],
    ['127.0.0.1', 200],
    ['[::1]', 200],
    ['[::1]:7730', 200],
    ['rq.example', 200],
    ['rQ.EXAMPLE.:443', 200],
    ['other.example', 200],
    ['evil.example', 403],
    ['localhost.evil.example', 403],
    ['evil.example:7730', 403],
    ['rq.example.evil.example', 403],
    ['127.0.0.1.nip.io', 403],
    ['10.1.2.3', 403],
    ['0.0.0.0', 403],
    ['[::ffff:127.0.0.1]', 403],
    ['127.1', 403],
    ['localhost..', 403],
    ['', 403],
    ['localhost@evil.example', 403],
    ['evil.example#localhost', 403],
    ['evil.example/localhost', 403],
  ])('Host: %s → %i', async (host, status) => {
    const sent = `GET /api/v1/queues HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${web.token}\r\nConnection: close\r\n\r\n`
    const [got] = statuses(await exchange(web, sent))
    expect(status === 403 ? [400, 403] : [status]).toContain(got)
  })

  it.each([
    ['no Host', 'GET /api/v1/queues HTTP/1.1'],
    ['none in HTTP/1.0', 'GET /api/v1/queues HTTP/1.0'],
    ['two Hosts', 'GET /api/v1/queues HTTP/1.1\r\nHost: localhost\r\nHost: evil.example'],
    ['two of ours', 'GET /api/v1/queues HTTP/1.1\r\nHost: localhost\r\nHost: localhost'],
    ['an absolute URI', 'GET http://localhost/api/v1/queues HTTP/1.1\r\nHost: localhost'],
    ['an absolute URI of another', 'GET http://evil.example/api/v1/queues HTTP/1.1\r\nHost: localhost'],
    ['a path of two slashes', 'GET //evil.example/..?token=x HTTP/1.1\r\nHost: localhost'],
    [
      'a forwarded name that nobody trusts',
      'GET /api/v1/queues HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: localhost',
    ],
  ])('%s is refused', async (_what, head) => {
    const text = await exchange(web, `${head}\r\nAuthorization: Bearer ${web.token}\r\nConnection: close\r\n\r\n`)
    expect([400, 403]).toContain(statuses(text)[0])
    expect(text).not.toContain('"mail"')
  })
})

const JSON_TYPE = { 'content-type': 'application/json' }
const OURS = { 'x-rq': '1' }
const FORMS = ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']

/** auth, headers, what becomes of a change; `HERE` stands for our own origin. */
const CHANGES: [keyof typeof auth, Record<string, string>, 'done' | 'refused' | 'who?'][] = [
  ['none', JSON_TYPE, 'who?'],
  ['none', { ...JSON_TYPE, ...OURS, origin: 'HERE' }, 'who?'],
  // A program.
  ['token', {}, 'done'],
  ['token', JSON_TYPE, 'done'],
  ['basic', {}, 'done'],
  ['basic', JSON_TYPE, 'done'],
  // Our own page.
  ['cookie', { ...JSON_TYPE, origin: 'HERE', 'sec-fetch-site': 'same-origin' }, 'done'],
  ['cookie', { ...OURS, origin: 'HERE', 'sec-fetch-site': 'same-origin' }, 'done'],
  ['cookie', { ...OURS }, 'done'],
  ['cookie', JSON_TYPE, 'done'],
  ['basic', { ...OURS, origin: 'HERE', 'sec-fetch-site': 'same-origin' }, 'done'],
  // A page of another site makes the browser send what forms can send.
  ['cookie', {}, 'refused'],
  ['cookie', { origin: 'HERE' }, 'refused'],
  ['cookie', { 'sec-fetch-site': 'none' }, 'refused'],
  ['basic', { origin: 'HERE' }, 'refused'],
  ['basic', { 'sec-fetch-site': 'same-origin' }, 'refused'],
  ...(['cookie', 'basic', 'token'] as const).flatMap((kind): typeof CHANGES =>
    [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost:1' },
      { origin: 'http://127.0.0.1' },
      { origin: 'file://' },
      { origin: 'nonsense' },
      { origin: 'HERE', 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'whatever' },
    ].map((headers): (typeof CHANGES)[number] => [kind, { ...JSON_TYPE, ...OURS, ...headers }, 'refused']),
  ),
  ...FORMS.map((type): (typeof CHANGES)[number] => ['cookie', { 'content-type': type }, 'refused']),
]

describe('a page of another site that asks for a change (CSRF)', () => {
  const flag = () => join(root, 'queue', 'mail', '_paused')
  it.each(CHANGES)('%s with %j: %s', async (kind, headers, expected) => {
    rmSync(flag(), { force: true })
    const given = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value === 'HERE' ? `http://${here}` : value]),
    )
    const body = given['content-type'] === undefined ? undefined : '{}'
    const { status } = await ask(web, 'POST', '/api/v1/queues/mail/pause', { ...auth[kind], ...given }, body)
    expect({ status, changed: existsSync(flag()) }).toEqual({
      status: { done: 200, refused: 403, 'who?': 401 }[expected],
      changed: expected === 'done',
    })
  })

  it.each(['PUT', 'PATCH', 'DELETE', 'POST'])('%s from elsewhere is refused on every route', async (method) => {
    const routes = (Object.values(ROUTES).flat() as readonly Route[]).filter((route) => route.method === method)
    for (const { path } of routes) {
      const url = `/api/v1${path.replaceAll(/:\w+/g, 'mail')}`
      for (const headers of [
        { origin: 'https://evil.example', ...JSON_TYPE },
        { 'sec-fetch-site': 'cross-site', ...OURS },
        {},
      ]) {
        const { status } = await ask(web, method, url, { ...auth.cookie, ...headers })
        expect({ url, status }).toEqual({ url, status: 403 })
      }
    }
  })

  it('is not told that it may: no answer has a header of CORS', async () => {
    const preflight = {
      origin: 'https://evil.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'x-rq',
    }
    for (const [method, path] of [
      ['OPTIONS', '/api/v1/queues/mail/pause'],
      ['GET', '/api/v1/queues'],
      ['GET', '/'],
    ] as const) {
      const { headers } = await ask(web, method, path, { ...auth.cookie, ...preflight })
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
    }
  })

  it('signs nobody in by a form', async () => {
    for (const type of FORMS) {
      const { status, headers } = await ask(
        web,
        'POST',
        '/api/v1/session',
        { 'content-type': type },
        `token=${web.token}`,
      )
      expect([400, 415]).toContain(status)
      expect(headers['set-cookie']).toBeUndefined()
    }
  })

  it('and GET changes nothing: the same address is no route, or a look', async () => {
    rmSync(flag(), { force: true })
    for (const { path, method } of Object.values(ROUTES).flat() as readonly Route[]) {
      if (method === 'GET' || path.includes('/attach') || path === '/items/:queue/:id') continue
      for (const sent of ['GET', 'HEAD'])
        await ask(web, sent, `/api/v1${path.replaceAll(/:\w+/g, 'mail')}?all=true&queue=mail`, auth.token)
    }
    expect(existsSync(flag())).toBe(false)
    expect(existsSync(join(root, '_paused'))).toBe(false)
  })
})

describe('what a browser is told about answers', () => {
  it('nothing runs that is not a file of ours, nothing is framed, sniffed or kept', async () => {
    const page = await ask(web, 'GET', '/')
    const policy = String(page.headers['content-security-policy'])
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ])
      expect(policy).toContain(rule)
    const answer = await ask(web, 'GET', '/api/v1/queues', auth.token)
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    expect(answer.headers['content-security-policy']).toContain('sandbox')
    for (const { headers } of [page, answer, await ask(web, 'GET', '/api/nothing'), await ask(web, 'TRACE', '/')]) {
      expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer' })
      expect(headers['permissions-policy']).toContain('camera=()')
      expect(headers['x-powered-by'] ?? headers['server']).toBeUndefined()
    }
  })

  it('an attachment is a download, whatever its name and its bytes want to be', async () => {
    const html = '<script>alert(1)</script>'
    for (const name of [
      'page.html',
      'a"; filename=b.html',
      'x.svg',
      'e\u202etxt.exe',
      'é\u0000'.slice(0, 1),
      "it's 100%.html",
    ]) {
      const form = new FormData()
      form.append('file', new File([html], name, { type: 'text/html' }))
      const sent = await web.fetch('/api/v1/queues/mail/items', { method: 'POST', body: form })
      const { value } = (await sent.json()) as { value: { id: string; attachments: { name: string }[] } }
      const stored = value.attachments[0]?.name ?? ''
      const got = await web.fetch(`/api/v1/items/mail/${value.id}/attach/${encodeURIComponent(stored)}`)
      expect({ name, status: got.status, text: await got.text() }).toEqual({ name, status: 200, text: html })
      expect(got.headers.get('content-type')).toBe('application/octet-stream')
      expect(got.headers.get('x-content-type-options')).toBe('nosniff')
      expect(got.headers.get('content-security-policy')).toContain('sandbox')
      const disposition = got.headers.get('content-disposition') ?? ''
      expect(disposition).toMatch(/^attachment; filename="[^"\\%\r\n]*"; filename\*=UTF-8''[\w%.~!#$&+^`|-]+$/)
    }
  })

  it('what was done and what was refused is in the audit log', async () => {
    const lines = readFileSync(join(root, '_audit'), 'utf8').trim().split('\n')
    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    const done = entries.filter(({ verb, status }) => verb === 'pause' && status === undefined)
    expect(done.length).toBe(CHANGES.filter(([, , what]) => what === 'done').length)
    expect(entries.filter(({ status, id }) => status === 403 && id !== undefined).length).toBeGreaterThan(30)
    await web.daemon.stop()
  })
})
