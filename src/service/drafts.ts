/** From what `rq inject` was given to items that are to be published, one by one. */
import { lstatSync, realpathSync, statSync } from 'node:fs'
import type { Msg } from '../domain/item.ts'
import { MAX_MSG_BYTES, parseMsg } from '../domain/msg.ts'
import { displayName, type ItemId, idTail, type RawName, safeTail } from '../domain/name.ts'
import type { QueueIoError } from '../fsqueue/errors.ts'
import { type BytePath, fsPath } from '../fsqueue/place.ts'
import type { Draft, Source } from '../fsqueue/publish.ts'
import { errnoOf } from '../os/errno.ts'
import { isProblem, type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { spell } from './item-ref.ts'

/** What all items of one call share. */
export interface Wish {
  readonly id: ItemId | undefined
  readonly priority: number | undefined
  readonly due: number | undefined
  readonly tags: readonly string[]
  /** What the caller says besides a payload; undefined when that is nothing. */
  readonly msg: Msg | undefined
  /** How files come into the queue; `link` shares the file, `move` links it and removes the old name. */
  readonly how: 'copy' | 'link' | 'move'
}

export interface Item {
  readonly draft: Draft
  readonly bytes: number
  /** To be removed when the item is on the disk. */
  readonly moved: readonly BytePath[]
}

/** One item for a file; a plain file where the name is all that there is to say. */
export function fileItem(context: Context, wish: Wish, path: BytePath): Item | Problem {
  const attached = attach(path, wish.how)
  if (isProblem(attached)) return attached
  const { name } = attached
  const id = wish.id ?? context.newId(name)
  const tail = safeTail(name)
  const saysAll = wish.msg === undefined && (wish.id === undefined ? tail === name : idTail(wish.id) === name)
  const msg = saysAll ? undefined : { ...wish.msg, name: displayName(name) }
  return { draft: draftOf(wish, id, msg, [attached]), bytes: attached.bytes, moved: attached.moved }
}

/** One item with all of these files. */
export function attachedItem(context: Context, wish: Wish, paths: readonly BytePath[]): Item | Problem {
  const files: Attached[] = []
  for (const path of paths) {
    const file = attach(path, wish.how)
    if (isProblem(file)) return file
    if (files.some(({ name }) => name === file.name))
      return problem('usage', `two attachments are named ${spell(file.name)}`)
    files.push(file)
  }
  const draft = draftOf(wish, wish.id ?? context.newId(), wish.msg ?? {}, files)
  return { draft, bytes: files.reduce((sum, file) => sum + file.bytes, 0), moved: files.flatMap((file) => file.moved) }
}

/** An item of parameters only. */
export function messageItem(context: Context, wish: Wish, msg: Msg = wish.msg ?? {}): Item {
  return { draft: draftOf(wish, wish.id ?? context.newId(), msg, []), bytes: 0, moved: [] }
}

/** An item whose payload lies in a file of ours that has no name of its own to keep. */
export function spooledItem(context: Context, wish: Wish, spooled: BytePath): Item {
  const source: Source = { kind: 'link', path: spooled }
  const draft = draftOf(wish, wish.id ?? context.newId(), wish.msg, [{ name: 'payload' as RawName, source }])
  return { draft, bytes: 0, moved: [] }
}

/** One JSON message, as in a line of `--json -`. */
export function jsonItem(context: Context, wish: Wish, text: string): Item | Problem {
  if (Buffer.byteLength(text) > MAX_MSG_BYTES) return problem('failed', `is larger than ${MAX_MSG_BYTES} bytes`)
  const parsed = parseMsg(text)
  if (!parsed.ok) return problem('failed', parsed.problem.replace(/^msg:? /, ''))
  const params = { ...parsed.msg.params, ...wish.msg?.params }
  return messageItem(context, wish, {
    ...parsed.msg,
    ...wish.msg,
    ...(Object.keys(params).length === 0 ? {} : { params }),
  })
}

function draftOf(wish: Wish, id: ItemId, msg: Msg | undefined, attach: Draft['attach']): Draft {
  return { id, priority: wish.priority, due: wish.due, tags: wish.tags, msg, attach }
}

interface Attached {
  readonly name: RawName
  readonly source: Source
  readonly bytes: number
  readonly moved: readonly BytePath[]
}

function attach(path: BytePath, how: Wish['how']): Attached | Problem {
  const name = path.replace(/\/+$/, '').replace(/^.*\//s, '') as RawName
  try {
    const stat = statSync(fsPath(path))
    if (stat.isDirectory()) return problem('failed', `${displayName(path)} is a directory: name the files in it`)
    if (!stat.isFile()) return problem('failed', `${displayName(path)} is not a regular file; give it on stdin, as "-"`)
    // link(2) would take a symbolic link for the file itself.
    const isLink = how !== 'copy' && lstatSync(fsPath(path)).isSymbolicLink()
    const real = isLink ? (realpathSync(fsPath(path), { encoding: 'latin1' }) as BytePath) : path
    return {
      name,
      source: { kind: how === 'copy' ? 'copy' : 'link', path: real },
      bytes: how === 'copy' ? stat.size : 0,
      moved: how === 'move' ? [path] : [],
    }
  } catch (error) {
    return problem('failed', `cannot read ${displayName(path)}: ${reasonOf(error)}`)
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'it is a directory',
  EINVAL: 'it is not a regular file',
  ENOTDIR: 'a part of its path is not a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'its name is too long',
  EXDEV: 'it is on another file system; leave out --link or --move to copy it',
  EMLINK: 'it has too many links; leave out --link or --move to copy it',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EIO: 'the disk failed',
  EMFILE: 'too many open files',
}

/** What the system refused, and where. */
export function refusalText(error: QueueIoError): string {
  return `${reasonOf(error)} (${error.operation} ${displayName(error.path)})`
}

export function reasonOf(error: unknown): string {
  const code =
    error instanceof Error && 'code' in error && error.code !== undefined ? String(error.code) : errnoOf(error)
  return code === undefined ? String(error) : (REASONS[code] ?? code)
}
