/**
 * Durability. What was acknowledged is on the disk: fsync(2) of each file, or for many at once one syncfs(2).
 * A failed sync is never repeated and never acknowledged: the kernel may have dropped the pages by then.
 */
import { close, constants, fsync, open, statfsSync } from 'node:fs'
import { promisify } from 'node:util'
import { errnoOf } from '../os/errno.ts'
import type { Native } from '../os/native.ts'
import { QueueIoError } from './errors.ts'
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
  return {
    sync: (paths, size = 1) => {
      const isMany = size >= SYNCFS_GROUP || paths.length >= SYNCFS_FROM
      return whole !== undefined && isMany ? flush(whole, paths[0]) : syncInOrder(paths)
    },
    syncGroup: (size, paths) => {
      if (whole !== undefined && size >= SYNCFS_GROUP) return flush(whole, undefined)
      const each = paths()
      return whole !== undefined && each.length >= SYNCFS_FROM ? flush(whole, each[0]) : syncEach(each)
    },
  }
}

/** By fsync, one after the other: of two directories, the one that an item went to comes first. */
export async function syncInOrder(paths: readonly BytePath[]): Promise<void> {
  for (const path of paths) await syncOne(path)
}

async function syncEach(paths: readonly BytePath[]): Promise<void> {
  const queue = paths[Symbol.iterator]()
  const work = async () => {
    for (const path of queue) await syncOne(path)
  }
  await Promise.all(Array.from({ length: Math.min(PARALLEL, paths.length) }, work))
}

async function syncOne(path: BytePath): Promise<void> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  let fd: number
  try {
    fd = await openAsync(fsPath(path), flags)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ELOOP') return
    throw new QueueIoError('open for fsync', path, error)
  }
  try {
    await fsyncAsync(fd)
  } catch (error) {
    throw new QueueIoError('fsync', path, error)
  } finally {
    await closeAsync(fd)
  }
}

/** All regular files and directories in and under `path`, itself included; links and specials are left out. */
export function treeOf(path: BytePath): BytePath[] {
  const found: BytePath[] = []
  const todo: BytePath[] = [path]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const stat = look(next)
    if (stat?.isDirectory() === true) {
      found.push(next)
      for (const name of names(next)) todo.push(within(next, name))
    } else if (stat?.isFile() === true) {
      found.push(next)
    }
  }
  return found
}

const TMPFS = 0x01021994
const RAMFS = 0x858458f6

/** A file system in memory has nothing to put on a disk. */
function isInMemory(fd: number): boolean {
  const { type } = statfsSync(`/proc/self/fd/${fd}`)
  return type === TMPFS || type === RAMFS
}
