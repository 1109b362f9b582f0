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
  /** SHA-256 of its content, or of where a symlink leads, in base64. */
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
  /** `print`: the same as long as nobody wrote, added, removed or exchanged anything in the item. */
  | { readonly kind: 'whole'; readonly print: string }
  | { readonly kind: 'gone' }
  | { readonly kind: 'refused'; readonly why: string }

/** Can it be archived whole? No file is read: what is refused must not be written into each archive of the others. */
export function survey(source: Source): Taken {
  return answering(source, (stat) => {
    // What stays whatever happens would be archived again and again; a directory that is moved must be ours to write.
    if (stat.isDirectory() && denial(source.path, constants.W_OK) !== undefined)
      throw new NotWhole('may not be moved away')
    const print = createHash('sha256')
    surveyTree(source, stat, print, { dev: stat.dev, depth: 0 })
    return print.digest('base64')
  })
}

/** The item's bytes as members of a tar; each is told to `onMember`. Returns how it went. */
export function* tarOf(source: Source, onMember: (written: Written) => void): Generator<Buffer, Taken, void> {
  const surveyed = survey(source)
  if (surveyed.kind !== 'whole') return surveyed
  const stat = look(source.path)
  if (stat === undefined) return { kind: 'gone' }
  try {
    yield* member(source, stat, onMember)
    return surveyed
  } catch (error) {
    return refusal(error)
  }
}

function answering({ path }: Source, printOf: (stat: Stats) => string): Taken {
  try {
    const stat = look(path)
    return stat === undefined ? { kind: 'gone' } : { kind: 'whole', print: printOf(stat) }
  } catch (error) {
    return refusal(error)
  }
}

function refusal(error: unknown): Taken {
  if (error instanceof NotWhole) return { kind: 'refused', why: error.message }
  if (error instanceof QueueIoError) return { kind: 'refused', why: `${error.operation} ${error.code}` }
  throw error
}

/** Why we may not, as the system says it. */
function denial(path: BytePath, mode: number): string | undefined {
  try {
    accessSync(fsPath(path), mode)
    return undefined
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return errnoOf(error)
  }
}

/** So much of a file may be holes. They are read as zeros: a file of no bytes may take for ever. */
const MOST_HOLES = 2 ** 36

interface Within {
  /** The item's own file system. */
  readonly dev: number
  readonly depth: number
}

function surveyTree({ path, name }: Source, stat: Stats, print: Hash, { dev, depth }: Within): void {
  stamp(print, name, stat)
  if (stat.isFile()) {
    const denied = denial(path, constants.R_OK)
    if (denied !== undefined) throw new NotWhole(`holds a file that may not be read: ${denied}`)
    if (stat.size - stat.blocks * 512 > MOST_HOLES) throw new NotWhole('holds a file that is almost nothing but a hole')
  } else if (stat.isDirectory()) {
    if (stat.dev !== dev) throw new NotWhole('holds another file system')
    if (depth >= DEEPEST) throw new NotWhole(`is nested deeper than ${DEEPEST} directories`)
    for (const [inner, of] of entriesOf({ path, name })) surveyTree(inner, of, print, { dev, depth: depth + 1 })
  } else if (!stat.isSymbolicLink() && !stat.isFIFO()) {
    throw new NotWhole('holds a socket or a device, which no archive can')
  }
}

/** What lies in a directory, in one order whoever asks. */
function* entriesOf({ path, name }: Source): Generator<[Source, Stats], void, void> {
  const dir = openDir(path)
  if (dir === undefined) throw new NotWhole(CHANGED)
  try {
    for (const entry of names(dir.path).toSorted()) {
      const inner = look(dir.child(entry))
      if (inner === undefined) throw new NotWhole(CHANGED)
      yield [{ path: dir.child(entry), name: `${name}/${entry}` }, inner]
    }
  } finally {
    dir.close()
  }
}

const CHANGED = 'changed while it was read'

/** Of what was surveyed before: what came since is noticed by its print. */
function* member(source: Source, stat: Stats, onMember: (written: Written) => void): Generator<Buffer, void, void> {
  const { path, name } = source
  const { mode, uid, gid } = stat
  const head = { name, mode, uid, gid, mtime: stat.mtimeMs / 1000 }
  if (stat.isFile()) yield* file(source, { ...head, type: 'file', size: stat.size }, stat, onMember)
  else if (stat.isDirectory()) {
    yield plain({ ...head, type: 'directory', size: 0 }, onMember)
    for (const [inner, of] of entriesOf(source)) yield* member(inner, of, onMember)
  } else if (stat.isSymbolicLink()) yield plain({ ...head, type: 'symlink', size: 0, target: target(path) }, onMember)
  else if (stat.isFIFO()) yield plain({ ...head, type: 'fifo', size: 0 }, onMember)
  else throw new NotWhole(CHANGED)
}

function plain(head: Member, onMember: (written: Written) => void): Buffer {
  const hash = createHash('sha256').update(head.target ?? '', 'latin1')
  onMember({ name: head.name, type: head.type, size: 0, hash: hash.digest('base64') })
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
    if (stat.ino !== before.ino || stat.dev !== before.dev) throw new NotWhole(CHANGED)
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

function stamp(print: Hash, name: string, { dev, ino, mode, size, mtimeMs, ctimeMs }: Stats): void {
  print.update(`${name}\0${dev} ${ino} ${mode} ${size} ${mtimeMs} ${ctimeMs}\0`, 'latin1')
}
