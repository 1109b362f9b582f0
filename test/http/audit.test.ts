import { mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { ask } from '../helpers/raw.ts'
import { rq } from '../helpers/rq.ts'
import { rqdFed } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const PASSWORD = 'correct horse battery'
const JSON_TYPE = { 'content-type': 'application/json' }

function basic(name: string, password = PASSWORD): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` }
}

interface Row {
  readonly who: string | null
  readonly verb?: string
  readonly status: number | null
  readonly what?: unknown
}

describe('the audit log', () => {
  const root = tempRoot()
  let web: Web
  beforeAll(async () => {
    makeQueue(root, 'mail')
    await rqdFed(PASSWORD, 'user', 'add', 'vera', '--role', 'viewer', '--root', root)
    await rqdFed(PASSWORD, 'user', 'add', 'otto', '--role', 'operator', '--root', root)
    writeFileSync(join(root, 'config.json'), JSON.stringify({ http: { trust_proxy: ['127.0.0.0/8'] } }))
    web = await startWeb(root)
  })
  const entries = async (): Promise<Row[]> => {
    const { entries } = (await web.get('/audit')) as { entries: Row[] }
    return entries
  }
  const pause = (headers: Record<string, string>, body = '{}') =>
    ask(web, 'POST', '/api/v1/queues/mail/pause', { ...JSON_TYPE, ...headers }, body)

  it('holds each change, done or refused, with who, what, from where, and how it ended', async () => {
    await pause(basic('otto'))
    await pause(basic('vera'))
    await pause({ ...basic('otto'), 'x-forwarded-for': '203.0.113.7' })
    await ask(web, 'POST', '/api/v1/queues/none/resume', { ...JSON_TYPE, ...basic('otto') }, '{}')
    expect(await entries()).toMatchObject([
      { who: 'otto', verb: 'resume', status: 404, problems: ['not-found'], what: { queue: 'none' } },
      { who: 'otto', verb: 'pause', status: 200, from: '203.0.113.7' },
      { who: 'vera', role: 'viewer', verb: 'pause', status: 403, problems: ['forbidden'], from: '127.0.0.1' },
      {
        who: 'otto',
        role: 'operator',
        verb: 'pause',
        status: 200,
        what: { queue: 'mail' },
        method: 'POST',
        path: '/api/v1/queues/mail/pause',
      },
    ])
    expect(statSync(join(root, '_audit')).mode & 0o777).toBe(0o600)
  })

  it('hides what is secret', async () => {
    const body = { params: { user: 'x', password: 'hunter2', deep: { api_key: 'hunter2' } } }
    await web.send('POST', '/queues/mail/items', body)
    expect((await entries())[0]).toMatchObject({
      who: 'token',
      verb: 'inject',
      what: { params: { user: 'x', password: '(hidden)' } },
    })
    const text = readFileSync(join(root, '_audit'), 'utf8')
    for (const secret of ['hunter2', web.token, PASSWORD]) expect(text).not.toContain(secret)
  })

  it('holds failed sign-ins, a bounded number of them', async () => {
    const guess = (n: number) =>
      ask(web, 'GET', '/api/v1/queues', {
        authorization: `Bearer ${'x'.repeat(20)}${n}`,
        'x-forwarded-for': `198.51.100.${n}`,
      })
    for (let n = 0; n < 100; n++) await guess(n)
    const failed = readFileSync(join(root, '_audit'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"sign-in"'))
    expect(failed.length).toBeGreaterThan(10)
    // A minute may have begun meanwhile.
    expect(failed.length).toBeLessThanOrEqual(120)
    expect(failed[0]).toContain('198.51.100.')
  })

  it('is shown by rq audit, and over the web to admins alone', async () => {
    const { stdout } = await rq(root, ['audit', '--user', 'vera', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ entries: [{ who: 'vera', status: 403 }], more: false })
    const table = (await rq(root, ['audit', '--limit', '3', '--user', 'otto'])).stdout
    expect(table).toMatch(/^TIME +WHO +FROM +WHAT +ENDED/)
    expect(table).toMatch(/otto +203\.0\.113\.7 +pause \{"queue":"mail"\} +200/)
    expect((await rq(root, ['audit', '--since', '0s'])).stdout).toBe('')
    expect((await ask(web, 'GET', '/api/v1/audit', basic('otto'))).status).toBe(403)
    expect((await ask(web, 'GET', '/api/v1/audit', {})).status).toBe(401)
  })

  it('goes on in a new file when it is full, and reads on in the old one', async () => {
    const line = readFileSync(join(root, '_audit'), 'utf8').split('\n')[0]
    writeFileSync(join(root, '_audit'), `${line}\n`.repeat(Math.ceil((10 << 20) / ((line?.length ?? 0) + 1))))
    await pause(basic('otto'))
    expect(statSync(join(root, '_audit.1')).size).toBeGreaterThan(10 << 20)
    expect(readFileSync(join(root, '_audit'), 'utf8').trim().split('\n').length).toBe(2)
    expect((await entries()).length).toBe(100)
  })

  it('that cannot be written allows no change, and looking goes on', async () => {
    rmSync(join(root, '_audit'))
    mkdirSync(join(root, '_audit'))
    const { status, text } = await pause(basic('otto'))
    expect({ status, text }).toEqual({ status: 503, text: expect.stringContaining('audit log cannot be written') })
    expect((await ask(web, 'GET', '/api/v1/queues', basic('otto'))).status).toBe(200)
    rmdirSync(join(root, '_audit'))
    expect((await pause(basic('otto'))).status).toBe(200)
  })
})

describe('who is wrong too often', () => {
  const root = tempRoot()
  it('has to wait, and nobody else', async () => {
    makeQueue(root, 'mail')
    await rqdFed(PASSWORD, 'user', 'add', 'ada', '--role', 'admin', '--root', root)
    writeFileSync(join(root, 'config.json'), JSON.stringify({ http: { trust_proxy: ['127.0.0.1'] } }))
    const web = await startWeb(root)
    const signIn = (body: object, from: string) =>
      ask(web, 'POST', '/api/v1/session', { ...JSON_TYPE, 'x-forwarded-for': from }, JSON.stringify(body))
    const ada = { user: 'ada', password: PASSWORD }
    expect((await signIn(ada, '192.0.2.1')).status).toBe(200)
    const seen: number[] = []
    // Each guess makes the wait longer: until it is long enough for what is asked meanwhile.
    await until(
      async () => {
        const guess = await signIn({ user: 'ada', password: `guess ${seen.length}` }, '203.0.113.1')
        seen.push(guess.status)
        return Number(guess.headers['retry-after'] ?? 0) >= 6
      },
      40_000,
      () => `has to wait for 6 s: ${seen.join(' ')}`,
    )
    expect(seen.slice(0, 5)).toEqual([401, 401, 401, 401, 401])
    const refused = await signIn(ada, '203.0.113.1')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    // The user waits wherever he was never seen, and nowhere else.
    expect((await signIn({ user: 'ada', password: 'x' }, '198.51.100.9')).status).toBe(429)
    expect((await signIn(ada, '192.0.2.1')).status).toBe(200)
    // A token is right or wrong: the right one is never kept waiting.
    for (let n = 0; n < 8; n++) await signIn({ token: `wrong-wrong-wrong-${n}` }, '203.0.113.1')
    expect((await signIn({ token: 'wrong-wrong-wrong' }, '203.0.113.1')).status).toBe(429)
    expect((await signIn({ token: web.token }, '203.0.113.1')).status).toBe(200)
    expect(
      (await ask(web, 'GET', `/?token=wrong-wrong-wrong-wrong`, { 'x-forwarded-for': '203.0.113.1' })).status,
    ).toBe(429)
    await web.daemon.stop()
  })
})
