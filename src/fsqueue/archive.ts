/**
 * A dated archive that is believed only when it was read again from the disk. Written under another name, put on the
 * disk, renamed over nothing, and then compared member by member: whatever fails before that, nothing may be removed.
 */
import { createHash } from 'node:crypto'
import { closeSync, constants, createReadStream, fsyncSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { type Millis, parseItemId } from '../domain/name.ts'
import { archiveName, isArchiveOf } from '../domain/retention.ts'
import type { Native } from '../os/native.ts'
import { type Source, survey, type Taken, tarOf, type Written } from './archive-read.ts'
import { QueueIoError, refusedBySystem, Stopped } from './errors.ts'
import { moveNew, removeFile, rename } from './files.ts'
import { type BytePath, fsPath, look, makeDir, names, requireDir, within } from './place.ts'
import { syncInOrder } from './sync.ts'
import { END_OF_TAR } from './tar-header.ts'

/** Packing it takes longer than reading it again. */
const WRITTEN_SHARE = 0.75

export interface ArchiveTarget {
  readonly dir: BytePath
  /** Made where they are missing, outermost first; a link in their place is somebody's trick, or a mistake. */
  readonly made: readonly BytePath[]
  /** The queue's name, as bytes. */
  readonly queue: string
  readonly now: Millis
  /** Nobody else's. */
  readonly stamp: string
  readonly pace: () => Promise<void>
  /** How much of it is done, from 0 to 1. */
  readonly onShare: (share: number) => void
  /** Without it the file system of the archive must have hard links. */
  readonly native: Native | undefined
}

export interface Archived {
  readonly path: BytePath
  /** Those that are in it whole, with their fingerprints. */
  readonly items: ReadonlyMap<Source, string>
}

/**
 * Writes one archive of these items. undefined: none of them could be taken, and there is none. Throws QueueIoError, and
 * leaves no archive, when the disk refuses.
 */
export async function archiveItems(
  target: ArchiveTarget,
  sources: readonly Source[],
  onRefused: (source: Source, why: string) => void,
): Promise<Archived | undefined> {
  for (const dir of target.made) {
    makeDir(dir)
    requireDir(dir)
  }
  const part = within(target.dir, `.${target.queue}-${target.stamp}.part`)
  const written: Written[] = []
  const items = new Map<Source, string>()
  const onTaken = (source: Source, taken: Taken) => {
    if (taken.kind === 'whole') items.set(source, taken.print)
    else if (taken.kind === 'refused') onRefused(source, taken.why)
  }
  try {
    await writePart(
      part,
      membersOf(sources, target, (member) => written.push(member), onTaken),
    )
    dropChanged(items, onRefused)
    if (items.size === 0) return undefined
    const path = name(target, part)
    await syncInOrder([...target.made.toReversed(), dirname(target.made[0] ?? target.dir) as BytePath])
    await verify(path, written, target)
    return { path, items }
  } finally {
    removeFile(part)
  }
}

/** What never comes to rest must not fill a disk with archives of it. */
function dropChanged(items: Map<Source, string>, onRefused: (source: Source, why: string) => void): void {
  for (const [source, print] of items) {
    const now = survey(source)
    if (now.kind === 'whole' && now.print === print) continue
    items.delete(source)
    if (now.kind !== 'gone') onRefused(source, 'changed while it was archived')
  }
}

async function* membersOf(
  sources: readonly Source[],
  { pace, onShare }: Pick<ArchiveTarget, 'pace' | 'onShare'>,
  onMember: (written: Written) => void,
  onTaken: (source: Source, taken: Taken) => void,
): AsyncGenerator<Buffer, void, void> {
  for (const [at, source] of sources.entries()) {
    const pieces = tarOf(source, onMember)
    try {
      let piece = pieces.next()
      for (; piece.done !== true; piece = pieces.next()) {
        yield piece.value
        await pace()
      }
      onTaken(source, piece.value)
      onShare(((at + 1) / sources.length) * WRITTEN_SHARE)
    } finally {
      // Whoever stops in the middle leaves no file open.
      pieces.return({ kind: 'gone' })
    }
  }
  yield END_OF_TAR
}

async function writePart(part: BytePath, members: AsyncIterable<Buffer>): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  let fd: number | undefined
  try {
    fd = openSync(fsPath(part), flags, 0o600)
    await pipeline(members, createGzip(), sink(fd))
    fsyncSync(fd)
  } catch (error) {
    throw refusedBySystem('archive', part, error)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

/** Streams of Node's own close the descriptor when they fail, before it is ours to close. */
function sink(fd: number): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      try {
        for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at)
        done()
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)))
      }
    },
  })
}

/** The first name of the day that is free. */
function name({ dir, queue, now, native }: ArchiveTarget, part: BytePath): BytePath {
  for (let n = 1; ; n += 1) {
    const path = within(dir, archiveName(queue, now, n))
    const moved = moveNew(part, path, native)
    if (moved === 'moved') return path
    if (moved === 'gone') throw new QueueIoError('rename', part, Object.assign(new Error('gone'), { code: 'ENOENT' }))
  }
}

/** What does not hold what was written is set aside: it must not pass for an archive. */
async function verify(path: BytePath, written: readonly Written[], target: ArchiveTarget): Promise<void> {
  const problem = await compare(path, written, target).catch((error: unknown) => {
    // Nothing was removed for it yet, and nobody is to take it for one that was read again.
    if (error instanceof Stopped) removeFile(path)
    throw error
  })
  if (problem === undefined) return
  rename(path, `${path}.damaged` as BytePath)
  throw new QueueIoError('verify', path, Object.assign(new Error(problem), { code: 'EIO' }))
}

async function compare(
  path: BytePath,
  written: readonly Written[],
  { pace, onShare }: ArchiveTarget,
): Promise<string | undefined> {
  const { extract } = await import('tar-stream')
  // An option that its types do not know: names are bytes.
  const readBytes = extract as (options: { readonly filenameEncoding: string }) => ReturnType<typeof extract>
  const reader = readBytes({ filenameEncoding: 'latin1' })
  let at = 0
  const check = async () => {
    for await (const entry of reader) {
      const { name, type = '', size = 0, linkname } = entry.header
      const hash = createHash('sha256').update(type === 'symlink' ? (linkname ?? '') : '', 'latin1')
      for await (const chunk of entry) {
        hash.update(chunk as Buffer)
        await pace()
      }
      const expected = written[at]
      const found = `${name.replace(/\/$/, '')} ${type} ${size} ${hash.digest('base64')}`
      if (expected === undefined || found !== line(expected)) return `member ${at + 1} is not what was written`
      at += 1
      onShare(WRITTEN_SHARE + (at / written.length) * (1 - WRITTEN_SHARE))
      await pace()
    }
    return at === written.length ? undefined : `holds ${at} of ${written.length} members`
  }
  const reading = pipeline(createReadStream(fsPath(path)), createGunzip(), reader)
  const [read, checked] = await Promise.allSettled([reading, check()])
  // Who stops looking cuts off the reading, which is no fault of the archive's.
  if (checked.status === 'fulfilled' && checked.value !== undefined) return checked.value
  const failed = [checked, read].find((result) => result.status === 'rejected')
  if (failed === undefined) return undefined
  if (failed.reason instanceof Stopped || !(failed.reason instanceof Error)) throw failed.reason
  return failed.reason.message
}

function line({ name, type, size, hash }: Written): string {
  return `${name} ${type} ${size} ${hash}`
}

/** Archives of that queue that are older, and the beginnings of some that were cut short. */
export function oldArchives(dir: BytePath, queue: string, age: Millis, partAge: Millis, now: Millis): BytePath[] {
  if (look(dir)?.isDirectory() !== true) return []
  const isPart = (name: string) =>
    name.startsWith(`.${queue}-`) &&
    name.endsWith('.part') &&
    parseItemId(name.slice(queue.length + 2, -5)) !== undefined
  return names(dir)
    .filter((name) => isArchiveOf(queue, name) || isPart(name))
    .filter((name) => {
      const stat = look(within(dir, name))
      const limit = isPart(name) ? partAge : age
      return stat?.isFile() === true && now - stat.ctimeMs > limit
    })
    .map((name) => within(dir, name))
}
