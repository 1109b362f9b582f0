/** Files of the root that only its owner may read: the token, the users. */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from '../os/errno.ts'

/** Such a file cannot be used; the message says why and what to do. */
export class PrivateFileError extends Error {}

const LIMIT = 1024 * 1024

/** undefined when there is none. `loss`: what becomes of it when the file is removed. */
export function readPrivate(path: string, loss: string): string | undefined {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT') return undefined
    if (code === undefined) throw error
    throw new PrivateFileError(`${path} cannot be read (${code}): give it to the user of the daemon, or ${loss}`)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile() || stat.size > LIMIT) throw new PrivateFileError(`${path} is no file of at most 1 MiB: ${loss}`)
    if ((stat.mode & 0o077) !== 0)
      throw new PrivateFileError(`${path} can be read by others: chmod 600 it, change what is in it, or ${loss}`)
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

/** In the place of whatever was there, durable; nobody ever reads half of it. */
export function writePrivate(path: string, text: string): void {
  withFresh(path, text, (fresh) => renameSync(fresh, path))
}

/** Whoever comes first makes it; who comes later changes nothing. */
export function makePrivate(path: string, text: string): void {
  withFresh(path, text, (fresh) => {
    try {
      linkSync(fresh, path)
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    }
  })
}

function withFresh(path: string, text: string, put: (fresh: string) => void): void {
  const fresh = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  const fd = openSync(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  try {
    writeFileSync(fd, text)
    fsyncSync(fd)
    put(fresh)
  } finally {
    closeSync(fd)
    rmSync(fresh, { force: true })
  }
  syncDirectory(dirname(path))
}

function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
