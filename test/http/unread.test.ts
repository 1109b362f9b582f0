import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { processes } from '../../src/os/process.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { open } from '../helpers/raw.ts'
import { until } from '../helpers/until.ts'
import { startWeb } from '../helpers/web.ts'

const MIB = 1024 * 1024
const SIZE = 256 * MIB

function hasOpen(pid: number, end: string): boolean {
  const fds = readdirSync(`/proc/${pid}/fd`)
  return fds.some((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).endsWith(end)
    } catch {
      // Closed since it was listed.
      return false
    }
  })
}

function readBy(pid: number): number {
  return Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
}

/** The most memory it ever had. Bytes. */
function peakOf(pid: number): number {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}

it('a result or log of any size that nobody reads is not gathered in memory, comes whole to who reads it, and is not read for its head', async () => {
  const root = tempRoot()
  const queue = makeQueue(root, 'mail', '#!/bin/sh\necho no\nexit 1\n', { retry: { limit: 0 } })
  const web = await startWeb(root)
  const sent = await web.send('POST', '/queues/mail/items', {})
  const [id = ''] = ((await sent.json()) as { value: { ids: string[] } }).value.ids
  await web.get(`/items/mail/${id}/wait?timeout=20s`)
  const item = join(queue, '_err', readdirSync(join(queue, '_err')).find((name) => name.startsWith(id)) ?? '')
  writeFileSync(join(item, 'result'), '')
  for (const file of ['result', 'job/stdio.log']) truncateSync(join(item, file), SIZE)
  const pid = processes().find(
    ({ pid, parent }) => parent === web.daemon.pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('http.cjs'),
  )?.pid
  const before = peakOf(pid ?? 0)
  const paths = ['result', 'log?follow=true'].map((path) => `/api/v1/items/mail/${id}/${path}`)
  for (const path of paths) {
    const socket = open(web, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${web.token}\r\n\r\n`)
    await until(() => socket.readableLength > 0 || socket.bytesRead > 0, 10_000, 'it begins')
    socket.once('readable', () => undefined)
    await web.get('/queues')
    socket.destroy()
  }
  const whole = createHash('sha256')
  for await (const chunk of (await web.fetch(paths[0] ?? '')).body ?? []) whole.update(chunk)
  expect(whole.digest('hex')).toBe(createHash('sha256').update(Buffer.alloc(SIZE)).digest('hex'))
  expect(peakOf(pid ?? 0) - before).toBeLessThan(128 * MIB)
  const read = readBy(pid ?? 0)
  for (const path of ['log', 'log?follow=false']) {
    const head = await web.fetch(`/api/v1/items/mail/${id}/${path}`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(SIZE)])
  }
  await until(() => !hasOpen(pid ?? 0, 'stdio.log'), 20_000, 'the log is closed')
  expect(readBy(pid ?? 0) - read).toBeLessThan(16 * MIB)
  truncateSync(join(item, 'job/stdio.log'), 0)
  const empty = await web.fetch(`/api/v1/items/mail/${id}/log`)
  expect([empty.status, empty.headers.get('content-length'), await empty.text()]).toEqual([200, '0', ''])
  await web.daemon.stop()
})
