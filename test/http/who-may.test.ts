import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROUTES, type Route } from '../../src/http/routes.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { rqdFed } from '../helpers/rqd.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const PASSWORD = 'correct horse battery'
const CALLERS = ['nobody', 'viewer', 'operator', 'admin'] as const
type Needs = (typeof CALLERS)[number]

/** `role` is the smallest that may. */
interface Door {
  readonly method: string
  readonly path: string
  readonly role: Needs
}

/** What serves no verb. */
const OTHERS: readonly Door[] = [
  { method: 'GET', path: '/healthz', role: 'nobody' },
  { method: 'GET', path: '/readyz', role: 'nobody' },
  { method: 'GET', path: '/api/v1/openapi.json', role: 'nobody' },
  { method: 'DELETE', path: '/api/v1/session', role: 'nobody' },
  { method: 'GET', path: '/metrics', role: 'viewer' },
  { method: 'GET', path: '/api/v1/session', role: 'viewer' },
]
const verbs = Object.values(ROUTES).flat() as readonly Route[]
const ofVerbs: readonly Door[] = verbs.map(({ method, path, role }) => ({ method, path: `/api/v1${path}`, role }))
const heads = (doors: readonly Door[]) =>
  doors.filter(({ method }) => method === 'GET').map((door) => ({ ...door, method: 'HEAD' }))
const DOORS = [...ofVerbs, ...heads(ofVerbs), ...OTHERS, ...heads(OTHERS)]

let web: Web
const cookies = new Map<Needs, string>()

beforeAll(async () => {
  const root = tempRoot()
  makeQueue(root, 'mail')
  web = await startWeb(root)
  for (const role of CALLERS) {
    if (role === 'nobody') continue
    await rqdFed(`${PASSWORD}\n`, 'user', 'add', `a-${role}`, '--role', role, '--root', root)
    const signedIn = await fetch(`${web.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: `a-${role}`, password: PASSWORD }),
    })
    cookies.set(role, (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '')
  }
})

afterAll(async () => {
  await web.daemon.stop()
})

/** Nothing that is named is there, and nothing is asked for: who may ask is refused for another reason. */
async function statusFor(caller: Needs, { method, path }: Door): Promise<number> {
  const url = `${web.url}${path.replace(':queue', 'none').replace(':id', 'none').replace(':name', 'none')}`
  const stop = new AbortController()
  const response = await fetch(url, {
    method,
    signal: stop.signal,
    headers: { 'x-rq': '1', ...(caller === 'nobody' ? {} : { cookie: cookies.get(caller) ?? '' }) },
  })
  stop.abort()
  return response.status
}

describe.each(CALLERS)('%s', (caller) => {
  it.each(DOORS)('at $method $path, which is for $role', async (door) => {
    const status = await statusFor(caller, door)
    if (CALLERS.indexOf(caller) >= CALLERS.indexOf(door.role)) expect([401, 403]).not.toContain(status)
    else expect(status).toBe(caller === 'nobody' ? 401 : 403)
  })

  it.each(['/api/v1/live', '/api/v1/events'])('at the stream %s, which is for viewers', async (path) => {
    const stop = new AbortController()
    const cookie = cookies.get(caller)
    const headers = { accept: 'text/event-stream', ...(cookie === undefined ? {} : { cookie }) }
    const { status } = await fetch(`${web.url}${path}`, { headers, signal: stop.signal })
    stop.abort()
    expect(status).toBe(caller === 'nobody' ? 401 : 200)
  })

  it('changes nothing by OPTIONS or by a method in a header', async () => {
    const headers = { cookie: cookies.get(caller) ?? '', 'x-rq': '1', 'x-http-method-override': 'POST' }
    for (const method of ['OPTIONS', 'GET']) {
      const response = await fetch(`${web.url}/api/v1/queues/mail/pause`, { method, headers })
      expect(response.status).toBe(404)
    }
  })
})

it('only admins make queues, configure them, start them anew, clean, empty the trash and read the audit log', () => {
  const ofAdmins = verbs.filter(({ role }) => role === 'admin').map(({ method, path }) => `${method} ${path}`)
  expect(ofAdmins.toSorted()).toEqual([
    'GET /audit',
    'PATCH /queues/:queue/config',
    'POST /clean',
    'POST /queues',
    'POST /queues/:queue/clean',
    'POST /queues/:queue/restart',
    'POST /trash/empty',
  ])
})

it('no change is for viewers', () => {
  expect(verbs.filter(({ method, role }) => method !== 'GET' && role === 'viewer')).toEqual([])
})
