/**
 * Where things lie. Paths are built here and nowhere else, as bytes (latin1 text), so that a name which
 * is not UTF-8 is a path like any other.
 */
import { lstatSync, mkdirSync, readdirSync, type Stats } from 'node:fs'
import type { State } from '../domain/item.ts'
import type { RawName } from '../domain/name.ts'
import { errnoOf } from '../os/errno.ts'
import { QueueIoError } from './errors.ts'

/** A path as bytes, one character per byte. */
export type BytePath = string & { readonly brand: 'BytePath' }

export type StateDirs = Readonly<Record<State, string>>

export const DEFAULT_DIRS = {
  prep: 'prep',
  que: 'que',
  run: 'run',
  pause: 'pause',
  done: 'done',
  relayed: 'relayed',
  _err: '_err',
} as const satisfies StateDirs

/** One queue's directory. A worker stands in its own and has the base ''. */
export interface QueueDir {
  readonly base: BytePath
  readonly dirs: StateDirs
}

export function queueDir(path: string, dirs: StateDirs = DEFAULT_DIRS): QueueDir {
  const bytes = path === '' ? '' : `${toBytes(path).replace(/\/+$/, '')}/`
  return { base: bytes as BytePath, dirs }
}

/** The directory of a state. */
export function stateDir(queue: QueueDir, state: State): BytePath {
  return (queue.base + toBytes(queue.dirs[state])) as BytePath
}

/** `que/<name>`; `bucket` is `YYYYMMDD/HHMM` in done/ and relayed/. */
export function place(queue: QueueDir, state: State, name: string, bucket?: string): BytePath {
  const dir = bucket === undefined ? stateDir(queue, state) : `${stateDir(queue, state)}/${bucket}`
  return `${dir}/${name}` as BytePath
}

export function within(path: BytePath, ...names: string[]): BytePath {
  return [path, ...names].join('/') as BytePath
}

export function inQueue(queue: QueueDir, name: string): BytePath {
  return (queue.base + name) as BytePath
}

/** What node:fs takes: text where it is ASCII, bytes otherwise. */
export function fsPath(path: string): string | Buffer {
  return /^[\x00-\x7f]*$/.test(path) ? path : Buffer.from(path, 'latin1')
}

export function toBytes(text: string): string {
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1')
}

/** lstat, or undefined when there is nothing of that name. */
export function look(path: BytePath): Stats | undefined {
  try {
    return lstatSync(fsPath(path), { throwIfNoEntry: false })
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return undefined
    throw new QueueIoError('lstat', path, error)
  }
}

/** Another one when it is another file, or was written or moved; '' where there is none. */
export function fileMark(path: BytePath): string {
  return markOf(look(path))
}

export function markOf(stat: Stats | undefined): string {
  return stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`
}

/** The names in a small directory, unsorted; a directory that is not there has none. */
export function names(path: BytePath): RawName[] {
  try {
    return readdirSync(fsPath(path), { encoding: 'latin1' }) as RawName[]
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return []
    throw new QueueIoError('readdir', path, error)
  }
}

/** mkdir; false when it is there already. */
export function makeDir(path: BytePath, mode = 0o700): boolean {
  try {
    mkdirSync(fsPath(path), { mode })
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw new QueueIoError('mkdir', path, error)
  }
}

/** A real directory: what a link in its place leads to is not the queue's. */
export function requireDir(path: BytePath): void {
  if (look(path)?.isDirectory() === true) return
  throw new QueueIoError('open', path, Object.assign(new Error('not a directory'), { code: 'ENOTDIR' }))
}
