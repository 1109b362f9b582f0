/**
 * Attachments that come as streams: written beside the draft under a name that nobody looks at, put on the disk, and
 * then linked into `attach/`. So a name in `attach/` is a whole file at any time, and none is ever overwritten.
 */
import { createHash, type Hash } from 'node:crypto'
import { close, closeSync, constants, fsync, linkSync, openSync, read, write } from 'node:fs'
import { promisify } from 'node:util'
import type { ItemId, RawName } from '../domain/name.ts'
import { errnoOf } from '../os/errno.ts'
import { openWithin } from './content.ts'
import { QueueIoError } from './errors.ts'
import { removeFile } from './files.ts'
import { type BytePath, fsPath, makeDir, place, type QueueDir, within } from './place.ts'

const writeAsync = promisify(write)
const readAsync = promisify(read)
const fsyncAsync = promisify(fsync)
const closeAsync = promisify(close)

const CHUNK = 256 * 1024

export interface Digest {
  readonly size: number
  /** Lower-case hex. */
  readonly sha256: string
  readonly md5: string
}

/** The stream failed, not the disk. */
export class StreamBroken extends Error {
  override readonly name = 'StreamBroken'
}

/** Where the bytes of an attachment gather. */
export function gatheringPlace(queue: QueueDir, id: ItemId, stamp: string): BytePath {
  return place(queue, 'prep', `.attach-${id.slice(0, 29)}-${stamp}.part`)
}

/** Writes a new file as fast as the disk takes it, a chunk at a time. On any failure it is removed again. */
export async function receive(path: BytePath, source: AsyncIterable<unknown>, durable: boolean): Promise<Digest> {
  const fd = openNew(path)
  try {
    const digest = await pour(fd, path, source)
    if (durable) await orTrouble('fsync', path, fsyncAsync(fd))
    return digest
  } catch (error) {
    removeFile(path)
    throw error
  } finally {
    await closeAsync(fd)
  }
}

function openNew(path: BytePath): number {
  try {
    return openSync(
      fsPath(path),
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    )
  } catch (error) {
    throw new QueueIoError('create', path, error)
  }
}

async function pour(fd: number, path: BytePath, source: AsyncIterable<unknown>): Promise<Digest> {
  const hashes = new Hashes()
  const chunks = source[Symbol.asyncIterator]()
  try {
    for (;;) {
      const chunk = await nextOf(chunks)
      if (chunk === undefined) return hashes.digest()
      hashes.update(chunk)
      for (let at = 0; at < chunk.length; ) {
        const { bytesWritten } = await orTrouble('write', path, writeAsync(fd, chunk, at, chunk.length - at, null))
        at += bytesWritten
      }
    }
  } finally {
    // Of a stream that goes on while the disk does not: nobody reads it any more.
    await chunks.return?.()
  }
}

/** What a stream holds, without keeping it. */
export async function digestOfStream(source: AsyncIterable<unknown>): Promise<Digest> {
  const hashes = new Hashes()
  const chunks = source[Symbol.asyncIterator]()
  for (;;) {
    const chunk = await nextOf(chunks)
    if (chunk === undefined) return hashes.digest()
    hashes.update(chunk)
  }
}

async function nextOf(chunks: AsyncIterator<unknown>): Promise<Uint8Array | undefined> {
  const next = await chunks.next().catch((error: unknown) => {
    throw new StreamBroken(error instanceof Error ? error.message : String(error), { cause: error })
  })
  if (next.done === true) return undefined
  return next.value instanceof Uint8Array ? next.value : Buffer.from(String(next.value))
}

async function orTrouble<T>(operation: string, path: BytePath, doing: Promise<T>): Promise<T> {
  try {
    return await doing
  } catch (error) {
    throw new QueueIoError(operation, path, error)
  }
}

class Hashes {
  readonly #sha256: Hash = createHash('sha256')
  readonly #md5: Hash = createHash('md5')
  #size = 0

  update(chunk: Uint8Array): void {
    this.#sha256.update(chunk)
    this.#md5.update(chunk)
    this.#size += chunk.length
  }

  digest(): Digest {
    return { size: this.#size, sha256: this.#sha256.digest('hex'), md5: this.#md5.digest('hex') }
  }
}

/** `gone`: the draft is no longer there, published or removed. `taken`: it has another file of that name. */
export type Attaching = 'attached' | 'taken' | 'gone'

/**
 * Gives a gathered file its name in the draft. By path: once the draft was published the path leads nowhere, so that
 * nothing comes into an item that may run. On the disk by descriptors: they are the draft's wherever it is by then.
 */
export async function attachGathered(
  draft: BytePath,
  name: RawName,
  gathered: BytePath,
  durable: boolean,
): Promise<Attaching> {
  const dirs = openDirs(draft)
  if (dirs === undefined) return 'gone'
  const target = within(draft, 'attach', name)
  try {
    linkSync(fsPath(gathered), fsPath(target))
    if (durable) for (const fd of dirs) await orTrouble('fsync', target, fsyncAsync(fd))
    return 'attached'
  } catch (error) {
    if (error instanceof QueueIoError) removeFile(target)
    if (error instanceof QueueIoError) throw error
    if (errnoOf(error) === 'EEXIST') return 'taken'
    if (errnoOf(error) === 'ENOENT') return 'gone'
    throw new QueueIoError('link', target, error)
  } finally {
    for (const fd of dirs) closeSync(fd)
  }
}

/** `attach/`, made if it is missing, and the draft itself: in this order they are synced. undefined: there is no draft. */
function openDirs(draft: BytePath): readonly [number, number] | undefined {
  const attach = within(draft, 'attach')
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
  let own: number | undefined
  try {
    own = openSync(fsPath(draft), flags)
    makeDir(attach)
    return [openSync(fsPath(attach), flags), own]
  } catch (error) {
    if (own !== undefined) closeSync(own)
    const code = error instanceof QueueIoError ? error.code : errnoOf(error)
    if (code === 'ENOENT') return undefined
    throw error instanceof QueueIoError ? error : new QueueIoError('open', attach, error)
  }
}

/** What an attachment holds; undefined: there is none of that name, or it is no regular file. */
export async function digestOf(item: BytePath, name: RawName): Promise<Digest | undefined> {
  const fd = openWithin(item, 'attach', name)
  if (fd === undefined) return undefined
  const path = within(item, 'attach', name)
  const buffer = Buffer.allocUnsafe(CHUNK)
  const hashes = new Hashes()
  try {
    for (;;) {
      const { bytesRead } = await orTrouble('read', path, readAsync(fd, buffer, 0, CHUNK, null))
      if (bytesRead === 0) return hashes.digest()
      hashes.update(buffer.subarray(0, bytesRead))
    }
  } finally {
    await closeAsync(fd)
  }
}

/** Takes a file out of a draft; false: there is none. */
export async function detach(draft: BytePath, name: RawName, durable: boolean): Promise<boolean> {
  const dirs = openDirs(draft)
  if (dirs === undefined) return false
  try {
    if (!removeFile(within(draft, 'attach', name))) return false
    if (durable) await orTrouble('fsync', within(draft, 'attach'), fsyncAsync(dirs[0]))
    return true
  } finally {
    for (const fd of dirs) closeSync(fd)
  }
}
