/** Making a root and a queue: idempotent, and complete whatever was there before. */
import { chmodSync, closeSync, constants, openSync } from 'node:fs'
import type { State } from '../domain/item.ts'
import { errnoOf } from '../os/errno.ts'
import { QueueIoError } from './errors.ts'
import { readRegular, removeFile, writeNew } from './files.ts'
import { type BytePath, fsPath, inQueue, look, makeDir, type QueueDir, stateDir, toBytes, within } from './place.ts'

/** The protocol's version, as kept in `_format` of the root. */
export const FORMAT = 1

export type RootFormat =
  | { readonly kind: 'ok' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'newer'; readonly version: string }

/** Is this a root that this program understands? A newer one is refused, never touched. */
export function rootFormat(root: string): RootFormat {
  const reading = readRegular(`${toBytes(root)}/_format` as BytePath, 100)
  if (reading.kind !== 'text') return { kind: 'absent' }
  const version = reading.text.trim()
  // Its making was cut short.
  if (version === '') return { kind: 'absent' }
  return version === String(FORMAT) ? { kind: 'ok' } : { kind: 'newer', version }
}

/** Makes the root, `queue/` and `_format`. The root's parent must exist. */
export function createRoot(root: string): void {
  const base = toBytes(root) as BytePath
  makeDir(base)
  makeDir(within(base, 'queue'))
  const format = within(base, '_format')
  if (look(format)?.size === 0) removeFile(format)
  writeNew(format, `${FORMAT}\n`)
}

const MADE_BY_A_QUEUE: readonly State[] = ['prep', 'que', 'run', 'pause', 'done', 'relayed', '_err']

/**
 * Makes what is missing of a queue's directories. `shared` opens que/ and prep/ to the group: setgid, so
 * that files keep the group, and sticky, so that nobody renames another's item.
 */
export function ensureQueue(queue: QueueDir, shared = false): void {
  for (const state of MADE_BY_A_QUEUE) {
    const dir = stateDir(queue, state)
    const made = makeDir(dir)
    if (made && shared && (state === 'que' || state === 'prep')) chmodSync(fsPath(dir), 0o3770)
  }
  makeDir(inQueue(queue, '_tmp'))
}

/** What is wrong with a queue's directories: not a directory, a symlink, another file system. */
export function queueProblems(queue: QueueDir): string[] {
  const home = look(queue.base === '' ? ('.' as BytePath) : queue.base)
  const problems: string[] = []
  for (const state of MADE_BY_A_QUEUE) {
    const dir = stateDir(queue, state)
    const stat = look(dir)
    if (stat === undefined) continue
    if (stat.isSymbolicLink())
      problems.push(`${dir} is a symbolic link: rqd does not follow it; bind-mount or move the root instead`)
    else if (!stat.isDirectory()) problems.push(`${dir} is not a directory`)
    else if (home !== undefined && stat.dev !== home.dev)
      problems.push(`${dir} is on another file system: a move between states must be one rename`)
  }
  return problems
}

/** `touch`: an admin flag such as `_paused`. */
export function setFlag(path: BytePath): void {
  try {
    closeSync(openSync(fsPath(path), constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600))
  } catch (error) {
    if (errnoOf(error) !== 'ELOOP') throw new QueueIoError('touch', path, error)
  }
}

export function hasFlag(path: BytePath): boolean {
  return look(path) !== undefined
}
