/** A queue's config.json as a file: read as bytes, and replaced whole or not at all. */
import { chmodSync, chownSync, constants, type Stats } from 'node:fs'
import type { Native } from '../os/native.ts'
import { QueueIoError } from './errors.ts'
import { linkMove, readRegular, removeFile, rename, writeNew } from './files.ts'
import { type BytePath, fsPath, inQueue, look, makeDir, type QueueDir, requireDir, within } from './place.ts'
import { syncInOrder, syncNow } from './sync.ts'

const LIMIT = 1024 * 1024

export type ConfigFile =
  | { readonly kind: 'absent' }
  /** A link, a FIFO, something large: nothing that we change. */
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'file'; readonly bytes: Buffer; readonly stat: Stats }

function pathIn(queue: QueueDir): BytePath {
  return inQueue(queue, 'config.json')
}

/** Follows no link. */
export function readConfigBytes(queue: QueueDir): ConfigFile {
  return readBytes(pathIn(queue))
}

function readBytes(path: BytePath): ConfigFile {
  const stat = look(path)
  const reading = readRegular(path, LIMIT, 'refused', 'latin1')
  if (reading.kind !== 'text') return reading
  return stat === undefined ? { kind: 'absent' } : { kind: 'file', bytes: Buffer.from(reading.text, 'latin1'), stat }
}

export type Replacing =
  | { readonly kind: 'replaced' }
  /** It is not what it was: somebody else changed it meanwhile. */
  | { readonly kind: 'changed' }
  /** It is there, and may be gone after a power cut. */
  | { readonly kind: 'unsure'; readonly error: QueueIoError }

/**
 * Puts `bytes` in the place of `before`, which stays as `config.json~`; mode and owner are kept. All is on the disk
 * before the rename; only the directory is synced after it. Whoever writes through us has a lock; who uses an
 * editor has none, so that a last look comes right before the rename; with `native` what the rename replaces is looked at,
 * too, and put back if it is not `before`.
 */
export async function replaceConfig(
  queue: QueueDir,
  before: ConfigFile,
  bytes: Uint8Array,
  nonce: string,
  native?: Native,
): Promise<Replacing> {
  const tmp = inQueue(queue, '_tmp')
  makeDir(tmp)
  requireDir(tmp)
  const fresh = within(tmp, `config-${nonce}`)
  const kept = within(tmp, `config-${nonce}~`)
  try {
    stage(queue, fresh, bytes, before)
    if (before.kind === 'file') stage(queue, kept, before.bytes, before)
    if (!isSame(readConfigBytes(queue), before)) return { kind: 'changed' }
    if (before.kind === 'file') {
      rename(kept, inQueue(queue, 'config.json~'))
      if (native === undefined) rename(fresh, pathIn(queue))
      else if (!swap(queue, fresh, before, native)) return { kind: 'changed' }
    } else if (linkMove(fresh, pathIn(queue)) !== 'moved') return { kind: 'changed' }
  } finally {
    removeFile(fresh)
    removeFile(kept)
  }
  try {
    await syncInOrder([queue.base])
    return { kind: 'replaced' }
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    return { kind: 'unsure', error }
  }
}

/** Somebody with an editor may be faster so many times in a row. */
const SWAPS = 20

/** False: somebody put another file there after we had looked, and that is there again. */
function swap(queue: QueueDir, fresh: BytePath, before: ConfigFile, native: Native): boolean {
  const path = pathIn(queue)
  let put = look(fresh)?.ino
  if (!exchange(fresh, path, native)) {
    // It is gone, or the file system knows no exchange: then only the name can be taken.
    if (look(path) === undefined) return false
    rename(fresh, path)
    return true
  }
  if (isSame(readBytes(fresh), before)) return true
  // What came out is newer than what we know: in again, until only what we put there ourselves comes out.
  for (let swaps = 0; swaps < SWAPS; swaps += 1) {
    const next = look(fresh)?.ino
    if (!exchange(fresh, path, native)) break
    if (look(fresh)?.ino === put) break
    put = next
  }
  return false
}

/** Each gets the other's name, at once; false: not both are there, or the file system cannot do it. */
function exchange(one: BytePath, other: BytePath, native: Native): boolean {
  return native.renameExchange(Buffer.from(one, 'latin1'), Buffer.from(other, 'latin1')) === 0
}

function isSame(now: ConfigFile, before: ConfigFile): boolean {
  return now.kind === 'file' && before.kind === 'file' ? now.bytes.equals(before.bytes) : now.kind === before.kind
}

function stage(queue: QueueDir, path: BytePath, bytes: Uint8Array, before: ConfigFile): void {
  removeFile(path)
  writeNew(path, bytes)
  give(path, before.kind === 'file' ? before.stat : ownerOfNew(queue))
  syncNow(path, constants.O_RDONLY | constants.O_NOFOLLOW)
}

interface Access {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** What root makes in a queue of another user is that user's: its daemon has to read it. */
function ownerOfNew(queue: QueueDir): Access | undefined {
  const home = look(queue.base)
  return home === undefined || process.geteuid?.() !== 0 ? undefined : { mode: 0o600, uid: home.uid, gid: home.gid }
}

/** The owner first: a change of the owner may take bits of the mode away. */
function give(path: BytePath, access: Access | undefined): void {
  const own = look(path)
  if (access === undefined || own === undefined) return
  try {
    if (own.uid !== access.uid || own.gid !== access.gid) chownSync(fsPath(path), access.uid, access.gid)
    chmodSync(fsPath(path), access.mode & 0o7777)
  } catch (error) {
    throw new QueueIoError('chown', path, error)
  }
}
