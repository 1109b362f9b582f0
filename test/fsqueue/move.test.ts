import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { State } from '../../src/domain/item.ts'
import { parseItemName } from '../../src/domain/name.ts'
import { QueueIoError } from '../../src/fsqueue/errors.ts'
import { linkMove, moveNew, removeEmptyDir, removeFile, rename } from '../../src/fsqueue/files.ts'
import { dropEmptyBucket, moveItem } from '../../src/fsqueue/move.ts'
import { type BytePath, toBytes } from '../../src/fsqueue/place.ts'
import type { Located } from '../../src/fsqueue/scan.ts'
import { loadNative, type Native } from '../../src/os/native.ts'
import { makeQueue, mkfifo, NOW, newId, perl, raw, state, type TestQueue, tempDir, tree } from './support.ts'

const native = await loadNative()
const WAYS: [way: string, native: Native | undefined][] = [['with link and unlink', undefined]]
if (native !== undefined) WAYS.push(['with renameat2', native])

/** A file system without RENAME_NOREPLACE answers so. */
const EINVAL = 22
if (native !== undefined) WAYS.push(['with a renameat2 that fails', { ...native, renameNoReplace: () => EINVAL }])

function path(text: string): BytePath {
  return toBytes(text) as BytePath
}

describe.each(WAYS)('%s, a move that overwrites nothing', (_way, using) => {
  function setUp() {
    const dir = tempDir()
    writeFileSync(`${dir}/file`, 'mine')
    mkdirSync(`${dir}/dir`)
    writeFileSync(`${dir}/dir/in`, 'mine')
    return { dir, move: (from: string, to: string) => moveNew(path(`${dir}/${from}`), path(`${dir}/${to}`), using) }
  }
  it('moves a file and a directory', () => {
    const { dir, move } = setUp()
    expect([move('file', 'a'), move('dir', 'b')]).toEqual(['moved', 'moved'])
    expect(tree(dir)).toEqual(['a=mine', 'b/', 'b/in=mine'])
  })
  it('moves what has a name that is not UTF-8', () => {
    const { dir } = setUp()
    expect(moveNew(path(`${dir}/file`), `${toBytes(dir)}/caf\xe9` as BytePath, using)).toBe('moved')
    expect(tree(dir)).toContain('caf\xe9=mine')
  })
  it('answers that the source is gone', () => {
    const { move } = setUp()
    expect(move('nothing', 'a')).toBe('gone')
  })
  it.each<[sentence: string, from: string, make: (to: string) => void]>([
    ['a file over a file', 'file', (to) => writeFileSync(to, 'other')],
    ['a file over an empty file', 'file', (to) => writeFileSync(to, '')],
    ['a file over an empty directory', 'file', (to) => mkdirSync(to)],
    ['a directory over an empty directory', 'dir', (to) => mkdirSync(to)],
    ['a directory over a file', 'dir', (to) => writeFileSync(to, 'other')],
    ['a file over a dangling link', 'file', (to) => symlinkSync('nowhere', to)],
    ['a directory over a link to a directory', 'dir', (to) => symlinkSync('.', to)],
    ['a file over a FIFO', 'file', (to) => mkfifo(to)],
  ])('does not put %s', (_sentence, from, make) => {
    const { dir, move } = setUp()
    make(`${dir}/to`)
    const before = tree(dir)
    expect(move(from, 'to')).toBe('taken')
    expect(tree(dir)).toEqual(before)
  })
  it('does not pretend to move a file onto another name of itself', () => {
    const { dir, move } = setUp()
    linkSync(`${dir}/file`, `${dir}/to`)
    expect(move('file', 'to')).toBe('taken')
    expect(tree(dir)).toContain('file=mine')
  })
  it('is an error when the target directory is missing: the source is not gone', () => {
    const { move } = setUp()
    expect(() => move('file', 'nowhere/a')).toThrow(QueueIoError)
    expect(() => move('dir', 'nowhere/a')).toThrow(QueueIoError)
  })
  it('moves a FIFO and a link as they are', () => {
    const { dir, move } = setUp()
    mkfifo(`${dir}/pipe`)
    symlinkSync('nowhere', `${dir}/link`)
    expect([move('pipe', 'a'), move('link', 'b')]).toEqual(['moved', 'moved'])
    expect(tree(dir)).toEqual(expect.arrayContaining(['a (special)', 'b (special)']))
  })
})

it('of two that move files onto the same names, one wins each name, and no file is lost', async () => {
  const dir = tempDir()
  for (const who of ['a', 'b', 'to']) mkdirSync(`${dir}/${who}`)
  const count = 1500
  for (let i = 0; i < count; i += 1) for (const who of ['a', 'b']) writeFileSync(`${dir}/${who}/${i}`, who)
  // The rival does as rqd does: link(2), then unlink(2).
  const rival = perl(
    `my $d = shift; for my $i (reverse 0 .. ${count - 1}) { unlink("$d/a/$i") if link("$d/a/$i", "$d/to/$i") }`,
    dir,
  )
  for (let i = 0; i < count; i += 1) {
    linkMove(path(`${dir}/b/${i}`), path(`${dir}/to/${i}`))
    if (i % 50 === 0) await new Promise((done) => setImmediate(done))
  }
  await rival
  for (let i = 0; i < count; i += 1) {
    const winner = readFileSync(`${dir}/to/${i}`, 'utf8')
    expect(existsSync(`${dir}/${winner}/${i}`)).toBe(false)
    expect(existsSync(`${dir}/${winner === 'a' ? 'b' : 'a'}/${i}`)).toBe(true)
  }
})

describe('a plain rename', () => {
  it('tells a source that is gone from a target that is missing', () => {
    const dir = tempDir()
    writeFileSync(`${dir}/a`, '')
    expect(rename(path(`${dir}/b`), path(`${dir}/c`))).toBe('gone')
    expect(rename(path(`${dir}/b`), path(`${dir}/no/c`))).toBe('gone')
    expect(() => rename(path(`${dir}/a`), path(`${dir}/no/c`))).toThrow(/ENOENT/)
    expect(rename(path(`${dir}/a`), path(`${dir}/c`))).toBe('moved')
  })
})

describe('removing', () => {
  it('tells what was there from what was not', () => {
    const dir = tempDir()
    writeFileSync(`${dir}/a`, '')
    mkdirSync(`${dir}/full`)
    writeFileSync(`${dir}/full/x`, '')
    expect([removeFile(path(`${dir}/a`)), removeFile(path(`${dir}/a`))]).toEqual([true, false])
    expect(removeEmptyDir(path(`${dir}/full`))).toBe(false)
    rmSync(`${dir}/full/x`)
    expect([removeEmptyDir(path(`${dir}/full`)), removeEmptyDir(path(`${dir}/full`))]).toEqual([true, false])
  })
})

describe.each(WAYS)('%s, an item', (_way, using) => {
  const context = () => ({ now: NOW, newId, native: using })
  function put(test: TestQueue, where: State, name: string, bucket?: string): Located {
    const dir = [test.path, where, bucket].filter((part) => part !== undefined).join('/')
    mkdirSync(`${dir}/${name}`, { recursive: true })
    writeFileSync(`${dir}/${name}/msg`, name)
    return { state: where, raw: raw(name), bucket }
  }

  it('goes to done by the minute it finished', () => {
    const test = makeQueue()
    const id = newId()
    const moved = moveItem(test.queue, put(test, 'run', `${id},p1`), { state: 'done' }, context())
    expect(moved).toMatchObject({ kind: 'moved', at: { state: 'done', raw: `${id},p1`, bucket: '20261122/1015' } })
    expect(state(test, 'done')).toContain(`20261122/1015/${id},p1/msg=${id},p1`)
    expect(moved.kind === 'moved' && moved.madeDirs.map((dir) => dir.slice(test.path.length))).toEqual([
      '/done/20261122/1015',
      '/done/20261122',
      '/done',
    ])
  })
  it('goes back to que with a time, and keeps its priority and tags', () => {
    const test = makeQueue()
    const id = newId()
    const moved = moveItem(test.queue, put(test, 'run', `${id},p1,+x`), { state: 'que', due: 77 }, context())
    expect(moved).toMatchObject({ at: { raw: `${id},p1,t77,+x` } })
  })
  it('loses its time when it is not told again', () => {
    const test = makeQueue()
    const id = newId()
    expect(moveItem(test.queue, put(test, 'que', `${id},t77`), { state: 'pause' }, context())).toMatchObject({
      at: { raw: id },
    })
  })
  it('comes back from done under its id', () => {
    const test = makeQueue()
    const id = newId()
    const from = put(test, 'done', id, '20260101/0000')
    expect(moveItem(test.queue, from, { state: 'que', priority: 0 }, context())).toMatchObject({
      at: { raw: `${id},p0` },
    })
    dropEmptyBucket(test.queue, 'done', '20260101/0000')
    expect(state(test, 'done')).toEqual([])
  })
  it('whose name is taken gets a fresh id, and nothing is overwritten', () => {
    const test = makeQueue()
    const id = newId('x.csv')
    const from = put(test, 'run', id)
    mkdirSync(`${test.path}/_err/${id}`)
    const moved = moveItem(test.queue, from, { state: '_err' }, context())
    if (moved.kind !== 'moved') throw new Error(moved.kind)
    const other = parseItemName(moved.at.raw).id
    expect(other).toMatch(/-x\.csv$/)
    expect(other).not.toBe(id)
    expect(state(test, '_err')).toContain(`${other}/msg=${id}`)
  })
  it('that is a message stays one under its fresh id', () => {
    const test = makeQueue()
    const id = newId()
    writeFileSync(`${test.path}/que/${id}.msg`, '{}')
    writeFileSync(`${test.path}/pause/${id}.msg`, 'other')
    const moved = moveItem(
      test.queue,
      { state: 'que', raw: raw(`${id}.msg`), bucket: undefined },
      { state: 'pause' },
      context(),
    )
    if (moved.kind !== 'moved') throw new Error(moved.kind)
    expect(parseItemName(moved.at.raw)).toMatchObject({ isMessage: true, id: expect.stringMatching(/^2026/) })
  })
  it('that somebody else took is gone', () => {
    const test = makeQueue()
    const from = put(test, 'que', newId())
    renameSync(`${test.path}/que/${from.raw}`, `${test.path}/elsewhere`)
    expect(moveItem(test.queue, from, { state: 'pause' }, context())).toEqual({ kind: 'gone' })
  })
})
