import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { ROUTES, type Route } from '../../src/http/routes.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { ask } from '../helpers/raw.ts'
import { startWeb, type Web } from '../helpers/web.ts'

/** As they would stand in a path: each a way out, to a program that joins or decodes once too often. */
const WAYS_OUT = [
  ...['..', '.', '%2e%2e', '.%2e', '%2E%2E%2F%2E%2E%2F_token', '..%2f..%2f_token', '..%2F..%2F..%2Fetc%2Fpasswd'],
  ...['%252e%252e%252f_token', '%c0%ae%c0%ae%c0%af_token', '..%5c..%5c_token', '%2fetc%2fpasswd', '%00', 'mail%00'],
  ...[
    '..%00%2f_token',
    '....%2f%2f_token',
    '_token',
    '%ff%fe',
    '%',
    '%zz',
    '~root',
    'C:%5cwindows',
    '%2e%2e;%2f_token',
  ],
  ...['__proto__', 'constructor', '%0d%0aset-cookie:a=b', 'a'.repeat(1_000), '%e2%80%ae', '..%ef%bc%8f_token'],
]

/** In a query or a body they are decoded already. */
const NAMES = ['..', '../..', '../../_token', '/etc/passwd', '..\\..', 'mail\0', 'mail/../..', '.', '']

const routes = (Object.values(ROUTES).flat() as readonly Route[]).filter(({ path }) => path.includes(':'))

describe('no name in a request leads out of a queue', () => {
  const root = tempRoot()
  let web: Web
  let auth: Record<string, string>
  beforeAll(async () => {
    makeQueue(root, 'mail')
    mkdirSync(join(root, 'keep', 'que'), { recursive: true })
    writeFileSync(join(root, 'keep', 'que', 'secret.msg'), '{"param1":"outside"}')
    web = await startWeb(root)
    auth = { authorization: `Bearer ${web.token}` }
  })

  const leaks = (text: string) => text.includes(web.token) || /root:.*:0:0:/.test(text) || text.includes('outside')
  const bugs = () =>
    web.daemon
      .stderr()
      .split('\n')
      .filter((line) => line.includes('web-bug'))
  /** What stands outside of the queues, apart from what rqd itself writes there. */
  const outside = () => [
    readdirSync(join(root, 'keep', 'que')),
    readdirSync(join(root, 'queue')),
    readdirSync(root).filter((name) => !/^(?:_audit|rqd\.|_)/.test(name)),
  ]

  it.each(routes.map(({ method, path }) => [method, path] as const))('%s %s', async (method, path) => {
    const before = outside()
    const params = [...path.matchAll(/:\w+/g)].map(([param]) => param)
    for (const param of params) {
      for (const way of WAYS_OUT) {
        const rest = params.reduce((made, other) => (other === param ? made : made.replace(other, 'mail')), path)
        // One that follows for ever, or waits, ends soon.
        const url = `/api/v1${rest.replace(param, way)}${path.endsWith('/wait') ? '?timeout=0' : ''}`
        const sent = method === 'GET' || method === 'DELETE' ? undefined : '{}'
        const type = sent === undefined ? {} : { 'content-type': 'application/json' }
        const { status, text, headers } = await ask(web, method, url, { ...auth, ...type }, sent)
        expect({ url, status, leaks: leaks(text) }).toEqual({ url, status, leaks: false })
        expect({ url, isBug: status >= 500 && status !== 503 }).toEqual({ url, isBug: false })
        if (status < 300) expect({ url, type: String(headers['content-type']) }).not.toMatchObject({ type: /html/ })
      }
    }
    expect(outside()).toEqual(before)
    expect(bugs()).toEqual([])
  })

  it.each(NAMES)('%j as a name in a query string, or in a body', async (name) => {
    const before = outside()
    const query = encodeURIComponent(name)
    for (const path of [
      `/items?queue=${query}`,
      `/stats?queue=${query}`,
      `/queues?queue=${query}`,
      `/causes?queue=${query}`,
    ]) {
      const { status, text } = await ask(web, 'GET', `/api/v1${path}`, auth)
      expect({ path, isBug: status >= 500, leaks: leaks(text) }).toEqual({ path, isBug: false, leaks: false })
    }
    const changes: [string, object][] = [
      ['/queues', { queue: name }],
      ['/bulk/rm', { queues: [name] }],
      ['/bulk/hold', { queues: [name], where: 'waiting' }],
      ['/bulk/move', { queues: ['mail'], to: name }],
      ['/queues/mail/items', { queue: name, id: '../../x' }],
      ['/trash/empty', { queue: [name] }],
    ]
    for (const [path, body] of changes) {
      const sent = JSON.stringify(body)
      const type = { 'content-type': 'application/json' }
      const { status, text } = await ask(web, 'POST', `/api/v1${path}`, { ...auth, ...type }, sent)
      expect({ path, isBug: status >= 500, leaks: leaks(text) }).toEqual({ path, isBug: false, leaks: false })
    }
    expect(outside()).toEqual(before)
    expect(bugs()).toEqual([])
  })

  it('the assets of the pages, too', async () => {
    for (const way of [...WAYS_OUT, '..%2f..%2fhttp.cjs', '../../http.cjs', '../../../package.json']) {
      const { status, text } = await ask(web, 'GET', `/assets/${way}`)
      expect({ way, status, leaks: leaks(text) || text.includes('"devDependencies"') }).toEqual({
        way,
        status,
        leaks: false,
      })
      expect(status).not.toBe(500)
    }
    expect(bugs()).toEqual([])
    await web.daemon.stop()
  })
})
