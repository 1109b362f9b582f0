import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { QueueIoError } from '../../src/fsqueue/errors.ts'
import { type BytePath, fsPath, toBytes } from '../../src/fsqueue/place.ts'
import { makeSyncer, type Syncer, syncInOrder, treeOf } from '../../src/fsqueue/sync.ts'
import { loadNative, type Native } from '../../src/os/native.ts'
import { mkfifo, tempDir } from './support.ts'

const native = await loadNative()
const open: number[] = []

afterEach(() => {
  for (const fd of open.splice(0)) closeSync(fd)
})

/** What lies in memory has nothing to sync: these tests want a disk. */
const IN_MEMORY = [0x01021994, 0x858458f6]
const isOnDisk = (dir: string) => !IN_MEMORY.includes(statfsSync(dir).type)
const DISK = [tmpdir(), '/var/tmp', import.meta.dirname].find(isOnDisk)

function files(count: number): { dir: string; paths: BytePath[] } {
  const dir = tempDir(DISK)
  const paths = Array.from({ length: count }, (_, i) => `${toBytes(dir)}/caf\xe9 ${i}` as BytePath)
  for (const path of paths) writeFileSync(fsPath(path), 'x')
  return { dir, paths }
}

/** A syncer on the directory's file system, which counts how often the whole of it was flushed. */
function syncer(
  dir: string,
  durability: 'full' | 'group' | 'none',
  fails = false,
): { syncer: Syncer; flushed: () => number } {
  const fd = openSync(dir, 'r')
  open.push(fd)
  let flushed = 0
  const counting: Native | undefined = native && {
    ...native,
    syncfs: async (of) => {
      flushed += 1
      if (fails) throw new Error('5')
      await native.syncfs(of)
    },
  }
  return { syncer: makeSyncer(durability, fd, counting), flushed: () => flushed }
}

/** Root may read anything: as somebody else, whose the directory is. */
async function asNobody<T>(dir: string, act: () => T | Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return act()
  const NOBODY = 65534
  for (const name of ['.', ...readdirSync(dir, 'latin1')])
    chownSync(Buffer.from(`${dir}/${name}`, 'latin1'), NOBODY, NOBODY)
  process.seteuid?.(NOBODY)
  try {
    return await act()
  } finally {
    process.seteuid?.(0)
  }
}

describe.runIf(DISK !== undefined)('syncing', () => {
  it.each(['full', 'group', 'none'] as const)('with durability %s ends', async (durability) => {
    const { dir, paths } = files(40)
    await syncer(dir, durability).syncer.sync([...paths, toBytes(dir) as BytePath])
  })
  it('leaves out what vanished, links, and does not wait for a FIFO', async () => {
    const { dir, paths } = files(1)
    symlinkSync('nowhere', `${dir}/link`)
    const more = [`${dir}/gone`, `${dir}/link`].map((path) => toBytes(path) as BytePath)
    await syncer(dir, 'full').syncer.sync([...paths, ...more])
  })
  it('reports what cannot be synced, by its path', async () => {
    const { dir, paths } = files(1)
    // What a disk that fails does, a name in what is no directory does here.
    const bad = `${paths[0]}/x` as BytePath
    const failure = await syncer(dir, 'full')
      .syncer.sync([...paths, bad])
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(QueueIoError)
    expect(failure).toMatchObject({ code: 'ENOTDIR', path: bad })
  })
  it('ends with what lies deeper than any path is long', async () => {
    const { dir } = files(1)
    const deeper = 'i=0; while [ $i -lt 700 ]; do mkdir longlong && cd -P longlong && i=$((i+1)); done; : > file'
    execFileSync('sh', ['-c', deeper], { cwd: dir })
    const all = treeOf(toBytes(dir) as BytePath)
    expect(all.length).toBeGreaterThan(400)
    for (const durability of ['full', 'group'] as const) await syncer(dir, durability).syncer.syncGroup(1, () => all)
    execFileSync('rm', ['-r', dir])
  })
  it('of nothing is nothing', async () => {
    const { dir } = files(0)
    await syncer(dir, 'full').syncer.sync([])
  })
})

describe.runIf(native !== undefined && DISK !== undefined)('the whole file system is flushed', () => {
  it('for many things at once, never one by one and never twice', async () => {
    const { dir, paths } = files(50)
    const { syncer: group, flushed } = syncer(dir, 'group')
    await group.sync(paths)
    expect(flushed()).toBe(1)
  })
  it('not for a few', async () => {
    const { dir, paths } = files(2)
    const { syncer: group, flushed } = syncer(dir, 'group')
    await group.sync(paths)
    expect(flushed()).toBe(0)
  })
  it('never where every file is to be synced by itself', async () => {
    const { dir, paths } = files(50)
    const { syncer: full, flushed } = syncer(dir, 'full')
    await full.sync(paths)
    expect(flushed()).toBe(0)
  })
  it('and a failure of that is a failure', async () => {
    const { dir, paths } = files(50)
    const failure = await syncer(dir, 'group', true)
      .syncer.sync(paths)
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'QueueIoError', operation: 'syncfs' })
  })
})

describe.runIf(native !== undefined && DISK !== undefined)('what a handler made unreadable for us', () => {
  const unreadable = () => {
    const { dir, paths } = files(2)
    mkdirSync(`${dir}/dir`)
    for (const name of [paths[1] ?? '', toBytes(`${dir}/dir`)]) chmodSync(fsPath(name as BytePath), 0)
    return { dir, paths }
  }
  it('holds up no verdict: the whole file system is flushed for it', async () => {
    const { dir, paths } = unreadable()
    const { syncer: full, flushed } = syncer(dir, 'full')
    await asNobody(dir, () => full.sync(paths))
    expect(flushed()).toBe(1)
  })
  it('holds up none either where the system call cannot be made', async () => {
    const { dir, paths } = unreadable()
    const fd = openSync(dir, 'r')
    open.push(fd)
    await makeSyncer('full', fd, undefined).sync(paths)
    await asNobody(dir, () => makeSyncer('full', fd, undefined).sync(paths))
  })
  it('is named with what lies in a directory that may be listed and not entered', async () => {
    const { dir } = files(0)
    mkdirSync(`${dir}/dir`)
    writeFileSync(`${dir}/dir/x`, '')
    chmodSync(`${dir}/dir`, 0o644)
    await asNobody(dir, async () => {
      const all = treeOf(toBytes(dir) as BytePath)
      expect(all.map((path) => path.slice(dir.length))).toEqual(['', '/dir', '/dir/x'])
      const { syncer: full, flushed } = syncer(dir, 'full')
      await full.sync(all)
      expect(flushed()).toBe(1)
    })
  })
  it('is part of its item, with nothing under it', () => {
    const { dir } = unreadable()
    return asNobody(dir, () => {
      const found = treeOf(toBytes(dir) as BytePath)
      expect(found).toHaveLength(4)
    })
  })
  it('fails what a person asked for', async () => {
    const { dir, paths } = unreadable()
    const failure = await asNobody(dir, () => syncInOrder(paths).catch((error: unknown) => error))
    expect(failure).toMatchObject({ name: 'QueueIoError', code: 'EACCES', path: paths[1] })
  })
})

describe('all of an item', () => {
  it('is its files and directories, not its links and pipes', () => {
    const { dir } = files(0)
    mkdirSync(`${dir}/job/deep`, { recursive: true })
    writeFileSync(`${dir}/job/deep/x`, '')
    writeFileSync(`${dir}/msg`, '')
    symlinkSync('/etc', `${dir}/link`)
    mkfifo(`${dir}/pipe`)
    const found = treeOf(toBytes(dir) as BytePath).map((path) => path.slice(dir.length))
    expect(found.toSorted()).toEqual(['', '/job', '/job/deep', '/job/deep/x', '/msg'])
  })
  it('is all of it, however much that is', () => {
    const { dir } = files(2500)
    expect(treeOf(toBytes(dir) as BytePath)).toHaveLength(2501)
  })
  it('may be a single file, or gone', () => {
    const { paths } = files(1)
    expect(treeOf(paths[0] as BytePath)).toEqual(paths)
    expect(treeOf('/nowhere' as BytePath)).toEqual([])
  })
})
