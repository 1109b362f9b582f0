/**
 * Walking what somebody else made, however it changes meanwhile: a directory is opened without following links, and
 * what lies in it is reached through that descriptor, so that nobody can lead us out of the queue.
 */
import {
  chmodSync, closeSync, constants, fchmodSync, fchownSync, fstatSync, openSync, rmdirSync, type Stats, unlinkSync,
} from 'node:fs' // biome-ignore format: one import
import { errnoOf } from '../os/errno.ts'
import { QueueIoError } from './errors.ts'
import { type BytePath, fsPath, look, names } from './place.ts'

/** The names of one directory, by its descriptor; to be closed. */
export interface OpenDir {
  readonly path: BytePath
  child(name: string): BytePath
  /** Whose it was makes no more names in it. Of root only: others may remove what is their own, or nothing. */
  takeBack(): void
  close(): void
}

/** undefined: it is gone, or no directory any more. */
export function openDir(path: BytePath): OpenDir | undefined {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
  try {
    const fd = openSync(fsPath(path), flags)
    const own = `/proc/self/fd/${fd}` as BytePath
    return {
      path: own,
      child: (name) => `${own}/${name}` as BytePath,
      takeBack: () => takeBack(fd, path),
      close: () => closeSync(fd),
    }
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return undefined
    throw new QueueIoError('open', path, error)
  }
}

function takeBack(fd: number, path: BytePath): void {
  if (process.getuid?.() !== 0) return
  try {
    if (fstatSync(fd).uid === 0) return
    fchownSync(fd, 0, 0)
    fchmodSync(fd, 0o700)
  } catch (error) {
    throw errnoOf(error) === undefined ? error : new QueueIoError('chown', path, error)
  }
}

/** Each level holds a descriptor; nobody nests deeper by accident. */
export const DEEPEST = 64

/** The newest change in a tree, ms: what is still being built is not left over. At most so many entries are looked at. */
export function newestChange(path: BytePath, limit = 1000): number {
  let left = limit
  const walk = (at: BytePath, depth: number): number => {
    const stat = look(at)
    left -= 1
    if (stat === undefined || !stat.isDirectory() || depth >= DEEPEST) return stat?.ctimeMs ?? 0
    return Math.max(
      stat.ctimeMs,
      ...inside(at, (dir) => firsts(dir, left).map((name) => walk(dir.child(name), depth + 1))),
    )
  }
  return walk(path, 0)
}

function firsts(dir: OpenDir, count: number): string[] {
  return count <= 0 ? [] : names(dir.path).slice(0, count)
}

/** Bytes of all files in a tree, links not followed. */
export function bytesIn(path: BytePath, depth = 0): number {
  const stat = look(path)
  if (stat === undefined) return 0
  if (!stat.isDirectory()) return stat.size
  if (depth >= DEEPEST) return 0
  return inside(path, (dir) => names(dir.path).map((name) => bytesIn(dir.child(name), depth + 1))).reduce(sum, 0)
}

function sum(a: number, b: number): number {
  return a + b
}

function inside<T>(path: BytePath, read: (dir: OpenDir) => T[]): T[] {
  const dir = openDir(path)
  if (dir === undefined) return []
  try {
    return read(dir)
  } finally {
    dir.close()
  }
}

/** unlink or rmdir. What is gone already is gone; anything else is thrown. */
export function removeOne(path: BytePath, stat: Stats): void {
  try {
    if (stat.isDirectory()) rmdirSync(fsPath(path))
    else unlinkSync(fsPath(path))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw new QueueIoError(stat.isDirectory() ? 'rmdir' : 'unlink', path, error)
  }
}

/** The descriptor stands for a name only: what may not be read may be opened so. Node has no word for it. */
const O_PATH = 0o10000000

/** Opens a directory of ours to ourselves. Where that is refused, whatever is done next says so. */
export function unlock(path: BytePath): void {
  try {
    const fd = openSync(fsPath(path), O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    try {
      chmodSync(`/proc/self/fd/${fd}`, 0o700)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
  }
}
