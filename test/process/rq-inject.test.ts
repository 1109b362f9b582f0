import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseItemName } from '../../src/domain/name.ts'
import { contents, namesIn, rootWithQueue, rq } from '../helpers/rq.ts'

const ID = '20261122T101500.123456-x7f2k9'

/** The one item of que/ and what is in it. */
function only(queue: string): { name: string; holds: ReturnType<typeof contents> } {
  const names = namesIn(queue, 'que')
  expect(names).toHaveLength(1)
  const [name = ''] = names
  return { name, holds: contents(join(queue, 'que', name)) }
}

function file(root: string, name: string, text = 'payload'): string {
  const path = join(root, name)
  writeFileSync(path, text)
  return path
}

describe('rq inject makes of', () => {
  it('a file whose name is safe a plain file, named by its id', async () => {
    const { root, queue } = rootWithQueue()
    const said = await rq(root, ['inject', 'q', file(root, 'report.csv')])
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(only(queue)).toEqual({ name: said.lines[0], holds: 'payload' })
    expect(said.lines[0]).toMatch(/-report\.csv$/)
    expect(namesIn(queue, 'prep')).toEqual([])
  })
  it('a file with parameters a directory that keeps its name', async () => {
    const { root, queue } = rootWithQueue()
    await rq(root, ['inject', 'q', file(root, 'a b.csv'), '--param', 'w=8', '--param1', 'one', '--src', 'me'])
    const { holds } = only(queue)
    expect(holds).toMatchObject({ attach: { 'a b.csv': 'payload' } })
    const { msg } = holds as { msg: string }
    expect(JSON.parse(msg)).toEqual({ name: 'a b.csv', params: { w: '8' }, param1: 'one', src: 'me' })
  })
  it('a file whose name is not safe a directory that keeps it', async () => {
    const { root, queue } = rootWithQueue()
    await rq(root, ['inject', 'q', file(root, 'naïve\n$(x)')])
    expect(only(queue).holds).toMatchObject({ attach: { 'naïve\n$(x)': 'payload' } })
  })
  it('parameters alone a message', async () => {
    const { root, queue } = rootWithQueue()
    const said = await rq(root, ['inject', 'q', '--param1', 'x'])
    const { name, holds } = only(queue)
    expect(name).toBe(`${said.lines[0]}.msg`)
    expect(JSON.parse(String(holds))).toEqual({ param1: 'x' })
  })
  it('nothing at all an empty message', async () => {
    const { root, queue } = rootWithQueue()
    expect(await rq(root, ['inject', 'q'])).toMatchObject({ code: 0 })
    expect(only(queue).holds).toBe('{}\n')
  })
  it('attachments one item', async () => {
    const { root, queue } = rootWithQueue()
    const said = await rq(root, ['inject', 'q', '--attach', file(root, 'a', '1'), file(root, 'b', '2')])
    expect(said.lines).toHaveLength(1)
    expect(only(queue).holds).toEqual({ msg: '{}\n', attach: { a: '1', b: '2' } })
  })
  it('stdin a payload, byte for byte', async () => {
    const { root, queue } = rootWithQueue()
    const input = Buffer.from([0, 255, 10, 13, 128])
    const said = await rq(root, ['inject', 'q', '-'], { input })
    expect(said.code).toBe(0)
    expect(readFileSync(join(queue, 'que', only(queue).name))).toEqual(input)
    expect(namesIn(queue, 'prep')).toEqual([])
  })
  it('each line of JSON a message, and names the bad ones by their number', async () => {
    const { root, queue } = rootWithQueue()
    const input = '{"dest":"a"}\nnonsense\n\n{"param1":5,"own":[1]}\r\n[1]\n'
    const said = await rq(root, ['inject', 'q', '--json', '-', '--src', 'me'], { input })
    expect(said).toMatchObject({ code: 1, stderr: 'rq: line 2: is not JSON\nrq: line 5: is not a JSON object\n' })
    const messages = namesIn(queue, 'que').map((name) => JSON.parse(String(contents(join(queue, 'que', name)))))
    expect(messages).toEqual([
      { dest: 'a', src: 'me' },
      { param1: '5', own: [1], src: 'me' },
    ])
    expect(namesIn(queue, 'que').map((name) => name.replace('.msg', ''))).toEqual(said.lines)
  })
})

describe('rq inject writes into the name', () => {
  it('the priority, the time and the tags', async () => {
    const { root, queue } = rootWithQueue()
    const path = file(root, 'a')
    await rq(root, [
      'inject',
      'q',
      path,
      '--priority',
      '1',
      '--at',
      '@4000000000',
      '--tag',
      'x',
      '--tag',
      'y',
      '--tag',
      'x',
    ])
    expect(parseItemName(only(queue).name)).toMatchObject({ priority: 1, due: 4_000_000_000, tags: ['x', 'y'] })
  })
  it('a time from now', async () => {
    const { root, queue } = rootWithQueue()
    const before = Date.now() / 1000
    await rq(root, ['inject', 'q', file(root, 'a'), '--in', '1h'])
    const { due = 0 } = parseItemName(only(queue).name)
    expect(due).toBeGreaterThanOrEqual(Math.floor(before) + 3600)
    expect(due).toBeLessThan(before + 3660)
  })
})

describe('rq inject of many files', () => {
  it('prints their ids in their order, each of an item that is there', async () => {
    const { root, queue } = rootWithQueue()
    const names = Array.from({ length: 600 }, (_, index) => `f${String(index).padStart(4, '0')}`)
    for (const name of names) file(root, name, name)
    const said = await rq(root, ['inject', 'q', ...names], { cwd: root })
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(said.lines.map((id) => readFileSync(join(queue, 'que', id), 'utf8'))).toEqual(names)
    expect(said.lines.toSorted()).toEqual(said.lines)
    expect(namesIn(queue, 'que')).toEqual(said.lines)
    expect(namesIn(queue, 'prep')).toEqual([])
  })
  it('names those that cannot be read, and goes on', async () => {
    const { root, queue } = rootWithQueue()
    const good = [file(root, 'a'), file(root, 'b')]
    mkdirSync(join(root, 'dir'))
    execFileSync('mkfifo', [join(root, 'fifo')])
    const said = await rq(root, [
      'inject',
      'q',
      good[0] ?? '',
      join(root, 'none'),
      join(root, 'dir'),
      join(root, 'fifo'),
      good[1] ?? '',
    ])
    expect(said.code).toBe(1)
    expect(said.lines).toHaveLength(2)
    expect(namesIn(queue, 'que')).toHaveLength(2)
    expect(said.stderr.split('\n').slice(0, -1)).toEqual([
      `rq: cannot read ${root}/none: no such file`,
      `rq: ${root}/dir is a directory: name the files in it`,
      `rq: ${root}/fifo is not a regular file; give it on stdin, as "-"`,
    ])
  })
  it('keeps names that are no UTF-8', async () => {
    const { root, queue } = rootWithQueue()
    const name = Buffer.from(`${root}/caf\xe9`, 'latin1')
    writeFileSync(name, 'payload')
    // Only a shell can pass such an argument.
    const command = `exec "$0" "$1" inject q "$2"/caf*`
    const said = await execRq(root, command)
    expect(said).toMatch(/-caf_\n$/)
    const attached = execFileSync('ls', [join(queue, 'que', said.trim(), 'attach')], { encoding: 'latin1' })
    expect(attached).toBe('caf\xe9\n')
  })
})

async function execRq(root: string, command: string): Promise<string> {
  const { BIN } = await import('../helpers/daemon.ts')
  return execFileSync('/bin/sh', ['-c', command, process.execPath, BIN.rq, root], {
    encoding: 'utf8',
    env: { ...process.env, RQ_ROOT: root },
  })
}

describe('rq inject', () => {
  it('copies, so that the source may change', async () => {
    const { root, queue } = rootWithQueue()
    const path = file(root, 'a')
    await rq(root, ['inject', 'q', path])
    writeFileSync(path, 'changed')
    expect(only(queue).holds).toBe('payload')
  })
  it('hard-links when asked to', async () => {
    const { root, queue } = rootWithQueue()
    const path = file(root, 'a')
    await rq(root, ['inject', 'q', path, '--link'])
    expect(statSync(join(queue, 'que', only(queue).name)).ino).toBe(statSync(path).ino)
  })
  it('removes what it moved, and only then', async () => {
    const { root, queue } = rootWithQueue()
    const paths = [file(root, 'a'), file(root, 'b')]
    expect(await rq(root, ['inject', 'q', ...paths, join(root, 'none'), '--move'])).toMatchObject({ code: 1 })
    expect(paths.map((path) => existsSync(path))).toEqual([false, false])
    expect(namesIn(queue, 'que')).toHaveLength(2)
  })
  it('never makes an item of a symbolic link, but of what it points to', async () => {
    for (const how of [[], ['--link'], ['--move']]) {
      const { root, queue } = rootWithQueue()
      const path = file(root, 'target')
      symlinkSync(path, join(root, 'link'))
      await rq(root, ['inject', 'q', join(root, 'link'), ...how])
      const { name, holds } = only(queue)
      expect(holds).toBe('payload')
      expect(lstatSync(join(queue, 'que', name)).isFile()).toBe(true)
      expect(readFileSync(path, 'utf8')).toBe('payload')
    }
  })
  it('keeps what it makes from others', async () => {
    const { root, queue } = rootWithQueue()
    await rq(root, ['inject', 'q', '--param1', 'secret'])
    await rq(root, ['inject', 'q', file(root, 'a'), '--param1', 'secret'])
    const modes = namesIn(queue, 'que').map((name) => statSync(join(queue, 'que', name)).mode & 0o777)
    expect(modes.toSorted()).toEqual([0o600, 0o700])
  })
  it('lets the group read in a shared queue', async () => {
    const { root, queue } = rootWithQueue({ shared: true })
    await rq(root, ['inject', 'q', '--param1', 'x'])
    expect(statSync(join(queue, 'que', only(queue).name)).mode & 0o777).toBe(0o640)
  })
  it('uses the directories that a queue has renamed', async () => {
    const { root, queue } = rootWithQueue({ dirs: { que: 'working', prep: 'building' } })
    await rq(root, ['inject', 'q', file(root, 'a')])
    expect(namesIn(queue, 'working')).toHaveLength(1)
    expect(namesIn(queue, 'que')).toHaveLength(0)
  })
})

describe('rq inject --id', () => {
  it('publishes under that id, and a second time nothing, wherever the item is by then', async () => {
    const { root, queue } = rootWithQueue()
    const path = file(root, 'a')
    expect(await rq(root, ['inject', 'q', path, '--id', ID])).toMatchObject({ code: 0, lines: [ID] })
    expect(await rq(root, ['inject', 'q', path, '--id', ID])).toMatchObject({
      code: 0,
      lines: [ID],
      stderr: expect.stringContaining('exists already'),
    })
    for (const args of [
      ['hold', ID],
      ['move', ID, '-p', '1'],
    ])
      await rq(root, args)
    expect(await rq(root, ['inject', 'q', path, '--id', ID, '--priority', '3'])).toMatchObject({ code: 0, lines: [ID] })
    expect(namesIn(queue, 'que')).toEqual([])
    expect(namesIn(queue, 'pause')).toEqual([`${ID},p1`])
    mkdirSync(join(queue, 'done/20261122/1016'), { recursive: true })
    execFileSync('mv', [join(queue, 'pause', `${ID},p1`), join(queue, 'done/20261122/1016')])
    expect(await rq(root, ['inject', 'q', path, '--id', ID])).toMatchObject({ code: 0, lines: [ID] })
    expect(namesIn(queue, 'que')).toEqual([])
    expect(namesIn(queue, 'prep')).toEqual([])
  })
  it('is published once by many at a time', async () => {
    const { root, queue } = rootWithQueue()
    const path = file(root, 'a')
    const said = await Promise.all(
      Array.from({ length: 12 }, (_, n) => rq(root, ['inject', 'q', path, '--id', ID, '-p', String(n % 9)])),
    )
    expect(said.map(({ code, lines }) => [code, lines])).toEqual(Array(12).fill([0, [ID]]))
    expect(namesIn(queue, 'que')).toHaveLength(1)
    expect(said.filter(({ stderr }) => stderr === '')).toHaveLength(1)
  }, 60_000)
  it('is not disturbed by what an earlier call left half built', async () => {
    const { root, queue } = rootWithQueue()
    mkdirSync(join(queue, 'prep', ID), { recursive: true })
    writeFileSync(join(queue, 'prep', `.inject-${ID}`), '')
    expect(await rq(root, ['inject', 'q', file(root, 'a'), '--id', ID])).toMatchObject({ code: 0 })
    expect(namesIn(queue, 'que')).toEqual([ID])
  })
})

describe('rq inject refuses', () => {
  it('a queue that is down, with 75', async () => {
    const { root, queue } = rootWithQueue()
    writeFileSync(join(queue, '_down'), '')
    expect(await rq(root, ['inject', 'q', '--param1', 'x'])).toMatchObject({ code: 75, stdout: '' })
    expect(namesIn(queue, 'que')).toEqual([])
  })
  it('a queue that is not there, and says which one is, with 66', async () => {
    const { root } = rootWithQueue()
    writeFileSync(join(root, '_format'), '1\n')
    expect(await rq(root, ['inject', 'qq'])).toMatchObject({
      code: 66,
      stderr: 'rq: no queue "qq": did you mean "q"?\n',
    })
  })
  it.each([
    ['inject', 'q'],
    ['create', 'new'],
    ['pause', 'q'],
    ['rm', 'q/x'],
    ['hold', 'q/x'],
    ['ls', 'q'],
  ])('a root of a newer format: %s', async (...args) => {
    // biome-ignore format: a list
    const { root, queue } = rootWithQueue()
    writeFileSync(join(queue, 'que', 'x'), 'content')
    writeFileSync(join(root, '_format'), '99\n')
    expect(await rq(root, args)).toMatchObject({ code: 1, stderr: expect.stringContaining('format 99') })
    expect(namesIn(queue, 'que')).toEqual(['x'])
    expect(readdirSync(join(root, 'queue'))).toEqual(['q'])
    expect(existsSync(join(queue, '_paused'))).toBe(false)
  })
  it('a queue whose configuration is wrong, naming the key', async () => {
    const { root } = rootWithQueue({ slotz: 3 })
    expect(await rq(root, ['inject', 'q'])).toMatchObject({ code: 1, stderr: expect.stringContaining('slotz') })
  })
  it('what contradicts itself, with 2', async () => {
    const { root, queue } = rootWithQueue()
    for (const args of [
      ['--id', ID, 'a', 'b'],
      ['--id', 'x'],
      ['--json', 'file'],
      ['--json', '-', 'a'],
      ['--at', '10:00', '--in', '5m'],
      ['--link', '--move', 'a'],
      ['-', '-'],
      ['--attach', '-'],
      ['--priority', '10'],
    ]) {
      expect({ args, ...(await rq(root, ['inject', 'q', ...args])) }).toMatchObject({ args, code: 2, stdout: '' })
    }
    expect(namesIn(queue, 'que')).toEqual([])
  })
  it('two attachments of one name', async () => {
    const { root, queue } = rootWithQueue()
    mkdirSync(join(root, 'd'))
    const said = await rq(root, ['inject', 'q', '--attach', file(root, 'a'), file(root, 'd/a')])
    expect(said).toMatchObject({ code: 2, stderr: 'rq: two attachments are named a\n' })
    expect(namesIn(queue, 'que')).toEqual([])
  })
  it.runIf(process.getuid?.() !== 0)('a file that may not be read', async () => {
    const { root } = rootWithQueue()
    const path = file(root, 'a')
    chmodSync(path, 0)
    expect(await rq(root, ['inject', 'q', path])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('permission denied'),
    })
  })
})
