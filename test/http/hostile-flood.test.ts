import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { processes } from '../../src/os/process.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { open } from '../helpers/raw.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const MIB = 1024 * 1024
/** More than a busy minute costs by itself, and a small part of what was sent. */
const MAY_GROW = 150 * MIB

const root = tempRoot()
let web: Web
let server: number
const sockets = new Set<Socket>()
let sentBytes = 0
let injected = 0

beforeAll(async () => {
  makeQueue(root, 'mail')
  mkdirSync(join(root, 'queue', 'mail', 'que'), { recursive: true })
  web = await startWeb(root)
  server =
    processes().find(({ pid, parent }) => parent === web.daemon.pid && programOf(pid).includes('http.cjs'))?.pid ?? 0
  // What a first request loads is no growth.
  for (let n = 0; n < 50; n++) await web.get('/queues')
})
afterAll(() => {
  for (const socket of sockets) socket.destroy()
})

function programOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
}

function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

function hold(sent: string): Socket {
  const socket = open(web, sent)
  sockets.add(socket)
  sentBytes += sent.length
  return socket.pause()
}

/** A connection of its own: one that idles is what a server that has too many closes first. */
function inject(param1: string): Promise<Response> {
  return fetch(`${web.url}/api/v1/queues/mail/items`, {
    method: 'POST',
    headers: { authorization: `Bearer ${web.token}`, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ param1 }),
  })
}

const auth = () => `Host: localhost\r\nAuthorization: Bearer ${web.token}\r\n`

/** All of them at once, in this order. */
const ATTACKS: readonly (() => void)[] = [
  function halfOpen() {
    for (let n = 0; n < 1_500; n++) hold(n % 2 === 0 ? '' : 'GET /api/v1/queues HTTP/1.1\r\nHost: local')
  },
  function endlessBodies() {
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
    for (let n = 0; n < 20; n++) {
      const path = n % 2 === 0 ? '/queues' : '/queues/mail/items'
      const socket = hold(
        `POST /api/v1${path} HTTP/1.1\r\n${auth()}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
      )
      const more = () => {
        while (!socket.destroyed && sentBytes < 512 * MIB) {
          sentBytes += chunk.length
          if (!socket.write(chunk)) return
        }
      }
      socket.on('drain', more)
      more()
    }
  },
  function streamsThatNobodyReads() {
    for (let n = 0; n < 100; n++)
      hold(`GET /api/v1/${n % 2 === 0 ? 'live' : 'events'} HTTP/1.1\r\n${auth()}Accept: text/event-stream\r\n\r\n`)
  },
  function manyAtOnce() {
    for (let n = 0; n < 50; n++) hold(`GET /api/v1/items?limit=1000 HTTP/1.1\r\n${auth()}\r\n`.repeat(200))
  },
  function bodiesThatTrickle() {
    for (let n = 0; n < 200; n++)
      hold(
        `POST /api/v1/queues HTTP/1.1\r\n${auth()}Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{`,
      )
  },
  function guesses() {
    for (let n = 0; n < 500; n++)
      hold(`GET /api/v1/queues HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer guess-${n}-0123456789\r\n\r\n`)
  },
]

describe('a client that wants the worst', () => {
  it('costs a bounded memory, keeps nobody out, and no item is lost', async () => {
    const before = { server: memoryOf(server), daemon: memoryOf(web.daemon.pid) }
    let most = before.server
    for (const attack of ATTACKS) {
      attack()
      for (let n = 0; n < 5; n++) {
        const response = await inject(`${attack.name} ${n}`)
        if (response.status === 200) injected += 1
        await response.arrayBuffer()
        most = Math.max(most, memoryOf(server))
      }
    }
    // Whoever has the token gets through all the while; a few are told to come again.
    expect(injected).toBeGreaterThanOrEqual(ATTACKS.length * 3)
    // Of thousands no more stay than one address may have.
    await until(() => readdirSync(`/proc/${server}/fd`).length < 350, 30_000, 'the others are cut off')
    for (const socket of sockets) socket.destroy()
    const response = await until(
      async () => {
        const one = await fetch(`${web.url}/api/v1/queues`, {
          headers: { authorization: `Bearer ${web.token}` },
          signal: AbortSignal.timeout(2_000),
        })
        return one.status === 200
      },
      10_000,
      'it answers at once',
    )
    expect(response).toBe(true)
    await until(
      () => memoryOf(server) - before.server < MAY_GROW,
      20_000,
      () => `its memory is given back: ${(memoryOf(server) - before.server) / MIB} MiB more`,
    )
    expect(most - before.server).toBeLessThan(2 * MAY_GROW)
    expect(memoryOf(web.daemon.pid) - before.daemon).toBeLessThan(50 * MIB)
    await until(
      () => doneItems() === injected,
      30_000,
      () => `all items ran: ${doneItems()} of ${injected}`,
    )
    // The same process, which had no bug to tell of.
    expect(processes().some(({ pid }) => pid === server)).toBe(true)
    expect(web.daemon.stderr()).not.toContain('web-bug')
    expect(web.daemon.events().filter(({ kind }) => kind === 'web-ended' || kind === 'worker-ended')).toEqual([])
    await web.daemon.stop()
  }, 120_000)
})

function doneItems(): number {
  return readdirSync(join(root, 'queue', 'mail', 'done'), { recursive: true, withFileTypes: true }).filter((entry) =>
    /^\d{8}T/.test(entry.name),
  ).length
}
