/** Listing directories of any size in bounded steps (opendir in pages: the first of a million after 1 ms). */
import { type Dir, lstatSync, opendirSync } from 'node:fs'
import { BUCKETED, type State } from '../domain/item.ts'
import { isVisible, type RawName } from '../domain/name.ts'
import { errnoOf } from '../os/errno.ts'
import { QueueIoError } from './errors.ts'
import { type BytePath, fsPath, look, names, type QueueDir, stateDir, within } from './place.ts'

const PAGE = 1024

/** Pages of the names that `keep` takes, the visible ones, in the order found. A directory that is not there has none. */
export function* scanPages(
  path: BytePath,
  keep: (name: string) => boolean = isVisible,
): Generator<RawName[], void, void> {
  const dir = open(path)
  if (dir === undefined) return
  try {
    for (;;) {
      const page: RawName[] = []
      let read = 0
      for (; read < PAGE; read += 1) {
        const entry = dir.readSync()
        if (entry === null) break
        if (keep(entry.name)) page.push(entry.name as RawName)
      }
      if (page.length > 0) yield page
      if (read < PAGE) return
    }
  } catch (error) {
    throw error instanceof QueueIoError ? error : new QueueIoError('readdir', path, error)
  } finally {
    dir.closeSync()
  }
}

function open(path: BytePath): Dir | undefined {
  try {
    return opendirSync(fsPath(path) as string, { encoding: 'latin1' as BufferEncoding, bufferSize: PAGE })
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw new QueueIoError('opendir', path, error)
  }
}

/** What tells whether a directory changed: its mtime in nanoseconds, and which directory it is at all. */
export interface DirectoryMark {
  readonly mtime: bigint
  readonly inode: bigint
}

/** undefined when there is no such directory. */
export function directoryMark(path: BytePath): DirectoryMark | undefined {
  try {
    const stat = lstatSync(fsPath(path), { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? undefined : { mtime: stat.mtimeNs, inode: stat.ino }
  } catch (error) {
    throw new QueueIoError('lstat', path, error)
  }
}

/** Where a listed item lies. `bucket` is `YYYYMMDD/HHMM` in done/ and relayed/. */
export interface Located {
  readonly state: State
  readonly raw: RawName
  readonly bucket: string | undefined
}

/** The items of a state, lazily. Bucketed states newest first; the others in the order found. */
export function* itemsOf(queue: QueueDir, state: State): Generator<Located, void, void> {
  if (!BUCKETED[state]) {
    for (const page of scanPages(stateDir(queue, state))) {
      for (const raw of page) yield { state, raw, bucket: undefined }
    }
    return
  }
  for (const bucket of buckets(queue, state)) {
    for (const page of scanPages(within(stateDir(queue, state), bucket))) {
      for (const raw of page) yield { state, raw, bucket }
    }
  }
}

/** `YYYYMMDD/HHMM` of a bucketed state, newest first; none newer than `from`. */
export function* buckets(queue: QueueDir, state: State, from?: string): Generator<string, void, void> {
  const last = from ?? '~'
  const root = stateDir(queue, state)
  for (const day of daysIn(root)) {
    if (day > last.slice(0, 8)) continue
    for (const minute of minutesIn(within(root, day))) if (`${day}/${minute}` <= last) yield `${day}/${minute}`
  }
}

/** `YYYYMMDD` in the directory of a bucketed state, newest first. */
export function daysIn(path: BytePath): string[] {
  return newestFirst(path, /^\d{8}$/)
}

/** `HHMM` in that of a day, newest first. */
export function minutesIn(path: BytePath): string[] {
  return newestFirst(path, /^\d{4}$/)
}

function newestFirst(path: BytePath, pattern: RegExp): string[] {
  return names(path)
    .filter((name) => pattern.test(name))
    .toSorted()
    .toReversed()
}

/** Does a directory hold anything visible? One page at most. */
export function hasItems(path: BytePath): boolean {
  const stat = look(path)
  if (stat === undefined || !stat.isDirectory()) return false
  for (const page of scanPages(path)) if (page.length > 0) return true
  return false
}

/** How many visible entries, counted up to `limit`. */
export function countItems(items: Iterable<unknown>, limit: number): number {
  let count = 0
  for (const _ of items) {
    count += 1
    if (count >= limit) break
  }
  return count
}
