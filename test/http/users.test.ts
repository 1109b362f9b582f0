import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { rqd, rqdFed } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { addressOf, startWeb, type Web } from '../helpers/web.ts'

const PASSWORD = 'correct horse battery'

/** Without any of our own. */
function ask(web: Web, path: string, headers: Record<string, string> = {}, init: RequestInit = {}) {
  return fetch(`${web.url}/api/v1${path}`, { ...init, headers, redirect: 'manual' })
}

function basic(name: string, password: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` }
}

/** The cookie that signing in gives. */
async function signIn(web: Web, credentials: object): Promise<{ status: number; cookie: string; body: unknown }> {
  const response = await ask(
    web,
    '/session',
    { 'content-type': 'application/json' },
    { method: 'POST', body: JSON.stringify(credentials) },
  )
  const cookie = response.headers.get('set-cookie') ?? ''
  return { status: response.status, cookie: cookie.split(';')[0] ?? '', body: await response.json() }
}

async function addUser(root: string, name: string, role: string, password = PASSWORD): Promise<void> {
  const added = await rqdFed(`${password}\n`, 'user', 'add', name, '--role', role, '--root', root)
  expect(added).toMatchObject({ code: 0, stderr: '' })
}

describe('users', () => {
  const root = tempRoot()
  let web: Web
  beforeAll(async () => {
    makeQueue(root, 'mail')
    web = await startWeb(root)
    await addUser(root, 'vera', 'viewer')
    await addUser(root, 'otto', 'operator')
    await addUser(root, 'ada', 'admin')
  })

  it('lie in a file that only its owner can read, without their passwords', () => {
    const path = join(root, '_users')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const text = readFileSync(path, 'utf8')
    expect(text).not.toContain(PASSWORD)
    expect(text).toContain('$scrypt$ln=15,r=8,p=3$')
  })

  it('are listed by rqd user ls, and a wrong name or role is refused in words', async () => {
    const list = await rqd('user', 'ls', '--json', '--root', root)
    expect(JSON.parse(list.stdout)).toEqual({
      root,
      users: [
        { name: 'ada', role: 'admin' },
        { name: 'otto', role: 'operator' },
        { name: 'vera', role: 'viewer' },
      ],
    })
    for (const args of [
      ['add', '../x', '--role', 'admin'],
      ['add', 'token', '--role', 'admin'],
      ['add', 'new'],
      ['add', 'new', '--role', 'king'],
      ['nothing'],
    ])
      expect(await rqdFed('long enough\n', 'user', ...args, '--root', root)).toMatchObject({ code: 2 })
    expect((await rqdFed('short\n', 'user', 'add', 'new', '--role', 'viewer', '--root', root)).stderr).toMatch(
      /at least 8/,
    )
    expect(await rqd('user', 'rm', 'nobody', '--root', root)).toMatchObject({ code: 1 })
    const nowhere = await rqdFed('long enough\n', 'user', 'add', 'new', '--role', 'viewer', '--root', `${root}/none`)
    expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no root') })
  })

  it.each([
    ['vera', 200, 403, 403],
    ['otto', 200, 200, 403],
    ['ada', 200, 200, 201],
  ])('%s may look (%i), pause (%i), create (%i)', async (name, look, pause, create) => {
    const { status, cookie, body } = await signIn(web, { user: name, password: PASSWORD })
    expect({ status, body }).toMatchObject({ status: 200, body: { name } })
    for (const headers of [basic(name, PASSWORD), { cookie, 'x-rq': '1' }]) {
      const change = (path: string, given: object) =>
        ask(
          web,
          path,
          { ...headers, 'content-type': 'application/json' },
          { method: 'POST', body: JSON.stringify(given) },
        )
      expect((await ask(web, '/queues', headers)).status).toBe(look)
      expect((await change('/queues/mail/pause', {})).status).toBe(pause)
      const created = (await change('/queues', { queue: `of-${name}-${Math.random()}` })).status
      expect(created === 200 ? 201 : created).toBe(create)
    }
  })

  it('who does not know the password, or does not exist, is told the same', async () => {
    const wrong = await signIn(web, { user: 'vera', password: 'wrong' })
    const nobody = await signIn(web, { user: 'nobody', password: 'wrong' })
    expect(wrong.status).toBe(401)
    expect({ ...wrong, body: undefined }).toEqual({ ...nobody, body: undefined })
    expect(wrong.body).toEqual(nobody.body)
    expect(wrong.cookie).toBe('')
  })

  it('a demotion, a removal and a new password count at once, in sessions, too', async () => {
    await addUser(root, 'mia', 'operator')
    const { cookie } = await signIn(web, { user: 'mia', password: PASSWORD })
    const headers = { cookie, 'content-type': 'application/json' }
    const pause = () => ask(web, '/queues/mail/pause', headers, { method: 'POST', body: '{}' })
    expect((await pause()).status).toBe(200)
    const forged = cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
    expect((await ask(web, '/session', { cookie: forged })).status).toBe(401)
    const { cookie: another } = await signIn(web, { user: 'mia', password: PASSWORD })
    await addUser(root, 'mia', 'viewer', 'another password')
    expect((await pause()).status).toBe(401)
    expect((await ask(web, '/session', { cookie: another })).status).toBe(401)
    expect((await ask(web, '/session', basic('mia', PASSWORD))).status).toBe(401)
    const { cookie: fresh } = await signIn(web, { user: 'mia', password: 'another password' })
    expect(await (await ask(web, '/session', { cookie: fresh })).json()).toEqual({ name: 'mia', role: 'viewer' })
    expect(await rqd('user', 'rm', 'mia', '--root', root)).toMatchObject({ code: 0 })
    expect((await ask(web, '/session', { cookie: fresh })).status).toBe(401)
  })

  it('a stream that is open ends with the right to it', async () => {
    await addUser(root, 'eve', 'viewer')
    const { cookie } = await signIn(web, { user: 'eve', password: PASSWORD })
    const streams = await Promise.all(
      [{ cookie }, basic('eve', PASSWORD)].map((headers: Record<string, string>) => ask(web, '/live', headers)),
    )
    expect(streams.map(({ status }) => status)).toEqual([200, 200])
    const ends = Promise.all(streams.map((stream) => stream.text().catch(() => 'cut off')))
    let ended = false
    void ends.then(() => {
      ended = true
    })
    expect(await rqd('user', 'rm', 'eve', '--root', root)).toMatchObject({ code: 0 })
    await until(() => ended, 10_000, 'both streams end')
  })

  it('sessions outlive the process that gave them, and a new token ends them all', async () => {
    const { cookie } = await signIn(web, { user: 'ada', password: PASSWORD })
    const before = web.daemon.events().filter(({ kind }) => kind === 'web-listening').length
    web.daemon.signal('SIGHUP')
    await until(
      () => web.daemon.events().filter(({ kind }) => kind === 'web-listening').length > before,
      15_000,
      'it serves again',
    )
    const again = { ...web, url: await addressOf(web.daemon) }
    expect((await ask(again, '/session', { cookie })).status).toBe(200)
    const renewed = await rqd('web', '--new-token', '--json', '--root', root)
    const { token } = JSON.parse(renewed.stdout) as { token: string }
    expect(token).not.toBe(web.token)
    expect((await ask(again, '/session', { cookie })).status).toBe(401)
    expect((await ask(again, '/session', { authorization: `Bearer ${web.token}` })).status).toBe(401)
    expect((await ask(again, '/session', { authorization: `Bearer ${token}` })).status).toBe(200)
    web = { ...again, token }
  })

  it('the cookie is for this server alone, and out of the reach of scripts', async () => {
    const response = await ask(
      web,
      '/session',
      { 'content-type': 'application/json' },
      { method: 'POST', body: JSON.stringify({ token: web.token }) },
    )
    const cookie = response.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/^rq_[0-9a-f]{12}=/)
    for (const word of ['HttpOnly', 'SameSite=Strict', 'Path=/', 'Max-Age=']) expect(cookie).toContain(word)
    expect(cookie).not.toContain(web.token)
    const out = await ask(web, '/session', { cookie: cookie.split(';')[0] ?? '', 'x-rq': '1' }, { method: 'DELETE' })
    expect(out.status).toBe(204)
    expect(out.headers.get('set-cookie')).toMatch(/Expires=Thu, 01 Jan 1970|Max-Age=0/)
  })

  it('a file of users that others can read is not used, and its fix is said', async () => {
    chmodSync(join(root, '_users'), 0o644)
    expect((await ask(web, '/session', basic('ada', PASSWORD))).status).toBe(401)
    expect((await rqd('user', 'ls', '--root', root)).stderr).toMatch(/can be read by others: chmod 600/)
    chmodSync(join(root, '_users'), 0o600)
    expect((await ask(web, '/session', basic('ada', PASSWORD))).status).toBe(200)
    expect(existsSync(join(root, '_audit'))).toBe(true)
    await web.daemon.stop()
  })
})
