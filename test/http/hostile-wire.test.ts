import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { exchange, open, statuses } from '../helpers/raw.ts'
import { until } from '../helpers/until.ts'
import { startWeb, type Web } from '../helpers/web.ts'

const root = tempRoot()
let web: Web
beforeAll(async () => {
  makeQueue(root, 'mail')
  web = await startWeb(root)
})

/** A change that must not be done: hidden in what one reader takes for a body and another for a request. */
const hidden = () =>
  `POST /api/v1/queues/mail/pause HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${web.token}\r\nContent-Length: 0\r\n\r\n`
const head = (lines: string, method = 'POST') =>
  `${method} /api/v1/queues HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${web.token}\r\nContent-Type: application/json\r\n${lines}\r\n`

describe('what two readers could read differently (smuggling)', () => {
  it.each<[string, () => string]>([
    ['length and chunks', () => `${head('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\n${hidden()}`],
    ['chunks and length', () => `${head('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n')}0\r\n\r\n${hidden()}`],
    ['two lengths', () => `${head('Content-Length: 0\r\nContent-Length: 300\r\n')}${hidden()}`],
    ['two equal lengths', () => `${head('Content-Length: 0\r\nContent-Length: 0\r\n')}${hidden()}`],
    ['a list of lengths', () => `${head('Content-Length: 0, 300\r\n')}${hidden()}`],
    ['a signed length', () => `${head('Content-Length: +0\r\n')}${hidden()}`],
    ['a negative length', () => `${head('Content-Length: -1\r\n')}${hidden()}`],
    ['a length in hex', () => `${head('Content-Length: 0x0\r\n')}${hidden()}`],
    ['a length beyond 64 bits', () => `${head('Content-Length: 18446744073709551616\r\n')}${hidden()}`],
    [
      'chunks that are not the last coding',
      () => `${head('Transfer-Encoding: chunked, identity\r\n')}0\r\n\r\n${hidden()}`,
    ],
    ['an unknown coding', () => `${head('Transfer-Encoding: xchunked\r\n')}0\r\n\r\n${hidden()}`],
    ['a blank before the colon', () => `${head('Content-Length : 0\r\n')}${hidden()}`],
    ['a folded header', () => `${head('X: a\r\n Content-Length: 300\r\n')}${hidden()}`],
    ['a header without a colon', () => `${head('nonsense\r\n')}${hidden()}`],
    ['a NUL in a header', () => `${head('X: a\0b\r\n')}${hidden()}`],
    ['a chunk size that is none', () => `${head('Transfer-Encoding: chunked\r\n')}zz\r\n\r\n${hidden()}`],
    ['a chunk size beyond 64 bits', () => `${head('Transfer-Encoding: chunked\r\n')}fffffffffffffffff\r\n${hidden()}`],
    ['a chunk longer than it says', () => `${head('Transfer-Encoding: chunked\r\n')}2\r\n{}xx\r\n0\r\n\r\n${hidden()}`],
    [
      'a chunk extension without an end',
      () => `${head('Transfer-Encoding: chunked\r\n')}2;${'x'.repeat(40_000)}\r\n{}\r\n0\r\n\r\n${hidden()}`,
    ],
    ['a bare CR', () => `${head('X: a\rContent-Length: 0\r\n')}${hidden()}`],
    [
      'lines that end in LF alone, with a body',
      () => `POST /api/v1/queues HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\n\n0\n\n${hidden()}`,
    ],
    ['HTTP/0.9', () => `GET /api/v1/queues\r\n\r\n${hidden()}`],
    ['HTTP/2 without being asked', () => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden()}`],
    ['an unknown version', () => `GET / HTTP/9.9\r\nHost: localhost\r\n\r\n${hidden()}`],
    ['an unknown method', () => `PAUSE /api/v1/queues HTTP/1.1\r\nHost: localhost\r\n\r\n${hidden()}`],
    [
      'a method in small letters',
      () => `post /api/v1/queues/mail/pause HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${web.token}\r\n\r\n`,
    ],
    ['a tunnel', () => `CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n${hidden()}`],
    ['a blank in the path', () => `GET /api/v1 /queues HTTP/1.1\r\nHost: localhost\r\n\r\n${hidden()}`],
    ['TLS to a plain port', () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ])('%s: it is refused, and the connection is closed', async (_what, sent) => {
    rmSync(join(root, 'queue', 'mail', '_paused'), { force: true })
    const text = await exchange(web, Buffer.from(sent(), 'latin1'), 5_000)
    expect(existsSync(join(root, 'queue', 'mail', '_paused'))).toBe(false)
    expect(statuses(text).filter((status) => status < 400)).toEqual([])
    expect(statuses(text).length).toBeLessThan(2)
  })

  it('but what is right is done, one after the other over one connection', async () => {
    const text = await exchange(
      web,
      `${hidden()}${hidden().replace('Content-Length', 'Connection: close\r\nContent-Length')}`,
    )
    expect(statuses(text)).toEqual([200, 200])
    expect(existsSync(join(root, 'queue', 'mail', '_paused'))).toBe(true)
  })
})

describe('what is too much', () => {
  const get = (path: string, lines = '') =>
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${web.token}\r\nConnection: close\r\n${lines}\r\n`
  it.each<[string, () => string, readonly number[]]>([
    ['a head of 17 KiB', () => get('/api/v1/queues', `X: ${'x'.repeat(17_000)}\r\n`), [431]],
    ['an address of 9 KiB', () => get(`/api/v1/queues?queue=${'x'.repeat(9_000)}`), [413]],
    ['two hundred headers', () => get('/api/v1/queues', 'a: b\r\n'.repeat(200)), [413]],
    ['a body that says it has 1 GiB', () => head('Content-Length: 1073741824\r\n'), [413]],
    ['a body of 3 MiB', () => `${head(`Content-Length: ${3 << 20}\r\n`)}"${'x'.repeat((3 << 20) - 2)}"`, [413]],
    [
      'JSON of 100,000 levels',
      () => `${head('Content-Length: 200000\r\nConnection: close\r\n')}${'['.repeat(100_000)}${']'.repeat(100_000)}`,
      [400],
    ],
    ['a prototype', () => `${head('Content-Length: 19\r\nConnection: close\r\n')}{"__proto__":{"a":1}`, [400]],
    ['a packed body', () => `${head('Content-Encoding: gzip\r\nContent-Length: 2\r\nConnection: close\r\n')}{}`, [400]],
    ['a range of thousands', () => get('/api/v1/queues', `Range: bytes=${'0-1,'.repeat(2_000)}2-3\r\n`), [200]],
    ['an expectation', () => get('/api/v1/queues', 'Expect: miracles\r\n'), [417]],
  ])('%s', async (_what, sent, expected) => {
    expect(statuses(await exchange(web, sent()))).toEqual(expected)
  })

  it('chunks without an end are cut off at the limit of a body', async () => {
    const socket = open(web, head('Transfer-Encoding: chunked\r\n'))
    let got = ''
    socket.on('data', (piece) => {
      got += piece
    })
    const chunk = `8000\r\n${' '.repeat(0x8000)}\r\n`
    let sent = 0
    const more = () => {
      while (!socket.destroyed && sent < 64 << 20) {
        sent += 0x8000
        if (!socket.write(chunk)) return
      }
    }
    socket.on('drain', more)
    more()
    await until(() => socket.destroyed, 15_000, 'it is cut off')
    expect(sent).toBeLessThan(48 << 20)
    expect(statuses(got)).toEqual(expect.not.arrayContaining([200]))
  })

  it('a thousand requests at once over one connection: most are told to come again', async () => {
    const one = `GET /api/v1/items?queue=mail HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${web.token}\r\n\r\n`
    const got = statuses(await exchange(web, one.repeat(1_000)))
    expect(got.filter((status) => status === 200).length).toBeGreaterThan(0)
    expect(got.filter((status) => status !== 200 && status !== 503)).toEqual([])
    expect((await web.fetch('/api/v1/queues')).status).toBe(200)
  })
})

describe('who takes his time', () => {
  it.concurrent('a head of one byte a second, and a connection that says nothing, end after some seconds', async () => {
    const socket = open(web, 'GET / HTTP/1.1\r\nHost: local').resume()
    const silent = open(web).resume()
    const drip = setInterval(() => socket.write('x'), 500)
    await until(() => socket.destroyed, 20_000, 'the head is cut off')
    clearInterval(drip)
    await until(() => silent.destroyed, 20_000, 'the silent one is cut off')
  }, 45_000)

  it.concurrent('a body of one byte a second ends, too, of JSON and of an upload, with or without a right to it', async () => {
    const token = `Authorization: Bearer ${web.token}\r\n`
    const upload = 'Content-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked\r\n'
    const begin = (path: string, lines: string) =>
      open(web, `POST /api/v1${path} HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n`).resume()
    const sockets = [
      begin('/queues', `${token}Content-Type: application/json\r\nContent-Length: 1000\r\n`),
      begin('/queues', 'Content-Type: application/json\r\nContent-Length: 1000\r\n'),
      begin('/queues/mail/items', token + upload),
      begin('/nothing', upload),
    ]
    const drip = setInterval(() => {
      for (const socket of sockets) if (!socket.destroyed) socket.write('1\r\nx\r\n')
    }, 500)
    await until(() => sockets.every(({ destroyed }) => destroyed), 45_000, 'all are cut off')
    clearInterval(drip)
    expect((await web.fetch('/api/v1/queues')).status).toBe(200)
  }, 60_000)

  it('and no line of all this was a bug', async () => {
    expect(web.daemon.stderr()).not.toContain('web-bug')
    await web.daemon.stop()
  })
})
