import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { processes } from '../../src/os/process.ts'
import { makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rqd } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { addressOf, startWeb } from '../helpers/web.ts'

function webPid(daemon: number): number | undefined {
  return processes().find(
    ({ pid, parent }) => parent === daemon && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('http.cjs'),
  )?.pid
}

function listen(): Promise<{ server: Server; port: number }> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({ server, port: typeof address === 'object' && address !== null ? address.port : 0 })
    })
  })
}

const close = (server: Server) => new Promise((resolve) => server.close(resolve))

describe('the process that serves the web', () => {
  it('is started again when it is killed, and the queues do not notice', async () => {
    const root = tempRoot()
    makeQueue(root, 'mail')
    const web = await startWeb(root)
    const first = webPid(web.daemon.pid)
    expect(first).toBeGreaterThan(0)
    process.kill(first ?? 0, 'SIGKILL')
    const listening = () => web.daemon.events().filter(({ kind }) => kind === 'web-listening').length
    await until(() => listening() === 2, 15_000, 'it serves again')
    expect(webPid(web.daemon.pid)).not.toBe(first)
    expect(web.daemon.events().filter(({ kind }) => kind === 'worker-ended')).toEqual([])
    const url = await addressOf(web.daemon)
    const again = await fetch(`${url}/api/v1/queues`, { headers: { authorization: `Bearer ${web.token}` } })
    expect(again.status).toBe(200)
    await web.daemon.stop()
  })

  it('dies with its daemon, also when that is killed', async () => {
    const root = tempRoot()
    const web = await startWeb(root)
    const pid = webPid(web.daemon.pid)
    await web.daemon.stop('SIGKILL')
    await until(() => !processes().some((stat) => stat.pid === pid), 10_000, 'it ends')
  })

  it('names who holds its port, and the queues run meanwhile; it serves when the port is free', async () => {
    const { server, port } = await listen()
    const root = tempRoot()
    makeQueue(root, 'mail')
    const daemon = await startDaemon(root, { env: { RQD_HTTP: `127.0.0.1:${port}` } })
    const refusal = () => daemon.events().find(({ kind }) => kind === 'web-refused')
    await until(() => refusal() !== undefined, 15_000, 'it says why')
    expect(refusal()?.['why']).toContain(`port ${port} is taken by pid ${process.pid} (`)
    writeFileSync(join(root, 'queue/mail/que/hello.txt'), 'x')
    await until(() => existsSync(join(root, 'queue/mail/done')), 10_000, 'a queue runs')
    await close(server)
    daemon.signal('SIGHUP')
    expect(await addressOf(daemon)).toBe(`http://127.0.0.1:${port}`)
    await daemon.stop()
    const free = await listen()
    await close(free.server)
  })

  it('frees its port before the daemon ends, so that the next one has it', async () => {
    const { server, port } = await listen()
    await close(server)
    const root = tempRoot()
    const env = { RQD_HTTP: `127.0.0.1:${port}` }
    for (let round = 0; round < 3; round += 1) {
      const { daemon } = await startWeb(root, { env })
      expect(daemon.events().filter(({ kind }) => kind === 'web-refused')).toEqual([])
      await daemon.stop()
    }
  })

  it('moves when http.listen changes, and goes when it becomes false', async () => {
    const root = tempRoot()
    writeFileSync(join(root, 'config.json'), JSON.stringify({ http: { listen: '127.0.0.1:0' } }))
    const web = await startWeb(root, { env: { RQD_HTTP: '' } })
    const { server, port } = await listen()
    await close(server)
    writeFileSync(join(root, 'config.json'), JSON.stringify({ http: { listen: `127.0.0.1:${port}` } }))
    await until(async () => (await addressOf(web.daemon)) === `http://127.0.0.1:${port}`, 15_000, 'it has moved')
    writeFileSync(join(root, 'config.json'), JSON.stringify({ http: { listen: false } }))
    await until(() => webPid(web.daemon.pid) === undefined, 15_000, 'it is gone')
    await web.daemon.stop()
  })

  it('makes a token that only its owner can read, and refuses one that others can', async () => {
    const root = tempRoot()
    const web = await startWeb(root)
    expect(statSync(join(root, '_token')).mode & 0o777).toBe(0o600)
    await web.daemon.stop()
    chmodSync(join(root, '_token'), 0o644)
    const daemon = await startDaemon(root, { env: { RQD_HTTP: '127.0.0.1:0' } })
    const refusal = () => daemon.events().find(({ kind }) => kind === 'web-refused')
    await until(() => refusal() !== undefined, 15_000, 'it refuses')
    expect(refusal()?.['why']).toContain('_token can be read by others: chmod 600 it')
    await daemon.stop()
  })
})

describe('rqd', () => {
  it('start --daemon prints a link with the token, which rqd web prints again while it is served', async () => {
    const root = tempRoot()
    const started = await rqd('start', '--daemon', '--root', root, '--http', '127.0.0.1:0')
    const token = readFileSync(join(root, '_token'), 'utf8').trim()
    expect(started.stdout).toMatch(new RegExp(`web: http://127\\.0\\.0\\.1:\\d+/\\?token=${token}\n`))
    const web = await rqd('web', '--root', root)
    expect(started.stdout).toContain(web.stdout)
    expect(readFileSync(join(root, 'rqd.log'), 'utf8')).not.toContain(token)
    expect((await rqd('stop', '--root', root)).code).toBe(0)
    expect(await rqd('web', '--root', root)).toMatchObject({ code: 69 })
  })

  it('start --daemon says why the web is not served, and the daemon runs all the same', async () => {
    const { server, port } = await listen()
    const root = tempRoot()
    const started = await rqd('start', '--daemon', '--root', root, '--http', String(port))
    expect(started).toMatchObject({ code: 0 })
    expect(started.stderr).toContain(`the web is not served: port ${port} is taken by pid ${process.pid}`)
    expect((await rqd('stop', '--root', root)).code).toBe(0)
    await close(server)
  })
})
