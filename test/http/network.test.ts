import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { get as httpsGet } from 'node:https'
import { createServer as createNetServer } from 'node:net'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { afterAll, describe, expect, it } from 'vitest'
import { processes } from '../../src/os/process.ts'
import { type Daemon, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { ask, open, portOf } from '../helpers/raw.ts'
import { until } from '../helpers/until.ts'
import { startWeb } from '../helpers/web.ts'

/** A root of its own, whatever else lies there. */
function configure(root: string, http: object): void {
  mkdirSync(join(root, 'queue'), { recursive: true })
  writeFileSync(join(root, 'config.json'), JSON.stringify({ http }))
}

/** A key and a certificate for it, valid for so many days. */
function certify(dir: string, name: string, days = 30): { cert: string; key: string } {
  const [cert, key] = [join(dir, `${name}.crt`), join(dir, `${name}.key`)]
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const pair = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', key, '-out', cert]
  execFileSync('openssl', ['req', '-x509', '-nodes', '-days', String(days), ...pair, ...subject], { stdio: 'ignore' })
  return { cert, key }
}

/** Who answers there, and what. */
function get(url: string, headers: Record<string, string> = {}): Promise<{ response: IncomingMessage; name: string }> {
  return new Promise((resolve, reject) => {
    const asked = httpsGet(url, { rejectUnauthorized: false, agent: false, headers }, (response) => {
      const { socket } = response as unknown as { socket: import('node:tls').TLSSocket }
      const name = String(socket.getPeerCertificate().subject.CN)
      response.resume().on('end', () => resolve({ response, name }))
    })
    asked.on('error', reject)
  })
}

async function refusalOf(daemon: Daemon): Promise<string> {
  const found = () => daemon.events().find(({ kind }) => kind === 'web-refused')
  await until(
    () => found() !== undefined,
    15_000,
    () => `it refuses; it said:\n${daemon.stderr()}`,
  )
  await daemon.stop()
  return String(found()?.['why'])
}

const warnings = (daemon: Daemon) =>
  daemon
    .events()
    .filter(({ kind }) => kind === 'web-warning')
    .map(({ text }) => String(text))

describe('TLS', () => {
  it('is served by a certificate and its key, read again when they change, and told to stay', async () => {
    const root = tempRoot()
    const [first, second] = [certify(root, 'first'), certify(root, 'second')]
    copyFileSync(first.cert, join(root, 'web.crt'))
    copyFileSync(first.key, join(root, 'web.key'))
    configure(root, { tls: { cert: 'web.crt', key: 'web.key' } })
    const web = await startWeb(root)
    expect(web.url).toMatch(/^https:/)
    const { response, name } = await get(`${web.url}/`, { host: 'localhost' })
    expect({ status: response.statusCode, name }).toEqual({ status: 200, name: 'first' })
    expect(response.headers['strict-transport-security']).toBeUndefined()
    const { response: named } = await get(`${web.url}/?token=${web.token}`, { host: '127.0.0.1' })
    expect(named.headers['strict-transport-security']).toMatch(/max-age=\d{7,}/)
    expect(String(named.headers['set-cookie'])).toContain('Secure')
    // A key that does not fit yet changes nothing.
    copyFileSync(second.key, join(root, 'web.key'))
    await until(
      () => warnings(web.daemon).some((text) => text.includes('does not belong to')),
      20_000,
      'it says what is wrong',
    )
    expect((await get(`${web.url}/`)).name).toBe('first')
    copyFileSync(second.cert, join(root, 'web.crt'))
    await until(async () => (await get(`${web.url}/`)).name === 'second', 20_000, 'the new one is served')
    await web.daemon.stop()
  }, 60_000)

  it('speaks nothing older than 1.2, and no plain HTTP on the same port', async () => {
    const root = tempRoot()
    configure(root, { tls: certify(root, 'web') })
    const web = await startWeb(root)
    const reached = (maxVersion: 'TLSv1.1' | 'TLSv1.3') =>
      new Promise<string>((resolve) => {
        const socket = tlsConnect({
          port: portOf(web),
          host: '127.0.0.1',
          rejectUnauthorized: false,
          minVersion: 'TLSv1',
          maxVersion,
          ciphers: 'DEFAULT@SECLEVEL=0',
        })
        socket.once('secureConnect', () => resolve(socket.getProtocol() ?? '')).once('error', () => resolve('refused'))
        socket.once('close', () => socket.destroy())
      })
    expect(await reached('TLSv1.1')).toBe('refused')
    expect(await reached('TLSv1.3')).toBe('TLSv1.3')
    const plain = open(web, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n').resume()
    await until(() => plain.destroyed, 15_000, 'it is cut off')
    await web.daemon.stop()
  })

  it.each<[string, (root: string) => { cert: string; key: string }, RegExp]>([
    [
      'no such file',
      (root) => ({ ...certify(root, 'web'), cert: 'gone.crt' }),
      /http\.tls\.cert: cannot read .*gone\.crt \(ENOENT\)/,
    ],
    [
      'another key',
      (root) => ({ ...certify(root, 'web'), key: certify(root, 'other').key }),
      /other\.key does not belong to the certificate .*web\.crt/,
    ],
    [
      'the two exchanged',
      (root) => {
        const { cert, key } = certify(root, 'web')
        return { cert: key, key: cert }
      },
      /holds no certificate/,
    ],
    [
      'a key in a certificate',
      (root) => {
        const { cert } = certify(root, 'web')
        return { cert, key: cert }
      },
      /holds no private key/,
    ],
  ])('%s is said with the file and the fix', async (_what, make, words) => {
    const root = tempRoot()
    configure(root, { tls: make(root) })
    expect(await refusalOf(await startDaemon(root, { env: { RQD_HTTP: '127.0.0.1:0' } }))).toMatch(words)
  })

  it('a certificate that ends soon and a key that all can read are warned of', async () => {
    const root = tempRoot()
    const files = certify(root, 'web', 3)
    chmodSync(files.key, 0o644)
    configure(root, { tls: files })
    const web = await startWeb(root)
    await until(() => warnings(web.daemon).length === 2, 5_000, 'it warns')
    expect(warnings(web.daemon).join('\n')).toMatch(/expires on[\s\S]*read by everybody/)
    await web.daemon.stop()
  })
})

describe('where others can reach it', () => {
  it('plain HTTP is refused, unless it is wanted, and then warned of', async () => {
    const root = tempRoot()
    const refused = await startDaemon(root, { env: { RQD_HTTP: '0.0.0.0:0' } })
    expect(await refusalOf(refused)).toMatch(/others can reach 0\.0\.0\.0:0.*http\.tls.*trust_proxy.*insecure/)
    configure(root, { insecure: true })
    const web = await startWeb(root, { env: { RQD_HTTP: '0.0.0.0:0' } })
    await until(() => warnings(web.daemon).length === 1, 5_000, 'it warns')
    expect(warnings(web.daemon)[0]).toMatch(/plain HTTP on 0\.0\.0\.0/)
    // An address cannot be made to lead here as a name can.
    const auth = { authorization: `Bearer ${web.token}` }
    expect((await ask(web, 'GET', '/api/v1/queues', { ...auth, host: '192.0.2.7:7730' })).status).toBe(200)
    expect((await ask(web, 'GET', '/api/v1/queues', { ...auth, host: 'evil.example' })).status).toBe(403)
    await web.daemon.stop()
  })
})

const proxies: Server[] = []
afterAll(() => {
  for (const proxy of proxies) proxy.close()
})

/** What a reverse proxy does, in a few lines: another name, a path, https to its own callers. */
function proxyTo(port: number): Promise<string> {
  const proxy = createServer((request, response) => {
    const forwarded = {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'rq.example',
    }
    const options = { host: '127.0.0.1', port, method: request.method, path: request.url, agent: false }
    const inner = httpRequest(
      { ...options, headers: { ...request.headers, ...forwarded, host: 'inner:7730' } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      },
    )
    inner.on('error', () => response.destroy())
    request.pipe(inner)
  })
  proxies.push(proxy)
  return new Promise((resolve) => {
    proxy.listen(0, '127.0.0.1', () => {
      const address = proxy.address()
      resolve(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`)
    })
  })
}

describe('behind a proxy', () => {
  it('under a path: pages, API, sessions and changes work, and the caller is who the proxy says', async () => {
    const root = tempRoot()
    makeQueue(root, 'mail')
    configure(root, { prefix: '/rq', trust_proxy: ['127.0.0.0/8'], hosts: ['rq.example'] })
    const web = await startWeb(root)
    const url = await proxyTo(portOf(web))
    const page = await fetch(`${url}/rq/`)
    expect(await page.text()).toContain('<base href="/rq/" />')
    const link = await fetch(`${url}/rq/?token=${web.token}`, { redirect: 'manual' })
    expect({ status: link.status, location: link.headers.get('location') }).toEqual({ status: 303, location: '/rq/' })
    const cookie = link.headers.get('set-cookie') ?? ''
    for (const word of ['Path=/rq/', 'Secure', 'SameSite=Strict']) expect(cookie).toContain(word)
    const headers = {
      cookie: cookie.split(';')[0] ?? '',
      origin: 'https://rq.example',
      'sec-fetch-site': 'same-origin',
      'x-rq': '1',
    }
    expect((await fetch(`${url}/rq/api/v1/queues/mail/pause`, { method: 'POST', headers })).status).toBe(200)
    const evil = { ...headers, origin: 'https://evil.example' }
    expect((await fetch(`${url}/rq/api/v1/queues/mail/pause`, { method: 'POST', headers: evil })).status).toBe(403)
    expect((await fetch(`${url}/api/v1/queues`, { headers })).status).toBe(404)
    const audit = await fetch(`${url}/rq/api/v1/audit`, { headers })
    expect(await audit.json()).toMatchObject({
      value: { entries: [{ from: '203.0.113.9' }, { verb: 'pause', from: '203.0.113.9' }] },
    })
    await web.daemon.stop()
  })

  it('that is not trusted nothing that it forwards is believed', async () => {
    const root = tempRoot()
    configure(root, { trust_proxy: ['192.0.2.1'], hosts: ['inner'] })
    const web = await startWeb(root)
    const url = await proxyTo(portOf(web))
    const link = await fetch(`${url}/?token=${web.token}`, { redirect: 'manual' })
    expect(link.headers.get('set-cookie')).not.toContain('Secure')
    expect((await ask(web, 'GET', '/', { host: 'evil.example', 'x-forwarded-host': 'localhost' })).status).toBe(403)
    await web.daemon.stop()
  })
})

describe('a Unix socket', () => {
  const overSocket = (path: string) =>
    new Promise<number>((resolve, reject) => {
      const asked = httpRequest({ socketPath: path, path: '/api/v1/queues', headers: { host: 'x' } }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0))
      })
      asked.on('error', reject).end()
    })

  it('is for its owner, who needs no token; what a killed process left is removed', async () => {
    const root = tempRoot()
    configure(root, { socket: 'web.sock' })
    const path = join(root, 'web.sock')
    const web = await startWeb(root)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await overSocket(path)).toBe(200)
    const listening = () => web.daemon.events().filter(({ kind }) => kind === 'web-listening').length
    const pid = processes().find(({ parent }) => parent === web.daemon.pid)?.pid ?? 0
    process.kill(pid, 'SIGKILL')
    await until(() => listening() === 2, 15_000, 'it serves again')
    expect(await overSocket(path)).toBe(200)
    await web.daemon.stop()
    expect(existsSync(path)).toBe(false)
  })

  it.each<[string, (root: string) => string, RegExp]>([
    [
      'in a directory that all may write to',
      (root) => {
        mkdirSync(join(root, 'open'))
        chmodSync(join(root, 'open'), 0o777)
        return 'open/web.sock'
      },
      /everybody may write to .*chmod o-w/,
    ],
    ['in no directory', () => 'gone/web.sock', /there is no directory/],
    [
      'in the place of a file',
      (root) => {
        writeFileSync(join(root, 'a-file'), 'mine')
        return 'a-file'
      },
      /is no socket/,
    ],
    ['with a path that is too long', () => `${'x'.repeat(120)}`, /longer than the 107 bytes/],
  ])('%s is refused in words', async (_what, make, words) => {
    const root = tempRoot()
    configure(root, { socket: make(root) })
    expect(await refusalOf(await startDaemon(root, { env: { RQD_HTTP: '127.0.0.1:0' } }))).toMatch(words)
  })

  it('of another program that answers is left alone', async () => {
    const root = tempRoot()
    const other = createNetServer((socket) => socket.resume()).listen(join(root, 'web.sock'))
    configure(root, { socket: 'web.sock' })
    expect(await refusalOf(await startDaemon(root, { env: { RQD_HTTP: '127.0.0.1:0' } }))).toMatch(
      /another process serves on/,
    )
    expect(existsSync(join(root, 'web.sock'))).toBe(true)
    await new Promise((resolve) => other.close(resolve))
    rmSync(join(root, 'web.sock'), { force: true })
  })
})
