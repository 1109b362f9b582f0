/**
 * Durability. What was acknowledged is on the disk: fsync(2) of each file, or for many at once one syncfs(2).
 * A failed sync is never repeated and never acknowledged: the kernel may have dropped the pages by then.
 */
import { spawn } from 'node:child_process'
import { close, closeSync, constants, fsync, fsyncSync, open, openSync, type Stats, statfsSync } from 'node:fs'
import { promisify } from 'node:util'
import type { RawName } from '../domain/name.ts'
import { errnoOf } from '../os/errno.ts'
import type { Native } from '../os/native.ts'
import { isOutOfReach, QueueIoError, unlessDenied } from './errors.ts'
import { type BytePath, fsPath, look, names, within } from './place.ts'

export type Durability = 'full' | 'group' | 'none'

const openAsync = promisify(open)
const fsyncAsync = promisify(fsync)
const closeAsync = promisify(close)

/** Above this many, one syncfs is cheaper than the fsyncs it stands for. */
const SYNCFS_FROM = 12
/** So is it above this many items, each of several files. */
const SYNCFS_GROUP = 3
const PARALLEL = 4

export interface Syncer {
  /**
   * Puts these files and directories on the disk, or throws. What vanished meanwhile needs no sync. In this order: a
   * directory that items went to comes before the one that they left, or a crash in between loses them. `size`: of
   * how many things they are.
   */
  sync(paths: readonly BytePath[], size?: number): Promise<void>
  /** Many contents in any order: those of `size` things, whose paths are listed only if they are synced one by one. */
  syncGroup(size: number, paths: () => readonly BytePath[]): Promise<void>
}

/** `fd`: any descriptor on the file system, opened before what is to be synced was written. */
export function makeSyncer(durability: Durability, fd: number, native: Native | undefined): Syncer {
  if (durability === 'none' || isInMemory(fd))
    return { sync: () => Promise.resolve(), syncGroup: () => Promise.resolve() }
  const whole = durability === 'group' ? native : undefined
  const flush = async (native: Native, example: BytePath | undefined) => {
    await native.syncfs(fd).catch((error: unknown) => {
      throw new QueueIoError('syncfs', example ?? '.', error)
    })
  }
  const each = async (paths: readonly BytePath[], parallel: number) => {
    const denied = await syncReadable(paths, parallel)
    if (denied === undefined) return
    if (native !== undefined) await flush(native, denied)
    else await syncByProgram(fd, denied)
  }
  return {
    sync: (paths, size = 1) => {
      const isMany = size >= SYNCFS_GROUP || paths.length >= SYNCFS_FROM
      return whole !== undefined && isMany ? flush(whole, paths[0]) : each(paths, 1)
    },
    syncGroup: (size, paths) => {
      if (whole !== undefined && size >= SYNCFS_GROUP) return flush(whole, undefined)
      const all = paths()
      return whole !== undefined && all.length >= SYNCFS_FROM ? flush(whole, all[0]) : each(all, PARALLEL)
    },
  }
}

/** By fsync, one after the other: of two directories, the one that an item went to comes first. */
export async function syncInOrder(paths: readonly BytePath[]): Promise<void> {
  const denied = await syncReadable(paths, 1)
  if (denied !== undefined)
    throw new QueueIoError('open for fsync', denied, Object.assign(new Error(), { code: 'EACCES' }))
}

/**
 * Returns one that we may not open, if there is any: a handler may have made it unreadable, for itself and for us,
 * and no verdict waits for ever for that.
 */
async function syncReadable(paths: readonly BytePath[], parallel: number): Promise<BytePath | undefined> {
  const queue = paths[Symbol.iterator]()
  let denied: BytePath | undefined
  const work = async () => {
    for (const path of queue) if (!(await syncOne(path))) denied = path
  }
  await Promise.all(Array.from({ length: Math.min(parallel, paths.length) }, work))
  return denied
}

/** false: it may not be opened. What vanished is synced. */
async function syncOne(path: BytePath): Promise<boolean> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  let fd: number
  try {
    fd = await openAsync(fsPath(path), flags)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ELOOP') return true
    if (isOutOfReach(code)) return false
    throw new QueueIoError('open for fsync', path, error)
  }
  try {
    await fsyncAsync(fd)
  } catch (error) {
    throw new QueueIoError('fsync', path, error)
  } finally {
    await closeAsync(fd)
  }
  return true
}

/** syncfs(2) by sync(1), where we cannot call it ourselves. */
function syncByProgram(fd: number, example: BytePath): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown) => reject(new QueueIoError('syncfs', example, cause))
    const child = spawn('sync', ['-f', '/proc/self/fd/0'], { stdio: [fd, 'ignore', 'ignore'] })
    child.on('error', failed)
    child.on('exit', (code) => (code === 0 ? resolve() : failed(new Error(`sync: exit ${code}`))))
  })
}

/** All regular files and directories in and under `path`, itself included; links and specials are left out. */
export function treeOf(path: BytePath): BytePath[] {
  const found: BytePath[] = []
  const todo: BytePath[] = [path]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const stat = lookReadable(next)
    if (stat === 'denied') {
      found.push(next)
    } else if (stat?.isDirectory() === true) {
      found.push(next)
      for (const name of readableNames(next)) todo.push(within(next, name))
    } else if (stat?.isFile() === true) {
      found.push(next)
    }
  }
  return found
}

function readableNames(dir: BytePath): readonly RawName[] {
  return unlessDenied(() => names(dir), [])
}

/** In a directory that may be listed and not entered. */
function lookReadable(path: BytePath): Stats | undefined | 'denied' {
  return unlessDenied(() => look(path), 'denied')
}

const TMPFS = 0x01021994
const RAMFS = 0x858458f6

/** A file system in memory has nothing to put on a disk. */
function isInMemory(fd: number): boolean {
  const { type } = statfsSync(`/proc/self/fd/${fd}`)
  return type === TMPFS || type === RAMFS
}

/** One file or directory, while everything else waits; throws QueueIoError, also when it is not there. */
export function syncNow(path: BytePath, flags = constants.O_RDONLY): void {
  try {
    const fd = openSync(fsPath(path), flags)
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw new QueueIoError('fsync', path, error)
  }
}
