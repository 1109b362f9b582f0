/** Reading logs that others write and rename meanwhile: `_log`, `rqd.log`, and the older one of each, `.1`. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { errnoOf } from '../os/errno.ts'
import { QueueIoError } from './errors.ts'
import { type BytePath, fsPath, look } from './place.ts'

/** Which file it is, whatever it is called now. Inode numbers come again; with a birth they do not, unless within a tick of the clock. */
export interface LogFile {
  readonly inode: number
  /** ms; 0 where the file system does not know. */
  readonly born: number
}

export interface LogMark extends LogFile {
  readonly size: number
  readonly written: number
}

/** The regular file of that name; undefined when there is none. */
export function logMark(path: BytePath): LogMark | undefined {
  const stat = look(path)
  return stat?.isFile() === true ? markOf(stat) : undefined
}

function markOf({ ino, birthtimeMs, size, mtimeMs }: Stats): LogMark {
  return { inode: ino, born: Math.floor(birthtimeMs), size, written: mtimeMs }
}

export function isSameLog(a: LogFile, b: LogFile): boolean {
  return a.inode === b.inode && a.born === b.born
}

export function olderLog(path: BytePath): BytePath {
  return `${path}.1` as BytePath
}

/** At most so many bytes from `offset` on; undefined when that file has gone, or may not be read. */
export function readLog(path: BytePath, file: LogFile, offset: number, limit: number): Buffer | undefined {
  let fd: number
  try {
    fd = openSync(fsPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
  try {
    const mark = markOf(fstatSync(fd))
    if (!isSameLog(mark, file)) return undefined
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(limit, mark.size - offset)))
    return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, offset))
  } catch (error) {
    throw new QueueIoError('read', path, error)
  } finally {
    closeSync(fd)
  }
}
