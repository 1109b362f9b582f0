/** What lies in one item, for people who look: never opened for more than that, and no link is followed. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { idTail, parseItemName, type RawName } from '../domain/name.ts'
import { errnoOf } from '../os/errno.ts'
import { type AttemptRecord, newestAttempt, readAttempt } from './attempt.ts'
import { kindOf } from './claim.ts'
import { QueueIoError } from './errors.ts'
import { LOG_NAME } from './job.ts'
import { attachments, type MsgReading, readMsg, readMsgFile } from './message.ts'
import { type BytePath, fsPath, look, names, within } from './place.ts'

export type ItemForm = 'file' | 'message' | 'directory' | 'special'

export function formOf(item: BytePath, raw: RawName): ItemForm | undefined {
  const stat = look(item)
  return stat === undefined ? undefined : kindOf(raw, stat)
}

/** The message of an item, whichever form it has; a plain file has none. */
export function messageOf(item: BytePath, form: ItemForm): MsgReading {
  switch (form) {
    case 'directory':
      return readMsg(item)
    case 'message':
      return readMsgFile(item)
    case 'file':
    case 'special':
      return { kind: 'absent' }
  }
}

export interface Payload {
  readonly name: RawName
  readonly path: BytePath
  readonly size: number
}

/** A plain file is its own payload, under the name that its handler will see; a directory's lie in `attach/`. */
export function payloadsOf(item: BytePath, raw: RawName, form: ItemForm): Payload[] {
  if (form === 'file') {
    const { id, base } = parseItemName(raw)
    const name = id === undefined ? base : idTail(id) || 'payload'
    return [{ name: name as RawName, path: item, size: look(item)?.size ?? 0 }]
  }
  if (form !== 'directory') return []
  const attached = attachments(item)
  if (attached.kind === 'refused') return []
  return attached.names.map((name) => {
    const path = within(item, 'attach', name)
    return { name, path, size: look(path)?.size ?? 0 }
  })
}

/** The attempt that runs, or ran last without having been settled. */
export function currentAttempt(item: BytePath): AttemptRecord | undefined {
  const n = newestAttempt(names(item))
  return n === 0 ? undefined : readAttempt(item, n)
}

/** A file that an item may have, opened for reading: a regular file of a real directory, or undefined. */
export function openWithin(item: BytePath, ...path: readonly string[]): number | undefined {
  const dirs = path.slice(0, -1).map((_, index) => within(item, ...path.slice(0, index + 1)))
  if (dirs.some((dir) => look(dir)?.isDirectory() !== true)) return undefined
  const file = within(item, ...path)
  let fd: number
  try {
    fd = openSync(fsPath(file), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(errnoOf(error) ?? '')) return undefined
    throw new QueueIoError('open', file, error)
  }
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  return undefined
}

export function openLog(item: BytePath): number | undefined {
  return openWithin(item, 'job', LOG_NAME)
}

/** What follows at `position`, up to 64 KiB; empty at the end. */
export function readChunk(fd: number, position: number): Uint8Array {
  const buffer = Buffer.allocUnsafe(65536)
  return buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, position))
}
