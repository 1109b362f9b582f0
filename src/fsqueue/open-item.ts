/**
 * An item in run/ is opened, just enough, to the user that its handler runs as. It stays ours: that user may enter its
 * directory, read its payload and write its result, and nothing else.
 */
import {
  closeSync, constants, copyFileSync, fchmodSync, fchownSync, fstatSync, openSync, type Stats,
} from 'node:fs' // biome-ignore format: one import
import type { RawName } from '../domain/name.ts'
import { QueueIoError } from './errors.ts'
import { removeFile, rename } from './files.ts'
import { type BytePath, fsPath, inQueue, look, type QueueDir, stateDir, within } from './place.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

const RESULT = 'result'

/** Before `job/` is made; `result` is there and empty afterwards. Nothing is followed: what is no longer what the claim saw is an error. */
export function openItemTo(queue: QueueDir, item: BytePath, owner: Owner, attached: readonly RawName[]): void {
  openDirectory(stateDir(queue, 'run'), owner.gid, 0o710)
  openDirectory(item, owner.gid, 0o710)
  if (attached.length > 0) openDirectory(within(item, 'attach'), owner.gid, 0o750)
  for (const name of attached) openPayload(queue, within(item, 'attach', name), owner)
  removeEmptyResult(item)
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  through(within(item, RESULT), flags, (fd) => fchownSync(fd, owner.uid, owner.gid))
}

/** Was it opened to another user? Only root can. */
export function isOpened(item: BytePath): boolean {
  return process.getuid?.() === 0 && (look(within(item, RESULT))?.uid ?? 0) !== 0
}

/** The one that its handler wrote nothing into. */
export function removeEmptyResult(item: BytePath): void {
  const path = within(item, RESULT)
  const stat = look(path)
  if (stat?.isFile() === true && stat.size === 0) removeFile(path)
}

function openDirectory(path: BytePath, gid: number, mode: number): void {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
  through(path, flags, (fd, stat) => {
    if (stat.gid !== gid) fchownSync(fd, stat.uid, gid)
    if ((stat.mode & mode) !== mode) fchmodSync(fd, (stat.mode & 0o7777) | mode)
  })
}

/** A file of several names is somebody else's as well: where its own mode is not enough, a copy is opened. */
function openPayload(queue: QueueDir, path: BytePath, owner: Owner): void {
  if (openIfOurs(path, owner)) return
  // Where nobody can run or open it before its mode is ours: a copy has its original's, and root as its owner.
  const copy = inQueue(queue, `_tmp/copy.${process.pid}`)
  removeFile(copy)
  try {
    copyFileSync(fsPath(path), fsPath(copy), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  } catch (error) {
    throw new QueueIoError('copy', path, error)
  }
  through(copy, constants.O_RDONLY | constants.O_NOFOLLOW, (fd) => {
    fchownSync(fd, process.getuid?.() ?? 0, owner.gid)
    fchmodSync(fd, 0o640)
  })
  rename(copy, path)
}

/** false: it may not be read, and is not for us to change. */
function openIfOurs(path: BytePath, owner: Owner): boolean {
  return through(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK, (fd, stat) => {
    if (!stat.isFile()) throw Object.assign(new Error('is no regular file any more'), { code: 'EINVAL' })
    if (mayRead(stat, owner)) return true
    if (stat.nlink > 1) return false
    fchownSync(fd, stat.uid, owner.gid)
    // Neither setuid nor setgid: whoever made it would run it, by a descriptor that he has, as a group that is not his.
    fchmodSync(fd, (stat.mode & 0o777) | 0o040)
    return true
  })
}

/** The class that a user belongs to decides alone: an owner without the right does not get that of others. */
function mayRead({ uid, gid, mode }: Stats, owner: Owner): boolean {
  if (uid === owner.uid) return (mode & 0o400) !== 0
  return (mode & (gid === owner.gid ? 0o040 : 0o004)) !== 0
}

function through<T>(path: BytePath, flags: number, act: (fd: number, stat: Stats) => T): T {
  try {
    const fd = openSync(fsPath(path), flags, 0o600)
    try {
      return act(fd, fstatSync(fd))
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw new QueueIoError('open to the user of', path, error)
  }
}
