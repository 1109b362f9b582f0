/**
 * Removes what was thrown away, for good. What a handler of another user left is still that user's, and a process of it may
 * be in there: each directory is opened once, without following a link, and what is in it is named through that descriptor.
 * By its path, what is a directory at one look leads through a link to anywhere at the next.
 */
import {
  closeSync, constants, fchmodSync, fchownSync, fstatSync, opendirSync, openSync, rmdirSync, unlinkSync,
} from 'node:fs' // biome-ignore format: one import
import { errnoOf } from '../os/errno.ts'
import { QueueIoError } from './errors.ts'
import { rename } from './files.ts'
import { type BytePath, fsPath, look, within } from './place.ts'

/** Descriptors are held for each level; what is deeper is moved up first. */
const DEEPEST = 50

/**
 * At most `limit` names of a removal: true when nothing is left. So a million items hold up nothing else. What may not be
 * removed is an error that names it.
 */
export function removeForGood({ path: top }: { readonly path: BytePath }, limit: number): boolean {
  try {
    return new Remover(top, limit).remove(top, top, 0)
  } catch (error) {
    if (error instanceof QueueIoError || errnoOf(error) === undefined) throw error
    if (errnoOf(error) === 'ENOENT') return look(top) === undefined
    throw new QueueIoError('remove', top, error)
  }
}

class Remover {
  readonly #top: BytePath
  #left: number

  constructor(top: BytePath, limit: number) {
    this.#top = top
    this.#left = limit
  }

  /** `shown`: where people find it. */
  remove(path: BytePath, shown: BytePath, depth: number): boolean {
    const fd = openDirectory(path, shown)
    if (fd === undefined) {
      this.#left -= 1
      return unlink(path, shown)
    }
    try {
      if (depth >= DEEPEST) return this.#moveUp(path)
      if (!this.#removeNames(`/proc/self/fd/${fd}` as BytePath, shown, depth)) return false
    } finally {
      closeSync(fd)
    }
    this.#left -= 1
    // A name that was removed while the directory was read may have hidden another: then once more.
    return removeDir(path, shown)
  }

  #removeNames(base: BytePath, shown: BytePath, depth: number): boolean {
    const dir = opendirSync(fsPath(base) as string, { encoding: 'latin1' as BufferEncoding, bufferSize: 256 })
    try {
      for (let entry = dir.readSync(); entry !== null; entry = dir.readSync()) {
        if (this.#left <= 0 || !this.remove(within(base, entry.name), within(shown, entry.name), depth + 1))
          return false
      }
      return true
    } finally {
      dir.closeSync()
    }
  }

  /** It is met again where the top is read again. */
  #moveUp(path: BytePath): boolean {
    this.#left -= 1
    for (let i = 0; ; i += 1) {
      const place = within(this.#top, `deep-${i}`)
      if (look(place) !== undefined) continue
      rename(path, place)
      return true
    }
  }
}

/** undefined: it is none, or not there. */
function openDirectory(path: BytePath, shown: BytePath): number | undefined {
  try {
    const fd = openSync(fsPath(path), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    takeBack(fd)
    return fd
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENOENT') return undefined
    throw code === undefined ? error : new QueueIoError('open', shown, error)
  }
}

/** Whose it was makes no more names in it: they would be removed for ever. */
function takeBack(fd: number): void {
  if (process.getuid?.() !== 0 || fstatSync(fd).uid === 0) return
  fchownSync(fd, 0, 0)
  fchmodSync(fd, 0o700)
}

/** false: it is a directory by now. */
function unlink(path: BytePath, shown: BytePath): boolean {
  try {
    unlinkSync(fsPath(path))
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true
    if (errnoOf(error) === 'EISDIR') return false
    throw new QueueIoError('unlink', shown, error)
  }
}

function removeDir(path: BytePath, shown: BytePath): boolean {
  try {
    rmdirSync(fsPath(path))
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return true
    if (errnoOf(error) === 'ENOTEMPTY' || errnoOf(error) === 'ENOTDIR') return false
    throw new QueueIoError('rmdir', shown, error)
  }
}
