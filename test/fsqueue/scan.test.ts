import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { QueueIoError } from '../../src/fsqueue/errors.ts'
import { type BytePath, fsPath, place, stateDir, toBytes } from '../../src/fsqueue/place.ts'
import { buckets, countItems, directoryMark, hasItems, itemsOf, scanPages } from '../../src/fsqueue/scan.ts'
import { drop, makeQueue, tempDir } from './support.ts'

function scanned(path: BytePath): string[] {
  return [...scanPages(path)].flat().toSorted()
}

describe('a scan', () => {
  it('lists visible names, byte for byte', () => {
    const test = makeQueue()
    const all = ['a', 'a b', '-x', 'new\nline', 'caf\xe9', 'x,p1', 'x'.repeat(255)]
    for (const name of [...all, '.hidden', 'x.tmp', 'x.part', 'y.tmp,p1']) drop(test, name)
    mkdirSync(fsPath(place(test.queue, 'que', 'dir')))
    expect(scanned(stateDir(test.queue, 'que'))).toEqual([...all, 'dir'].toSorted())
  })
  it('of a directory that is not there lists nothing', () => {
    expect(scanned('/nowhere/at/all' as BytePath)).toEqual([])
    expect(directoryMark('/nowhere/at/all' as BytePath)).toBeUndefined()
    expect(hasItems('/nowhere/at/all' as BytePath)).toBe(false)
  })
  it('of a file is an error', () => {
    const test = makeQueue()
    writeFileSync(`${test.path}/file`, '')
    expect(() => scanned(`${test.path}/file` as BytePath)).toThrow(QueueIoError)
    expect(hasItems(`${test.path}/file` as BytePath)).toBe(false)
  })
  it('may be left in the middle, and frees its descriptor', () => {
    const test = makeQueue()
    for (let i = 0; i < 3; i += 1) drop(test, `f${i}`)
    for (let i = 0; i < 50; i += 1) for (const _ of scanPages(stateDir(test.queue, 'que'))) break
    expect(openDescriptors(`${test.path}/que`)).toBe(0)
  })
  it('sees nothing where only hidden names are', () => {
    const test = makeQueue()
    for (let i = 0; i < 1500; i += 1) drop(test, `.h${i}`)
    expect(hasItems(stateDir(test.queue, 'que'))).toBe(false)
    drop(test, 'seen')
    expect(hasItems(stateDir(test.queue, 'que'))).toBe(true)
  })
})

/** How many descriptors of this process are open on a path. */
function openDescriptors(path: string): number {
  const listing = execFileSync('ls', ['-l', `/proc/${process.pid}/fd`], { encoding: 'utf8' })
  return listing.split('\n').filter((line) => line.endsWith(` -> ${path}`)).length
}

it('100,000 names come in bounded pages, each once, and take no memory that stays', () => {
  // In memory where there is such a place: making so many takes a slow disk a minute.
  const dir = toBytes(tempDir(existsSync('/dev/shm') ? '/dev/shm' : undefined)) as BytePath
  const count = 100_000
  execFileSync('perl', [
    '-e',
    `chdir shift; for (1 .. ${count}) { open(my $f, ">", "item-of-some-length-$_"); close $f }`,
    dir,
  ])
  let seen = 0
  let largest = 0
  let sum = 0
  let peak = 0
  const before = process.memoryUsage().heapUsed
  for (const page of scanPages(dir)) {
    seen += page.length
    largest = Math.max(largest, page.length)
    for (const name of page) sum += Number(name.slice('item-of-some-length-'.length))
    peak = Math.max(peak, process.memoryUsage().heapUsed - before)
  }
  expect(seen).toBe(count)
  expect(sum).toBe((count * (count + 1)) / 2)
  expect(largest).toBeLessThanOrEqual(1024)
  // All of the names at once are 13 MB and more; garbage of some pages may be there.
  expect(peak).toBeLessThan(64 * 1024 * 1024)
}, 60_000)

describe('finished items', () => {
  it('come newest first, by day and minute', () => {
    const test = makeQueue()
    for (const bucket of ['20261121/2359', '20261122/0001', '20261122/0000', 'notes/x', '20261122/abc']) {
      mkdirSync(`${test.path}/done/${bucket}`, { recursive: true })
      writeFileSync(`${test.path}/done/${bucket}/item`, '')
    }
    const found = [...itemsOf(test.queue, 'done')].map((item) => item.bucket)
    expect(found).toEqual(['20261122/0001', '20261122/0000', '20261121/2359'])
    expect([...buckets(test.queue, 'done')]).toEqual(found)
    expect(countItems(itemsOf(test.queue, 'done'), 2)).toBe(2)
    expect(countItems(itemsOf(test.queue, 'done'), 99)).toBe(3)
  })
  it('of a state without buckets lie flat', () => {
    const test = makeQueue()
    drop(test, 'a')
    expect([...itemsOf(test.queue, 'que')]).toEqual([{ state: 'que', raw: 'a', bucket: undefined }])
  })
})

it('a directory tells by its time that something came or went', () => {
  const test = makeQueue()
  const dir = stateDir(test.queue, 'que')
  const before = directoryMark(dir)?.mtime
  execFileSync('sleep', ['0.02'])
  drop(test, 'x')
  expect(directoryMark(dir)?.mtime).not.toBe(before)
})
