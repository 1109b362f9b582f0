/** `rq prep`, `attach` and `commit`: an item in three steps, each of which may be repeated. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { addHook } from '../helpers/hooks.ts'
import { contents, namesIn, rootWithQueue, rq, runProgram } from '../helpers/rq.ts'

const ID = '20261122T101500.123456-x7f2k9'

function hash(kind: string, data: string): string {
  return createHash(kind).update(data).digest('hex')
}

async function prepared(root: string, ...args: string[]): Promise<string> {
  const said = await rq(root, ['prep', 'q', ...args])
  expect(said).toMatchObject({ code: 0, stderr: '' })
  return said.lines[0] ?? '?'
}

function file(root: string, name: string, text: string): string {
  const path = join(root, name)
  writeFileSync(path, text)
  return path
}

describe('an item in three steps', () => {
  it('is invisible to workers, listed as building, and whole once it is committed', async () => {
    const { root, queue } = rootWithQueue()
    const id = await prepared(
      root,
      '--param1',
      'x',
      '--param',
      'a=b',
      '--src',
      'here',
      '-p',
      '2',
      '--tag',
      'eu',
      '--at',
      '@1800000000',
    )
    expect(namesIn(queue, 'prep')).toEqual([`${id},p2,t1800000000,+eu`])
    expect(namesIn(queue, 'que')).toEqual([])
    expect((await rq(root, ['ls', 'q', 'building', '--ids'])).lines).toEqual([id])
    expect((await rq(root, ['why', id])).stdout).toContain('rq commit')
    const said = await rq(root, ['attach', id, file(root, 'a b', 'one'), file(root, 'c', '')])
    expect(said).toMatchObject({ code: 0, stderr: '' })
    expect(said.lines).toEqual(
      ['one', ''].map((text, at) => `${['a b', 'c'][at]} ${text.length} ${hash('sha256', text)} ${hash('md5', text)}`),
    )
    expect(await rq(root, ['commit', id])).toMatchObject({ code: 0, lines: [id], stderr: '' })
    expect(namesIn(queue, 'prep')).toEqual([])
    const item = contents(join(queue, 'que', `${id},p2,t1800000000,+eu`)) as { msg: string }
    expect(item).toMatchObject({ attach: { 'a b': 'one', c: '' } })
    expect(JSON.parse(item.msg)).toEqual({ param1: 'x', params: { a: 'b' }, src: 'here' })
  })
  it('needs no files, and runs', async () => {
    const root = tempRoot()
    const queue = makeQueue(root, 'q', '#!/bin/sh\nprintf %s "$RQ_PARAM1" > "$RQ_RESULT"\n')
    const daemon = await startDaemon(root)
    const id = await prepared(root, '--param1', '7')
    await rq(root, ['attach', id, file(root, 'f', 'x')])
    await rq(root, ['commit', id])
    expect(await rq(root, ['wait', id, '--timeout', '30s'])).toMatchObject({ code: 0 })
    expect((await rq(root, ['result', id])).stdout).toBe('7\n')
    // What is done was committed, too.
    expect(await rq(root, ['commit', id])).toMatchObject({
      code: 0,
      lines: [id],
      stderr: expect.stringContaining('already committed'),
    })
    expect(namesIn(queue, 'que')).toEqual([])
    await daemon.stop()
  })
  it('is committed once, however often it is asked for and wherever it lies by then', async () => {
    const { root, queue } = rootWithQueue()
    const other = makeQueue(root, 'other')
    const id = await prepared(root)
    const commits = await Promise.all(Array.from({ length: 8 }, () => rq(root, ['commit', id])))
    expect(commits.map(({ code, lines }) => [code, ...lines])).toEqual(commits.map(() => [0, id]))
    expect(commits.filter(({ stderr }) => !stderr.includes('already committed'))).toHaveLength(1)
    for (const step of [
      ['hold', id],
      ['release', id],
      ['move', id, '--priority', '1'],
      ['move', id, '--to', 'other'],
    ]) {
      await rq(root, step)
      const said = await rq(root, ['commit', id, '--json'])
      expect(JSON.parse(said.stdout)).toMatchObject({ id, already: true })
    }
    expect([...namesIn(queue, 'que'), ...namesIn(queue, 'prep')]).toEqual([])
    expect(namesIn(other, 'que')).toEqual([`${id},p1`])
    await rq(root, ['rm', id])
    expect(await rq(root, ['commit', id])).toMatchObject({ code: 66, stdout: '' })
  })
  it('is made once with an id, whether it is a draft or published by then', async () => {
    const { root, queue } = rootWithQueue()
    const made = await Promise.all([1, 2, 3, 4].map(() => rq(root, ['prep', 'q', '--id', ID, '--param1', 'x'])))
    expect(made.map(({ code, lines }) => [code, ...lines])).toEqual(made.map(() => [0, ID]))
    expect(namesIn(queue, 'prep')).toEqual([ID])
    await rq(root, ['commit', ID])
    expect(await rq(root, ['prep', 'q', '--id', ID])).toMatchObject({
      code: 0,
      lines: [ID],
      stderr: expect.stringContaining('exists already'),
    })
    expect([namesIn(queue, 'prep'), namesIn(queue, 'que')]).toEqual([[], [ID]])
  })
  it('is not published beside another item of its id, nor taken for it', async () => {
    const { root, queue } = rootWithQueue()
    await prepared(root, '--id', ID)
    expect(await rq(root, ['inject', 'q', '--id', ID])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is a draft'),
    })
    for (const name of [ID, `${ID}.msg`]) {
      writeFileSync(join(queue, 'que', name), '{}')
      expect(await rq(root, ['commit', ID])).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('stays a draft'),
      })
      expect([namesIn(queue, 'prep'), namesIn(queue, 'que')]).toEqual([[ID], [name]])
      rmSync(join(queue, 'que', name))
    }
    expect(await rq(root, ['commit', ID])).toMatchObject({ code: 0, lines: [ID] })
  })
  it('is removed to the trash, and comes back from there', async () => {
    const { root, queue } = rootWithQueue()
    const id = await prepared(root)
    await rq(root, ['attach', id, file(root, 'f', 'x')])
    expect(await rq(root, ['rm', id])).toMatchObject({ code: 0 })
    expect(namesIn(queue, 'prep')).toEqual([])
    expect(await rq(root, ['commit', id])).toMatchObject({ code: 66 })
    await rq(root, ['undo'])
    expect(contents(join(queue, 'prep', id))).toMatchObject({ attach: { f: 'x' } })
    expect(await rq(root, ['commit', id])).toMatchObject({ code: 0, lines: [id] })
  })
  it('is either removed or committed, and never both or half', async () => {
    const { root, queue } = rootWithQueue()
    for (let round = 0; round < 6; round += 1) {
      const id = await prepared(root)
      const [removed, committed] = await Promise.all([rq(root, ['rm', id]), rq(root, ['commit', id])])
      const waits = namesIn(queue, 'que').includes(id)
      expect(namesIn(queue, 'prep')).toEqual([])
      if (waits) expect([committed.code, removed.code]).toEqual([0, 66])
      else expect(removed.code).toBe(0)
      await rq(root, ['rm', id])
    }
  })
})

describe('a queue that takes nothing', () => {
  it('is down: neither prep nor commit, but what was committed is so', async () => {
    const { root, queue } = rootWithQueue()
    const id = await prepared(root)
    const before = await prepared(root)
    await rq(root, ['commit', before])
    writeFileSync(join(queue, '_down'), '')
    expect(await rq(root, ['prep', 'q'])).toMatchObject({ code: 75, stdout: '' })
    expect(await rq(root, ['commit', id])).toMatchObject({ code: 75, stdout: '' })
    expect(await rq(root, ['commit', before])).toMatchObject({ code: 0 })
    expect(namesIn(queue, 'prep')).toEqual([id])
  })
  it('has a hook that says no: the draft stays, and may be changed', async () => {
    const { root, queue } = rootWithQueue()
    addHook(queue, 'enqueue', 'case "$*" in *bad*) echo "no bad files" >&2; exit 1;; esac')
    const id = await prepared(root)
    await rq(root, ['attach', id, file(root, 'bad', 'x'), file(root, 'good', 'y')])
    expect(await rq(root, ['commit', id])).toMatchObject({ code: 1, stderr: expect.stringContaining('no bad files') })
    expect(namesIn(queue, 'prep')).toEqual([id])
    expect(await rq(root, ['attach', id, '--remove', 'bad'])).toMatchObject({ code: 0, lines: ['bad removed'] })
    expect(await rq(root, ['commit', id])).toMatchObject({ code: 0, lines: [id] })
    expect(readdirSync(join(queue, 'que', id, 'attach'))).toEqual(['good'])
  })
  it('refuses a mistake before anything is made', async () => {
    const { root, queue } = rootWithQueue()
    const large = 'x'.repeat(120_000)
    const nine = Array.from({ length: 9 }, (_, at) => ['--param', `k${at}=${large}`]).flat()
    expect(await rq(root, ['prep', 'q', ...nine, '--param1', large])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('larger than'),
    })
    expect(await rq(root, ['prep', 'q', '--in', '1h', '--at', '10:00'])).toMatchObject({ code: 2 })
    expect(await rq(root, ['prep', 'q', '--id', 'x'])).toMatchObject({ code: 2 })
    expect(await rq(root, ['prep', 'nowhere'])).toMatchObject({ code: 66 })
    expect(namesIn(queue, 'prep')).toEqual([])
  })
})

describe('an attachment', () => {
  it('may come again; another file of its name is refused, and nothing is overwritten', async () => {
    const { root, queue } = rootWithQueue()
    const id = await prepared(root)
    const put = (text: string) => rq(root, ['attach', id, '-', '--name', 'f', '--json'], { input: text })
    expect(JSON.parse((await put('one')).stdout)).toMatchObject({ queue: 'q', id, name: 'f', size: 3, existed: false })
    expect(JSON.parse((await put('one')).stdout)).toMatchObject({ existed: true, sha256: hash('sha256', 'one') })
    expect(await put('two')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('another file') })
    expect(namesIn(queue, `prep/${id}/attach`)).toEqual(['f'])
    expect(contents(join(queue, 'prep', id))).toMatchObject({ attach: { f: 'one' } })
    expect(namesIn(queue, 'prep')).toEqual([id])
  })
  it('that is not what it was said to be leaves nothing behind', async () => {
    const { root, queue } = rootWithQueue()
    const id = await prepared(root)
    const path = file(root, 'f', 'text')
    expect(await rq(root, ['attach', id, path, '--sha256', hash('sha256', 'other')])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('its sha256 is'),
    })
    expect(namesIn(queue, 'prep')).toEqual([id])
    expect(readdirSync(join(queue, 'prep', id))).toEqual(['msg'])
    expect(await rq(root, ['attach', id, path, '--sha256', hash('sha256', 'text').toUpperCase()])).toMatchObject({
      code: 0,
    })
  })
  it.each([
    ['empty', '', 2],
    ['.', '.', 2],
    ['..', '..', 2],
    ['a path', 'a/b', 2],
    ['a way out', '../../que/x', 2],
    ['an absolute path', '/etc/passwd', 2],
    ['300 bytes', 'n'.repeat(300), 2],
    ['hidden', '.hidden', 0],
    ['a part', 'x.part', 0],
    ['a newline', 'new\nline', 0],
    ['255 bytes', 'n'.repeat(255), 0],
    ['an option', '-rf', 0],
    ['percent', '%2e%2e', 0],
  ])('named %s is taken byte for byte, or refused', async (_what, name, code) => {
    const { root, queue } = rootWithQueue()
    const id = await prepared(root)
    const before = namesIn(root, '.')
    expect(await rq(root, ['attach', id, '-', `--name=${name}`], { input: 'x' })).toMatchObject({ code })
    expect(namesIn(queue, 'prep')).toEqual([id])
    expect(namesIn(queue, `prep/${id}/attach`)).toEqual(code === 0 ? [name] : [])
    expect(namesIn(root, '.')).toEqual(before)
    if (code !== 0) return
    await rq(root, ['commit', id])
    expect(namesIn(queue, `que/${id}/attach`)).toEqual([name])
    expect(await rq(root, ['cat', id, '--', name])).toMatchObject({ code: 0, stdout: 'x' })
  })
  it('of a name that is not UTF-8 keeps its bytes', async () => {
    const { root, queue } = rootWithQueue()
    const id = await prepared(root)
    const said = await runProgram(
      'sh',
      ['-c', `printf x | "$0" ${process.cwd()}/bin/rq attach ${id} - --name "$(printf 'caf\\351')"`, process.execPath],
      { env: { RQ_ROOT: root } },
    )
    expect(said).toMatchObject({ code: 0, stdout: expect.stringMatching(/^caf%E9 1 /) })
    const names = readdirSync(join(queue, 'prep', id, 'attach'), { encoding: 'latin1' })
    expect(names).toEqual(['caf\xe9'])
    await rq(root, ['commit', id])
    expect(await rq(root, ['cat', id, 'caf%E9'])).toMatchObject({ code: 0, stdout: 'x' })
  })
  it('goes into nothing but a draft', async () => {
    const { root, queue } = rootWithQueue()
    const id = await prepared(root)
    await rq(root, ['commit', id])
    expect(await rq(root, ['attach', id, file(root, 'f', 'x')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is no draft'),
    })
    mkdirSync(join(queue, 'prep', ID))
    expect(await rq(root, ['attach', ID, file(root, 'f', 'x')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no msg'),
    })
    expect(await rq(root, ['commit', ID])).toMatchObject({ code: 1, stderr: expect.stringContaining('no msg') })
    expect(await rq(root, ['attach', 'nowhere', file(root, 'f', 'x')])).toMatchObject({ code: 66 })
    expect(readdirSync(join(queue, 'prep'))).toEqual([ID])
  })
  it('follows no link that lies in its way', async () => {
    const { root, queue } = rootWithQueue()
    const outside = join(root, 'outside')
    mkdirSync(outside)
    const id = await prepared(root)
    symlinkSync(outside, join(queue, 'prep', id, 'attach'))
    expect(await rq(root, ['attach', id, file(root, 'f', 'x')])).toMatchObject({ code: 1 })
    expect(await rq(root, ['commit', id])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('attach is not a directory'),
    })
    expect(readdirSync(outside)).toEqual([])

    const linked = await prepared(root)
    await rq(root, ['attach', linked, file(root, 'f', 'x')])
    symlinkSync('/etc/hostname', join(queue, 'prep', linked, 'attach', 'link'))
    expect(await rq(root, ['attach', linked, '-', '--name', 'link'], { input: 'x' })).toMatchObject({ code: 1 })
    expect(await rq(root, ['commit', linked])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not a regular file'),
    })
    expect(await rq(root, ['cat', linked, 'link'])).toMatchObject({ code: 1, stdout: '' })
    expect(namesIn(queue, 'que')).toEqual([])
    // A draft that is a link itself is none.
    symlinkSync(join(queue, 'prep', linked), join(queue, 'prep', ID))
    expect(await rq(root, ['commit', ID])).toMatchObject({ code: 1, stderr: expect.stringContaining('no directory') })
  })
  it('is a regular file, or stdin', async () => {
    const { root } = rootWithQueue()
    const id = await prepared(root)
    expect(await rq(root, ['attach', id, root])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not a regular file'),
    })
    expect(await rq(root, ['attach', id, '/dev/zero'])).toMatchObject({ code: 1 })
    expect(await rq(root, ['attach', id, join(root, 'none')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no such file'),
    })
    expect(await rq(root, ['attach', id, '-'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--name') })
    expect(await rq(root, ['attach', id])).toMatchObject({ code: 2 })
    expect(await rq(root, ['attach', id, '--remove', 'none'])).toMatchObject({ code: 66 })
    expect(await rq(root, ['attach', id, '--remove', '../msg'])).toMatchObject({ code: 2 })
  })
})

describe('a draft that nobody comes back to', () => {
  it('goes when nothing in it has changed for so long, whatever times it was given', async () => {
    const { root, queue } = rootWithQueue({ keep: { prep: '1h' } })
    const id = await prepared(root)
    await rq(root, ['attach', id, file(root, 'f', 'x')])
    writeFileSync(join(queue, 'prep', '.attach-left.part'), 'half')
    for (const path of [id, `${id}/msg`, `${id}/attach`, `${id}/attach/f`]) utimesSync(join(queue, 'prep', path), 1, 1)
    expect(await rq(root, ['clean', 'q'])).toMatchObject({ code: 0 })
    expect(namesIn(queue, 'prep')).toEqual(['.attach-left.part', id])
    writeFileSync(join(queue, 'config.json'), JSON.stringify({ keep: { prep: '1ms' } }))
    expect(await rq(root, ['clean', 'q'])).toMatchObject({ code: 0 })
    expect(namesIn(queue, 'prep')).toEqual([])
    expect(await rq(root, ['commit', id])).toMatchObject({ code: 66 })
  })
  it('is none while it is being built elsewhere: what has no id is published by its maker', async () => {
    const { root, queue } = rootWithQueue()
    await prepared(root)
    mkdirSync(join(queue, 'prep', 'mine'))
    writeFileSync(join(queue, 'prep', 'mine', 'msg'), '{}')
    expect(await rq(root, ['commit', 'q/mine'])).toMatchObject({ code: 1, stderr: expect.stringContaining('no draft') })
    expect(namesIn(queue, 'que')).toEqual([])
  })
})
