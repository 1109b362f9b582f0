/** `rq clone`, `rq cat` and `rq edit --message`: an item's message and files, copied, read, and replaced as a whole. */
import {
  appendFileSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openAttachment, openItemLog } from '../../src/service/open-file.ts'
import { contextOf } from '../helpers/context.ts'
import { makeQueue } from '../helpers/daemon.ts'
import { addHook } from '../helpers/hooks.ts'
import { contents, namesIn, rootWithQueue, rq } from '../helpers/rq.ts'

const ID = '20261122T101500.123456-x7f2k9'
const LIFE = {
  attempts: [{ n: 1, verdict: 'fail', to: '_err' }],
  result: 7,
  relay: { to: 'x', id: 'y' },
  merged: ['z'],
}

/** An item that failed, with two files and a log. */
function failed(queue: string, name = `${ID},p2,+eu`, msg: object = { param1: 'x', ...LIFE }): string {
  const dir = join(queue, '_err', name)
  mkdirSync(join(dir, 'attach'), { recursive: true })
  mkdirSync(join(dir, 'job'))
  writeFileSync(join(dir, 'msg'), JSON.stringify(msg))
  writeFileSync(join(dir, 'attach', 'a b'), 'one')
  writeFileSync(join(dir, 'attach', 'c'), '0123456789')
  writeFileSync(join(dir, 'job', 'stdio.log'), 'said\n')
  writeFileSync(join(dir, 'job', 'secret'), 'nobody else sees this')
  return dir
}

function messageOf(queue: string, state: string, name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(queue, state, name, 'msg'), 'utf8')) as Record<string, unknown>
}

describe('rq clone', () => {
  it('makes another item of the same message and files, as if it had never run', async () => {
    const { root, queue } = rootWithQueue()
    const from = failed(queue)
    const said = await rq(root, ['clone', 'x7f2k9'])
    expect(said).toMatchObject({ code: 0, stderr: '', lines: [expect.stringMatching(/^\d{8}T/)] })
    const name = `${said.lines[0]},p2,+eu`
    expect(said.lines[0]).not.toBe(ID)
    expect(contents(join(queue, 'que', name))).toMatchObject({ attach: { 'a b': 'one', c: '0123456789' } })
    expect(messageOf(queue, 'que', name)).toEqual({ param1: 'x', cloned_from: ID })
    expect(existsSync(join(queue, 'que', name, 'job'))).toBe(false)
    // Each has files of its own.
    appendFileSync(join(queue, 'que', name, 'attach', 'c'), 'more')
    expect(readFileSync(join(from, 'attach', 'c'), 'utf8')).toBe('0123456789')
    expect(namesIn(queue, 'prep')).toEqual([])
  })
  it('otherwise, elsewhere, later, and held, where that is asked for', async () => {
    const { root, queue } = rootWithQueue()
    const other = makeQueue(root, 'other')
    failed(queue)
    const said = await rq(root, [
      'clone',
      ID,
      '--to',
      'other',
      '--hold',
      '--set',
      'param1=y',
      '--set',
      'param.k=v',
      '-p',
      '7',
      '--at',
      '@1800000000',
      '--tag',
      'us,eu',
    ])
    const name = `${said.lines[0]},p7,t1800000000,+eu,+us`
    expect(namesIn(other, 'pause')).toEqual([name])
    expect(messageOf(other, 'pause', name)).toEqual({ param1: 'y', params: { k: 'v' }, cloned_from: ID })
    expect(namesIn(queue, 'que')).toEqual([])
  })
  it('of a plain file and of a message without files', async () => {
    const { root, queue } = rootWithQueue()
    writeFileSync(join(queue, 'que', 'report ü.csv'), 'a,b')
    writeFileSync(join(queue, 'que', `${ID}.msg,t1900000000`), '{"param1":"x"}')
    const [file, message] = (await rq(root, ['clone', 'q/report ü.csv', ID])).lines
    expect(file).toMatch(/-report_.csv$/)
    expect(contents(join(queue, 'que', file ?? ''))).toMatchObject({ attach: { 'report ü.csv': 'a,b' } })
    expect(messageOf(queue, 'que', file ?? '')).toEqual({ name: 'report ü.csv', cloned_from: 'report ü.csv' })
    expect(messageOf(queue, 'que', message ?? '')).toEqual({ param1: 'x', cloned_from: ID })
  })
  it('of all that match, each once', async () => {
    const { root, queue } = rootWithQueue()
    for (let at = 0; at < 5; at += 1) failed(queue, `20261122T10150${at}.123456-x7f2k9`, { param1: at < 3 ? 'x' : 'y' })
    const all = ['clone', 'q', '--where', 'param1=x failed', '--hold']
    expect((await rq(root, [...all, '--dry-run'])).stdout).toBe('q: 3 matches\n')
    expect(namesIn(queue, 'pause')).toEqual([])
    const said = await rq(root, all)
    expect(said).toMatchObject({ code: 0 })
    expect(namesIn(queue, 'pause')).toEqual(said.lines.toSorted())
    expect(said.lines).toHaveLength(3)
  })
  it('of nothing that cannot be taken, into nothing that takes nothing', async () => {
    const { root, queue } = rootWithQueue()
    const other = makeQueue(root, 'other')
    const from = failed(queue)
    writeFileSync(join(other, '_down'), '')
    expect(await rq(root, ['clone', ID, '--to', 'other'])).toMatchObject({ code: 75 })
    addHook(queue, 'enqueue', 'echo "no $(basename "$1")" >&2; exit 1')
    expect(await rq(root, ['clone', ID])).toMatchObject({ code: 1, stderr: expect.stringContaining('no a b') })
    expect(await rq(root, ['clone', ID, '--set', 'attempts=1'])).toMatchObject({ code: 2 })
    symlinkSync('/etc/hostname', join(from, 'attach', 'link'))
    expect(await rq(root, ['clone', ID])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not a regular file'),
    })
    const id = (await rq(root, ['prep', 'q'])).lines[0] ?? '?'
    expect(await rq(root, ['clone', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('being built') })
    expect([...namesIn(queue, 'que'), ...namesIn(other, 'que')]).toEqual([])
    expect(namesIn(queue, 'prep')).toEqual([id])
  })
})

describe('rq cat', () => {
  it('prints a file of an item, or a range of it', async () => {
    const { root, queue } = rootWithQueue()
    failed(queue)
    expect(await rq(root, ['cat', ID, 'a b'])).toMatchObject({ code: 0, stdout: 'one', stderr: '' })
    const range = (...args: string[]) => rq(root, ['cat', ID, 'c', ...args])
    expect((await range('--from', '3')).stdout).toBe('3456789')
    expect((await range('--from', '3', '--bytes', '4')).stdout).toBe('3456')
    expect((await range('--bytes', '0')).stdout).toBe('')
    expect(await range('--from', '99999999999')).toMatchObject({ code: 0, stdout: '' })
    expect(await rq(root, ['cat', ID])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('several files (a b, c)'),
    })
    writeFileSync(join(queue, 'que', 'drop\n'), Buffer.from([0, 255]))
    expect((await rq(root, ['cat', 'q/drop%0A'])).stdout).toBe('\0\ufffd')
  })
  it('of its attachments, and of nothing else that lies in or near it', async () => {
    const { root, queue } = rootWithQueue()
    const item = failed(queue)
    symlinkSync('/etc/hostname', join(item, 'link'))
    for (const name of [
      'msg',
      '../msg',
      '../job/secret',
      'job/secret',
      'secret',
      '/etc/hostname',
      '..',
      '.',
      '',
      'link',
      'none',
    ])
      expect(await rq(root, ['cat', ID, '--', name])).toMatchObject({ code: 66, stdout: '' })
    expect(await rq(root, ['cat', 'nowhere'])).toMatchObject({ code: 66 })
    const link = join(queue, '_err', '20261122T101501.123456-a1b2c3')
    mkdirSync(link)
    writeFileSync(join(link, 'msg'), '{}')
    symlinkSync(join(item, 'job'), join(link, 'attach'))
    expect(await rq(root, ['cat', 'a1b2c3', 'secret'])).toMatchObject({ code: 1, stdout: '' })
  })
  it('opens files for those who send them on, with what a range needs to know', async () => {
    const { root, queue } = rootWithQueue()
    const item = failed(queue)
    const { value: file } = await openAttachment(contextOf(root), ID, 'c')
    expect(file).toMatchObject({ queue: 'q', id: ID, name: 'c', size: 10, mtime: expect.any(Number) })
    // Whatever becomes of the item.
    await rq(root, ['rm', ID])
    const buffer = Buffer.alloc(4)
    expect(readSync(file?.fd ?? -1, buffer, 0, 4, 6)).toBe(4)
    expect(buffer.toString()).toBe('6789')
    closeSync(file?.fd ?? -1)
    expect((await openAttachment(contextOf(root), ID, 'c')).problems).toMatchObject([{ kind: 'not-found' }])
    await rq(root, ['undo'])
    const { value: log } = await openItemLog(contextOf(root), ID)
    expect(log).toMatchObject({ name: 'stdio.log', size: 5 })
    closeSync(log?.fd ?? -1)
    // A handler may have put anything there.
    const other = join(queue, '_err', '20261122T101501.123456-a1b2c3')
    mkdirSync(join(other, 'job'), { recursive: true })
    symlinkSync(join(item, 'job', 'secret'), join(other, 'job', 'stdio.log'))
    expect((await openItemLog(contextOf(root), 'a1b2c3')).problems).toMatchObject([{ kind: 'failed' }])
  })
})

describe('rq edit --message', () => {
  it('replaces the whole message, and keeps the life of the item', async () => {
    const { root, queue } = rootWithQueue()
    failed(queue)
    const input = JSON.stringify({ param2: 'new', params: { a: 1 }, attempts: [], result: 'forged', mine: true })
    expect(await rq(root, ['edit', ID, '--message', '-'], { input })).toMatchObject({
      code: 0,
      lines: [`${ID} changed`],
    })
    expect(messageOf(queue, '_err', `${ID},p2,+eu`)).toEqual({ param2: 'new', params: { a: 1 }, mine: true, ...LIFE })
  })
  it('puts back nothing that is no message, and lets go of what it held', async () => {
    const { root, queue } = rootWithQueue()
    const name = `${ID}.msg,p1,t1900000000`
    writeFileSync(join(queue, 'que', name), '{"param1":"x"}')
    for (const input of ['', '[]', '{"param1":', '{"params":7}', `{"a":"${'x'.repeat(1024 * 1024)}"}`])
      expect(await rq(root, ['edit', ID, '--message', '-'], { input })).toMatchObject({ code: 1, stdout: '' })
    expect(readFileSync(join(queue, 'que', name), 'utf8')).toBe('{"param1":"x"}')
    expect([namesIn(queue, 'pause'), namesIn(queue, '_tmp')]).toEqual([[], []])
    expect(await rq(root, ['edit', ID, '--message', '-'], { input: '{"param1":"y"}' })).toMatchObject({ code: 0 })
    expect(JSON.parse(readFileSync(join(queue, 'que', name), 'utf8'))).toEqual({ param1: 'y' })
  })
  it('of the version that was seen, and of no other', async () => {
    const { root, queue } = rootWithQueue()
    failed(queue)
    const version = async () =>
      (JSON.parse((await rq(root, ['show', ID, '--json'])).stdout) as { version: string }).version
    const seen = await version()
    expect(seen).toMatch(/^[0-9a-f]{32}$/)
    const put = (text: string, since: string) =>
      rq(root, ['edit', ID, '--message', '-', '--if-version', since], { input: JSON.stringify({ param1: text }) })
    expect(await put('first', seen)).toMatchObject({ code: 0 })
    expect(await put('second', seen)).toMatchObject({
      code: 75,
      stdout: '',
      stderr: expect.stringContaining(await version()),
    })
    expect(messageOf(queue, '_err', `${ID},p2,+eu`)).toMatchObject({ param1: 'first' })
    expect(await rq(root, ['edit', ID, '--set', 'param1=z', '--if-version', seen])).toMatchObject({ code: 75 })
    expect(await rq(root, ['edit', ID, '--set', 'param1=z', '--if-version', await version()])).toMatchObject({
      code: 0,
    })
  })
  it('by many at once of the same version is one of them', async () => {
    const { root, queue } = rootWithQueue()
    failed(queue)
    const { version } = JSON.parse((await rq(root, ['show', ID, '--json'])).stdout) as { version: string }
    const puts = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((at) =>
        rq(root, ['edit', ID, '--message', '-', '--if-version', version], { input: `{"param1":"${at}"}` }),
      ),
    )
    const won = puts.flatMap(({ code }, at) => (code === 0 ? [String(at + 1)] : []))
    expect(won).toHaveLength(1)
    expect(puts.every(({ code }) => code === 0 || code === 75)).toBe(true)
    expect(won).toContain(messageOf(queue, '_err', `${ID},p2,+eu`)['param1'])
    expect(namesIn(queue, '_tmp')).toEqual([])
  })
  it('by many at once of an item that waits: one is served, and it waits again', async () => {
    const { root, queue } = rootWithQueue()
    writeFileSync(join(queue, 'que', `${ID}.msg`), '{}')
    const { version } = JSON.parse((await rq(root, ['show', ID, '--json'])).stdout) as { version: string }
    const puts = await Promise.all(
      [1, 2, 3, 4, 5].map((at) =>
        rq(root, ['edit', ID, '--message', '-', '--if-version', version], { input: `{"param1":"${at}"}` }),
      ),
    )
    const won = puts.flatMap(({ code }, at) => (code === 0 ? [String(at + 1)] : []))
    expect(won).toHaveLength(1)
    expect(puts.filter(({ code }) => code !== 0 && code !== 75)).toEqual([])
    expect([namesIn(queue, 'que'), namesIn(queue, 'pause'), namesIn(queue, '_tmp')]).toEqual([[`${ID}.msg`], [], []])
    expect(JSON.parse(readFileSync(join(queue, 'que', `${ID}.msg`), 'utf8'))).toEqual({ param1: won[0] })
  })
  it('of one item, that has a message, and does not run', async () => {
    const { root, queue } = rootWithQueue()
    writeFileSync(join(queue, 'que', 'plain'), 'x')
    linkSync(join(queue, 'que', 'plain'), join(queue, 'que', 'plain2'))
    const edit = (...args: string[]) => rq(root, ['edit', ...args], { input: '{}' })
    expect(await edit('plain2', '--message', '-')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('plain file'),
    })
    for (const args of [
      ['a', 'b', '--message', '-'],
      ['--where', 'failed', '--message', '-'],
      ['a', '--message', '{}'],
      ['a', '--message', '-', '--set', 'param1=x'],
      ['a', '--if-version', 'x'],
    ])
      expect(await edit(...args)).toMatchObject({ code: 2 })
    const run = join(queue, 'run', ID)
    mkdirSync(run, { recursive: true })
    writeFileSync(join(run, 'msg'), '{}')
    expect(await edit(ID, '--message', '-')).toMatchObject({ code: 75 })
  })
})
