/** `keep`, `archive`, `alerts` and the handlers that come with rqd, in a config.json. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { formatProblem, loadQueueConfig, loadRootConfig, type RootConfig } from '../../src/config/config.ts'

const base = mkdtempSync(join(tmpdir(), 'rqd-config-chores-'))
afterAll(() => rmSync(base, { recursive: true, force: true }))
let count = 0

function place(content: object): string {
  count += 1
  const dir = join(base, String(count))
  mkdirSync(dir)
  writeFileSync(join(dir, 'config.json'), JSON.stringify(content))
  return dir
}

function load(content: object, root?: RootConfig) {
  const result = loadQueueConfig(place(content), root)
  if (result.kind === 'bad') throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.config
}

function problem(content: object): string {
  const dir = place(content)
  const result = loadQueueConfig(dir)
  return result.kind === 'ok' ? '' : result.problems.map(formatProblem).join('\n').replaceAll(`${dir}/`, '')
}

function rootOf(queue: object): RootConfig {
  const result = loadRootConfig(place({ queue }))
  if (result.kind === 'bad') throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.config
}

const DAY = 86_400_000
const INFINITE = Number.POSITIVE_INFINITY

describe('by default', () => {
  const { retention, alerts } = load({})
  test('all that ended stays, leftovers do not, and nothing is archived', () => {
    const forEver = { age: INFINITE, count: INFINITE, size: INFINITE }
    expect(retention).toEqual({
      done: forEver, relayed: forEver, _err: forEver, prep: 1.5 * DAY, trash: 7 * DAY, every: 600_000,
      archive: { dir: 'archive', states: [], keep: INFINITE },
    }) // biome-ignore format: a record
  })
  test('nobody is told anything', () => {
    expect(alerts.to).toEqual([])
    expect(alerts).toMatchObject({ failed: true, gaveUp: true, down: true, oldest: INFINITE, diskBelow: undefined })
  })
})

test('a queue takes back what its root says, key by key', () => {
  const root = rootOf({
    keep: { done: { age: '30d', count: 5 }, _err: { size: '1G' } },
    archive: { states: ['done'] },
    alerts: {
      to: ['mailto:ops@example.org'],
      on: { oldest: '1h', disk_below: '5%', files_older: { _err: '3d', que: '1d' } },
    },
  })
  const own = load(
    {
      keep: { done: { age: 'unlimited' } },
      archive: { states: [] },
      alerts: { on: { oldest: false, failed: false, files_older: { _err: false } } },
    },
    root,
  )
  expect(own.retention.done).toEqual({ age: INFINITE, count: 5, size: INFINITE })
  expect(own.retention._err.size).toBe(1024 ** 3)
  expect(own.retention.archive.states).toEqual([])
  expect(own.alerts).toMatchObject({
    to: ['mailto:ops@example.org'], failed: false, gaveUp: true, oldest: INFINITE, filesOlder: { que: DAY },
    diskBelow: { kind: 'percent', percent: 5 },
  }) // biome-ignore format: a record
})

test('the least free space is said in percent or in bytes', () => {
  expect(load({ alerts: { on: { disk_below: '10G' } } }).alerts.diskBelow).toEqual({
    kind: 'bytes',
    bytes: 10 * 1024 ** 3,
  })
  expect(load({ alerts: { on: { disk_below: '2.5 %' } } }).alerts.diskBelow).toEqual({ kind: 'percent', percent: 2.5 })
})

test.each(['done', '_tmp', 'que/old', 'handler'])('archives may not lie in %s, which is used', (dir) => {
  expect(problem({ archive: { dir } })).toBe(
    `config.json: archive.dir: "${dir.split('/')[0]}" in the queue is used for something else (give archives a directory of their own)`,
  )
})

test.each(['../up', 'a/../../b', '/a/../b', '.', ''])('archives may not lie in "%s"', (dir) => {
  expect(problem({ archive: { dir } })).toContain('archive.dir: must be an absolute path, or one inside the queue')
})

test.each([
  'ops@example.org',
  'mailto:ops',
  'mailto:a@b.example\nBcc: c@d.example',
  'mailto:a@b.example?subject=x',
  'ftp://host/x',
  'file:///etc/passwd',
  'http://',
  'exec:',
])('"%s" is nobody that can be told', (to) => {
  expect(problem({ alerts: { to: [to] } })).toContain(
    'must be "mailto:ops@example.org", "https://host/path" or "exec:./program"',
  )
})

test.each([
  'mailto:a@b.example,c@d.example',
  'http://127.0.0.1:8080',
  'https://h.example/x?y=1',
  'exec:/usr/bin/logger -t rqd',
])('"%s" can be told', (to) => {
  expect(load({ alerts: { to: [to] } }).alerts.to).toEqual([to])
})

test('a handler that comes with rqd is a program of its own; one that does not come is a mistake', () => {
  expect(load({ handler: '@alert' }).handler).toEqual([process.execPath, expect.stringMatching(/\/alert\.cjs$/)])
  expect(problem({ handler: '@alret' })).toContain('handler: is no handler that comes with rqd: there is "@alert"')
  expect(load({ handler: './@odd' }).handler).toEqual(['./@odd'])
})
