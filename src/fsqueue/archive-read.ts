/** Items as the content of a tar: read once, hashed on the way, and never through a link. */
import { createHash, type Hash } from 'node:crypto'
import { accessSync, closeSync, constants, fstatSync, openSync, readlinkSync, readSync, type Stats } from 'node:fs'
import { errnoOf } from '../os/errno.ts'
import { QueueIoError } from './errors.ts'
import { type BytePath, fsPath, look, names } from './place.ts'
import { type Member, type MemberType, memberHeader, padding } from './tar-header.ts'
import { DEEPEST, openDir } from './tree.ts'

/** What the archive must hold of a member when it is read again. */
export interface Written {
  readonly name: string
  readonly type: MemberType
  readonly size: number
  /** SHA-256 of its content, in base64. */
  readonly hash: string
}

/** It is not archived whole, so it stays; and why. */
class NotWhole extends Error {}

const CHUNK = 256 * 1024

export interface Source {
  readonly path: BytePath
  /** What it is called in the archive: bytes. */
  readonly name: string
}

export type Taken =
  /** `print`: as `fingerprint` gives it while nobody touches the item. */
  | { readonly kind: 'whole'; readonly print: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly why: string }

/** Yields the item's bytes as members of a tar; each is told to `onMember`. Returns how it went. */
export function* tarOf(source: Source, onMember: (written: Written) => void): Generator<Buffer, Taken, void> {
  const stat = look(source.path)
  if (stat === undefined) return { kind: 'gone' }
  // What stays whatever happens would be archived again and again.
  if (stat.isDirectory() && !mayMove(source.path)) return { kind: 'refused', why: 'may not be moved away' }
  const print = createHash('sha256')
  try {
    yield* member(source, stat, print, onMember, 0)
    return { kind: 'whole', print: print.digest('base64') }
  } catch (error) {
    if (error instanceof NotWhole) return { kind: 'refused', why: error.message }
    if (error instanceof QueueIoError) return { kind: 'refused', why: `${error.operation} ${error.code}` }
    throw error
  }
}

/** A directory that goes to another one must be ours to write. */
function mayMove(path: BytePath): boolean {
  try {
    accessSync(fsPath(path), constants.W_OK)
    return true
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}

function* member(
  { path, name }: Source,
  stat: Stats,
  print: Hash,
  onMember: (written: Written) => void,
  depth: number,
): Generator<Buffer, void, void> {
  const { mode, uid, gid } = stat
  const head = { name, mode, uid, gid, mtime: stat.mtimeMs / 1000 }
  stamp(print, name, stat)
  if (stat.isFile()) yield* file({ path, name }, { ...head, type: 'file', size: stat.size }, stat, onMember)
  else if (stat.isDirectory()) {
    if (depth >= DEEPEST) throw new NotWhole(`is nested deeper than ${DEEPEST} directories`)
    const dir = openDir(path)
    if (dir === undefined) throw new NotWhole('changed while it was read')
    try {
      yield plain({ ...head, type: 'directory', size: 0 }, onMember)
      for (const entry of names(dir.path).toSorted()) {
        const inner = look(dir.child(entry))
        if (inner === undefined) throw new NotWhole('changed while it was read')
        yield* member({ path: dir.child(entry), name: `${name}/${entry}` }, inner, print, onMember, depth + 1)
      }
    } finally {
      dir.close()
    }
  } else if (stat.isSymbolicLink()) yield plain({ ...head, type: 'symlink', size: 0, target: target(path) }, onMember)
  else if (stat.isFIFO()) yield plain({ ...head, type: 'fifo', size: 0 }, onMember)
  else throw new NotWhole('holds a socket or a device, which no archive can')
}

const NOTHING = createHash('sha256').digest('base64')

function plain(head: Member, onMember: (written: Written) => void): Buffer {
  onMember({ name: head.name, type: head.type, size: 0, hash: NOTHING })
  return memberHeader(head)
}

/** As many bytes as the header says, whatever becomes of the file meanwhile: what follows must be readable. */
function* file(
  { path, name }: Source,
  head: Member,
  before: Stats,
  onMember: (written: Written) => void,
): Generator<Buffer, void, void> {
  const fd = openFile(path)
  try {
    const stat = fstatSync(fd)
    if (stat.ino !== before.ino || stat.dev !== before.dev) throw new NotWhole('changed while it was read')
    yield memberHeader(head)
    const hash = createHash('sha256')
    let problem: NotWhole | undefined
    for (let at = 0; at < head.size; ) {
      const chunk: Buffer | NotWhole = problem ?? readPiece(fd, at, head.size)
      const piece = chunk instanceof NotWhole ? Buffer.alloc(Math.min(CHUNK, head.size - at)) : chunk
      if (chunk instanceof NotWhole) problem = chunk
      hash.update(piece)
      at += piece.length
      yield piece
    }
    onMember({ name, type: 'file', size: head.size, hash: hash.digest('base64') })
    yield padding(head.size)
    if (problem !== undefined) throw problem
  } finally {
    closeSync(fd)
  }
}

function readPiece(fd: number, at: number, size: number): Buffer | NotWhole {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size - at))
  try {
    const got = readSync(fd, buffer, 0, buffer.length, at)
    return got === 0 ? new NotWhole('became shorter while it was read') : buffer.subarray(0, got)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return new NotWhole(`cannot be read: ${errnoOf(error)}`)
  }
}

function openFile(path: BytePath): number {
  try {
    return openSync(fsPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    throw new QueueIoError('open', path, error)
  }
}

function target(path: BytePath): string {
  try {
    return readlinkSync(fsPath(path), 'latin1')
  } catch (error) {
    throw new QueueIoError('readlink', path, error)
  }
}

/** Of a tree without reading its files: the same as long as nobody wrote, added, removed or exchanged anything in it. */
export function fingerprint({ path, name }: Source): string | undefined {
  const stat = look(path)
  if (stat === undefined) return undefined
  const print = createHash('sha256')
  return stampTree({ path, name }, stat, print, 0) ? print.digest('base64') : undefined
}

function stampTree({ path, name }: Source, stat: Stats, print: Hash, depth: number): boolean {
  stamp(print, name, stat)
  if (!stat.isDirectory()) return true
  const dir = depth >= DEEPEST ? undefined : openDir(path)
  if (dir === undefined) return false
  try {
    return names(dir.path)
      .toSorted()
      .every((entry) => {
        const inner = look(dir.child(entry))
        return (
          inner !== undefined &&
          stampTree({ path: dir.child(entry), name: `${name}/${entry}` }, inner, print, depth + 1)
        )
      })
  } finally {
    dir.close()
  }
}

function stamp(print: Hash, name: string, { dev, ino, mode, size, mtimeMs, ctimeMs }: Stats): void {
  print.update(`${name}\0${dev} ${ino} ${mode} ${size} ${mtimeMs} ${ctimeMs}\0`, 'latin1')
}
