import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasBrowser, openPage } from '../helpers/browser.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { lacksNginx, type Nginx, startNginx } from '../helpers/nginx.ts'
import { portOf } from '../helpers/raw.ts'
import { rqd } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

describe.skipIf(lacksNginx)('behind nginx, under a path, as the documents say', () => {
  const root = tempRoot()
  let web: Web
  let proxy: Nginx

  beforeAll(async () => {
    mkdirSync(join(root, 'queue'), { recursive: true })
    const http = { prefix: '/rq', trust_proxy: ['127.0.0.1'], hosts: ['rq.example'] }
    writeFileSync(join(root, 'config.json'), JSON.stringify({ http }))
    writeFileSync(join(makeQueue(root, 'held'), '_paused'), '')
    web = await startWeb(root)
    proxy = await startNginx(portOf(web))
  })

  afterAll(async () => {
    await proxy.stop()
    await web.daemon.stop()
  })

  /** As the host that people call it, and from another of this machine's addresses. */
  function ask(method: string, path: string, headers: Record<string, string | undefined> = {}, body?: string | Buffer) {
    return new Promise<IncomingMessage>((resolve, reject) => {
      const { port } = new URL(proxy.url)
      const own = { host: `rq.example:${port}`, authorization: `Bearer ${web.token}` }
      const all = Object.entries({ ...own, ...headers })
      const given = Object.fromEntries(all.filter(([, value]) => value !== undefined)) as Record<string, string>
      const options = { host: '127.0.0.1', localAddress: '127.0.0.7', port, method, path: `/rq${path}`, agent: false }
      httpRequest({ ...options, headers: given }, resolve)
        .on('error', reject)
        .end(body)
    })
  }

  async function bytesOf(response: IncomingMessage): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of response) pieces.push(piece as Buffer)
    return Buffer.concat(pieces)
  }

  it('the page, what it loads, the API and the probes are there, and nothing beside the path', async () => {
    const page = (await bytesOf(await ask('GET', '/queues/held'))).toString()
    expect(page).toContain('<base href="/rq/"')
    const assets = [...page.matchAll(/(?:src|href)="\.?\/?(?:rq\/)?(assets\/[^"]+)"/g)].map(([, path]) => path)
    expect(assets.length).toBeGreaterThan(1)
    for (const path of assets) expect((await ask('GET', `/${path}`)).statusCode, path).toBe(200)
    expect((await ask('GET', '/api/v1/queues')).statusCode).toBe(200)
    expect((await ask('GET', '/readyz')).statusCode).toBe(200)
    expect((await ask('GET', '/api/v1/queues', { host: 'evil.example' })).statusCode).toBe(403)
  })

  it('the link of `rqd web` signs in with a cookie of the path, and a change by it is no forgery', async () => {
    const { stdout } = await rqd('web', '--root', root)
    const link = new URL(stdout.replace('web: ', '').trim())
    expect(link.pathname).toBe('/rq/')
    const signedIn = await ask('GET', `/${link.search}`, { authorization: undefined })
    expect({ status: signedIn.statusCode, to: signedIn.headers.location }).toEqual({ status: 303, to: '/rq/' })
    const [cookie = ''] = signedIn.headers['set-cookie'] ?? []
    expect(cookie).toMatch(/; Path=\/rq/)
    const { port } = new URL(proxy.url)
    const own = { authorization: undefined, cookie: cookie.split(';')[0] ?? '', 'x-rq': '1' }
    const pause = (origin: string) => ask('POST', '/api/v1/queues/held/pause', { ...own, origin })
    expect((await pause(`http://rq.example:${port}`)).statusCode).toBe(200)
    expect((await pause('http://evil.example')).statusCode).toBe(403)
  })

  it('files come and go whole, and the audit log has who sent them, not who passed them on', async () => {
    const bytes = randomBytes(8 * 1024 * 1024)
    const head = '--x\r\ncontent-disposition: form-data; name="file"; filename="big"\r\n\r\n'
    const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n--x--\r\n')])
    const headers = { 'content-type': 'multipart/form-data; boundary=x', 'x-forwarded-for': '8.8.8.8' }
    const sent = await ask('POST', '/api/v1/queues/held/items', headers, body)
    const { value } = JSON.parse((await bytesOf(sent)).toString()) as {
      value: { id: string; attachments: { sha256: string }[] }
    }
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect(value.attachments).toMatchObject([{ sha256 }])
    const got = await bytesOf(await ask('GET', `/api/v1/items/held/${value.id}/attach/big`))
    expect(got.equals(bytes)).toBe(true)
    const lines = readFileSync(join(root, '_audit'), 'utf8').trim().split('\n')
    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(entries.findLast(({ verb }) => verb === 'inject')).toMatchObject({ from: '127.0.0.7', who: 'token' })
    expect(entries.filter(({ from }) => from === '8.8.8.8')).toEqual([])
  })

  it('what happens is pushed at once, one event after the other, while the answer is open', async () => {
    const stream = await ask('GET', '/api/v1/live', { accept: 'text/event-stream' })
    let got = ''
    stream.setEncoding('utf8').on('data', (text: string) => {
      got += text
    })
    await until(() => got.includes('event: top'), 10_000, 'the first')
    expect(stream.complete).toBe(false)
    const before = got.length
    await web.send('POST', '/queues/held/items', { param1: 'news' })
    await until(
      () => got.slice(before).includes('"que":2'),
      10_000,
      () => got.slice(before),
    )
    stream.destroy()
  })

  it.skipIf(!hasBrowser)('a browser signs in there, walks its links, and changes what it shows', async () => {
    const { page, problems } = await openPage({ ...web, url: proxy.url }, '/')
    await page.getByRole('link', { name: 'held', exact: true }).first().click()
    await page.waitForURL(`${proxy.url}/queues/held**`)
    await page.getByRole('button', { name: 'Resume' }).first().click()
    await until(
      async () =>
        (await web.get('/queues?queue=held')) &&
        !JSON.stringify(await web.get('/queues?queue=held')).includes('"paused":true'),
    )
    expect(problems).toEqual([])
  })
})
