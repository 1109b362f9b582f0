/** The few file operations that queue data is handled with, each with its answers. */
import {
  closeSync, constants, fstatSync, linkSync, openSync, readSync, renameSync, rmdirSync, unlinkSync, writeSync,
} from 'node:fs' // biome-ignore format: one import
import { errnoOf } from '../os/errno.ts'
import type { Native } from '../os/native.ts'
import { QueueIoError } from './errors.ts'
import { type BytePath, fsPath, look, names, within } from './place.ts'

/** Writes a new file, whole. Never follows a link, never overwrites: false when the name is taken. */
export function writeNew(path: BytePath, data: string | Uint8Array, mode = 0o600): boolean {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  let fd: number
  try {
    fd = openSync(fsPath(path), flags, mode)
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw new QueueIoError('create', path, error)
  }
  try {
    writeAll(fd, typeof data === 'string' ? Buffer.from(data) : data)
  } catch (error) {
    // A torn file is worse than none: its name would be taken, and its content believed.
    removeFile(path)
    throw new QueueIoError('write', path, error)
  } finally {
    closeSync(fd)
  }
  return true
}

/** In place, for a file that may be torn: false when it is not there or does not take it. The rest is blanked. */
export function overwrite(path: BytePath, text: string): boolean {
  try {
    const fd = openSync(fsPath(path), constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const data = Buffer.from(text)
      const padding = Buffer.alloc(Math.max(0, fstatSync(fd).size - data.length), ' ')
      writeAll(fd, Buffer.concat([data, padding]))
      return true
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}

/** One byte more: a counter that a crash cannot tear. */
export function appendByte(path: BytePath): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW
  try {
    const fd = openSync(fsPath(path), flags, 0o600)
    try {
      writeSync(fd, '.')
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw new QueueIoError('append', path, error)
  }
}

/** A short write is not an error of write(2), but it is of ours. */
function writeAll(fd: number, data: Uint8Array): void {
  for (let at = 0; at < data.length; ) at += writeSync(fd, data, at)
}

const shared = Buffer.allocUnsafe(32 * 1024)

/**
 * A small file that we wrote ourselves, in three system calls; undefined: it is larger, or something else lies there,
 * and `readRegular` shall look.
 */
export function readOwn(path: BytePath): string | undefined {
  try {
    const fd = openSync(fsPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const length = readSync(fd, shared, 0, shared.length, 0)
      return length < shared.length ? shared.toString('utf8', 0, length) : undefined
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}

export type Reading =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  /** Not a regular file, or too large: hostile or a mistake, never opened for more than a look. */
  | { readonly kind: 'refused'; readonly why: string }

/** Reads a small regular file that anybody may have put there: no link is followed, no FIFO waited for. */
export function readRegular(
  path: BytePath,
  limit: number,
  larger: 'refused' | 'cut' | 'end' = 'refused',
  encoding: 'utf8' | 'latin1' = 'utf8',
): Reading {
  let fd: number
  try {
    fd = openSync(fsPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' }
    if (code === 'ELOOP') return { kind: 'refused', why: 'is a symbolic link' }
    if (code === 'ENXIO') return { kind: 'refused', why: 'is not a regular file' }
    throw new QueueIoError('open', path, error)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return { kind: 'refused', why: 'is not a regular file' }
    if (stat.size > limit && larger === 'refused') return { kind: 'refused', why: `is larger than ${limit} bytes` }
    const size = Math.min(stat.size, limit)
    return { kind: 'text', text: readBytes(fd, size, larger === 'end' ? stat.size - size : 0).toString(encoding) }
  } catch (error) {
    if (error instanceof QueueIoError) throw error
    throw new QueueIoError('read', path, error)
  } finally {
    closeSync(fd)
  }
}

function readBytes(fd: number, size: number, from: number): Buffer {
  const buffer = Buffer.allocUnsafe(size)
  let length = 0
  while (length < size) {
    const got = readSync(fd, buffer, length, buffer.length - length, from + length)
    if (got === 0) break
    length += got
  }
  return buffer.subarray(0, length)
}

/** One rename(2): 'moved', or 'gone' when the source is. Any other answer is an error, a missing target directory too. */
export function rename(from: BytePath, to: BytePath): 'moved' | 'gone' {
  try {
    renameSync(fsPath(from), fsPath(to))
    return 'moved'
  } catch (error) {
    // ENOENT has two meanings: the item is gone (an answer), or the target directory is missing (trouble).
    if (errnoOf(error) === 'ENOENT' && look(from) === undefined) return 'gone'
    throw new QueueIoError('rename', `${from} -> ${to}`, error)
  }
}

/**
 * May a rename lead from one directory into the other? Nothing is moved by asking: a `.` is no name that could be, and
 * the kernel compares mounts before names. Two mounts of one file system have the same device number.
 */
export function isOneMount(from: BytePath, to: BytePath): boolean {
  try {
    renameSync(fsPath(within(from, '.')), fsPath(within(to, '.')))
    return true
  } catch (error) {
    return errnoOf(error) !== 'EXDEV'
  }
}

/**
 * Moves without ever overwriting: rename(2) replaces files and empty directories silently. Exact through
 * renameat2(2) where `native` is given; else a file is linked and unlinked, and a directory looked for first.
 */
export function moveNew(from: BytePath, to: BytePath, native?: Native): 'moved' | 'gone' | 'taken' {
  if (native !== undefined) return moveNewExactly(from, to, native)
  const source = look(from)
  if (source === undefined) return 'gone'
  return source.isDirectory() ? moveDirectory(from, to) : linkMove(from, to)
}

/** For a directory: the kernel refuses a target that is not empty, and an empty one is looked for. */
export function moveDirectory(from: BytePath, to: BytePath): 'moved' | 'gone' | 'taken' {
  return look(to) === undefined ? rename(from, to) : 'taken'
}

const ENOENT = 2
const EEXIST = 17

function moveNewExactly(from: BytePath, to: BytePath, native: Native): 'moved' | 'gone' | 'taken' {
  const errno = native.renameNoReplace(Buffer.from(from, 'latin1'), Buffer.from(to, 'latin1'))
  if (errno === 0) return 'moved'
  if (errno === EEXIST) return 'taken'
  if (errno === ENOENT && look(from) === undefined) return 'gone'
  // Some file systems have no RENAME_NOREPLACE; whatever else it was, the plain way says it again with a name.
  return moveNew(from, to)
}

/** Publishes one file under a name that nobody has: link(2) answers EEXIST where rename(2) would overwrite. */
export function linkMove(from: BytePath, to: BytePath): 'moved' | 'gone' | 'taken' {
  try {
    linkSync(fsPath(from), fsPath(to))
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return 'taken'
    if (errnoOf(error) === 'ENOENT' && look(from) === undefined) return 'gone'
    throw new QueueIoError('link', `${from} -> ${to}`, error)
  }
  let isOurs = false
  try {
    isOurs = removeFile(from)
  } finally {
    // Somebody else took the source meanwhile, or it cannot be removed: one of the two names has to go.
    if (!isOurs) removeFile(to)
  }
  return isOurs ? 'moved' : 'gone'
}

/** unlink; false when it is not there, or a directory: that is nobody's file. */
export function removeFile(path: BytePath): boolean {
  try {
    unlinkSync(fsPath(path))
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EISDIR') return false
    throw new QueueIoError('unlink', path, error)
  }
}

/** rmdir of an empty directory; false when it is not empty or not there. */
export function removeEmptyDir(path: BytePath): boolean {
  try {
    rmdirSync(fsPath(path))
    return true
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOENT' || code === 'ENOTDIR') return false
    throw new QueueIoError('rmdir', path, error)
  }
}

/** A name in a directory that nothing has yet: the wanted one, or with a number behind it. */
export function freeName(dir: BytePath, wanted: string): BytePath {
  const taken = new Set<string>(names(dir))
  let name = wanted
  for (let i = 1; taken.has(name); i += 1) name = `${wanted}-${i}`
  return within(dir, name)
}

/** Frees a name that is ours in an item: a file goes; a directory, which somebody else put there, gets another name. */
export function clearName(item: BytePath, name: string): void {
  const path = within(item, name)
  if (look(path)?.isDirectory() === true) rename(path, freeName(item, `${name}.dir`))
  else removeFile(path)
}
