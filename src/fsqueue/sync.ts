/**
 * Durability. What was acknowledged is on the disk: fsync(2) of each file, or for many at once one syncfs(2).
 * A failed sync is never repeated and never acknowledged: the kernel may have dropped the pages by then.
 */
import { close, constants, fsync, open } from 'node:fs'
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
const PARALLEL = 4

export interface Syncer {
  /** Puts these files and directories on the disk, or throws. What vanished meanwhile needs no sync. */
  sync(paths: readonly BytePath[]): Promise<void>
}

/** `fd`: any descriptor on the file system, opened before what is to be synced was written. */
export function makeSyncer(durability: Durability, fd: number, native: Native | undefined): Syncer {
  if (durability === 'none') return { sync: () => Promise.resolve() }
  return {
    sync: async (paths) => {
      if (paths.length >= SYNCFS_FROM && durability === 'group' && native !== undefined) {
        await native.syncfs(fd).catch((error: unknown) => {
          throw new QueueIoError('syncfs', paths[0] ?? '', error)
        })
        return
      }
      await syncEach(paths)
    },
  }
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
export function treeOf(path: BytePath, limit = 2000): BytePath[] {
  const found: BytePath[] = []
  const todo: BytePath[] = [path]
  for (let next = todo.pop(); next !== undefined && found.length < limit; next = todo.pop()) {
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
