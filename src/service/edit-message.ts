/** Changing the message of an item that is held: a copy is changed, checked, and put into its place by one rename. */

import type { Stats } from 'node:fs'
import { readFileSync, rmSync } from 'node:fs'
import type { Msg } from '../domain/item.ts'
import { formatJson } from '../domain/json.ts'
import { formatMsg, MAX_STORED_BYTES, parseMsg } from '../domain/msg.ts'
import { parseItemName } from '../domain/name.ts'
import { formOf, type ItemForm } from '../fsqueue/content.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { readRegular, rename, writeNew } from '../fsqueue/files.ts'
import { type BytePath, fsPath, inQueue, look, makeDir, within } from '../fsqueue/place.ts'
import { syncInOrder } from '../fsqueue/sync.ts'
import { isProblem, type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { callName } from './item-ref.ts'
import { type Found, pathOf } from './lookup.ts'

/** What a person edits is small; a larger payload is changed by other means. */
const LIMIT = 1024 * 1024

const PATIENCE = 100

export type Changed = 'changed' | 'unchanged' | 'gone' | Problem

export const SETTABLE = 'param1 to param4, param.NAME, src, dest, job_id, user_id, orig_msg_id'

export function isSettable(key: string): boolean {
  return /^(?:param[1-4]|param\..+|src|dest|job_id|user_id|orig_msg_id)$/s.test(key)
}

interface Opened {
  readonly form: ItemForm
  /** What is to be replaced, as it was when it was read. */
  readonly target: BytePath
  readonly before: Stats
  /** As bytes: a payload may be in any encoding, or in none. */
  readonly bytes: string
}

function open(item: Found, limit = LIMIT): Opened | Problem | 'gone' {
  const form = formOf(pathOf(item), item.at.raw)
  const name = callName(item.at.raw)
  if (form === undefined) return 'gone'
  if (form === 'special') return problem('failed', `${name} is nothing that can be edited`)
  const target = form === 'directory' ? within(pathOf(item), 'msg') : pathOf(item)
  const before = look(target)
  const reading = readRegular(target, limit, 'refused', 'latin1')
  if (reading.kind === 'text' && before !== undefined) return { form, target, before, bytes: reading.text }
  const why = reading.kind === 'refused' ? reading.why : 'has no message'
  return problem('failed', `${name} cannot be edited: it ${why}`)
}

function copyOf(context: Context, item: Found, bytes: string, ending: string): BytePath {
  makeDir(inQueue(item.queue.dir, '_tmp'))
  const copy = inQueue(item.queue.dir, `_tmp/edit-${context.newId().slice(0, 29)}${ending}`)
  writeNew(copy, Buffer.from(bytes, 'latin1'))
  return copy
}

/** In an editor. When that fails, `stop`: nobody wants to see the next one. */
export async function changeByHand(context: Context, item: Found, stop: AbortController): Promise<Changed> {
  const opened = open(item)
  if (opened === 'gone' || 'kind' in opened) return opened
  const { form, bytes } = opened
  const copy = copyOf(context, item, bytes, form === 'file' ? '' : '.json')
  const path = fsPath(copy)
  const edited = await context.edit(path.toString())
  const after = readFileSync(path, 'latin1')
  if (after === bytes) rmSync(path)
  if (!edited) stop.abort()
  if (!edited) return problem('failed', 'the editor failed; nothing was changed')
  if (after === bytes) return 'unchanged'
  const parsed = form === 'file' ? undefined : parseMsg(Buffer.from(after, 'latin1').toString('utf8'))
  if (parsed?.ok === false) return problem('failed', `not put back: ${parsed.problem}; your text is in ${path}`)
  const outcome = await putBack(item, copy, opened)
  if (outcome !== 'overtaken') return outcome
  const name = callName(item.at.raw)
  return problem('failed', `${name} was moved or changed by somebody else meanwhile; your text is in ${copy}`)
}

/** How a message is to be, from how it is; or what is wrong with that. */
export type Rewrite = (msg: Msg) => Msg | Problem

/**
 * Without an editor; a plain file has no message. `version`: what it must be before, else somebody changed it (versionOf).
 * Of many who have seen one version one is served.
 */
export async function rewrite(
  context: Context,
  item: Found,
  change: Rewrite,
  version: string | undefined,
): Promise<Changed> {
  if (version === undefined) return rewriteNow(context, item, change, version)
  const { withLock } = await import('./with-lock.ts')
  makeDir(inQueue(item.queue.dir, '_tmp'))
  const lock = inQueue(item.queue.dir, `_tmp/edit-lock-${versionOf(parseItemName(item.at.raw).base)}`)
  const outcome = await withLock(lock, PATIENCE, () => rewriteNow(context, item, change, version))
  return outcome === 'busy' ? problem('busy', `${callName(item.at.raw)} is being edited by somebody else`) : outcome
}

async function rewriteNow(
  context: Context,
  item: Found,
  change: Rewrite,
  version: string | undefined,
): Promise<Changed> {
  const opened = open(item, MAX_STORED_BYTES)
  if (opened === 'gone' || 'kind' in opened) return opened
  const name = callName(item.at.raw)
  if (opened.form === 'file') return problem('failed', `${name} is a plain file: it has no message to change`)
  if (version !== undefined && versionOf(opened.bytes) !== version)
    return problem('busy', `${name} was changed meanwhile: its version is ${versionOf(opened.bytes)}`)
  const parsed = parseMsg(Buffer.from(opened.bytes, 'latin1').toString('utf8'))
  if (!parsed.ok) return problem('failed', `${name}: ${parsed.problem}; \`rq edit\` without --set shows it`)
  const after = change(parsed.msg)
  if (isProblem(after)) return after
  if (formatJson(after) === formatJson(parsed.msg)) return 'unchanged'
  const copy = copyOf(context, item, Buffer.from(formatMsg(after)).toString('latin1'), '.json')
  const outcome = await putBack(item, copy, opened)
  if (outcome !== 'overtaken') return outcome
  rmSync(fsPath(copy), { force: true })
  // Moved: where it is by then it may be as it was.
  if (look(opened.target) === undefined) return 'gone'
  return problem('busy', `${name} was moved or changed by somebody else meanwhile`)
}

/** Of the bytes of a message: 32 hex digits, other ones after any change. */
export function versionOf(bytes: string): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256').update(bytes, 'latin1').digest('hex').slice(0, 32)
}

/** Written by rqd: what a producer says instead is not taken. */
const OWN_KEYS = ['attempts', 'result', 'relay', 'merged', 'scheduled', 'cloned_from'] as const

/** A whole new message, with the life of the item as it was. */
export function withMessage(text: string): Rewrite {
  return (before) => {
    const parsed = parseMsg(text)
    if (!parsed.ok) return problem('failed', `not put back: ${parsed.problem}`)
    const own = new Map(Object.entries(parsed.msg).filter(([key]) => !OWN_KEYS.some((mine) => mine === key)))
    for (const key of OWN_KEYS) if (before[key] !== undefined) own.set(key, before[key])
    return Object.fromEntries(own)
  }
}

export function withKeys(msg: Msg, set: readonly (readonly [string, string])[], unset: readonly string[]): Msg {
  const own = new Map(Object.entries(msg))
  const params = new Map(Object.entries(msg.params ?? {}))
  for (const key of unset) {
    if (key.startsWith('param.')) params.delete(key.slice(6))
    else own.delete(key)
  }
  for (const [key, text] of set) {
    if (key.startsWith('param.')) params.set(key.slice(6), text)
    else own.set(key, text)
  }
  if (params.size > 0 || msg.params !== undefined) own.set('params', Object.fromEntries(params))
  return Object.fromEntries(own)
}

/** One rename over the old text, on the disk before and after; never into a place that the item has left. */
async function putBack(
  item: Found,
  copy: BytePath,
  { target, before }: Opened,
): Promise<'changed' | 'overtaken' | Problem> {
  const name = callName(item.at.raw)
  await syncInOrder([copy])
  const now = look(target)
  if (now === undefined || now.ino !== before.ino || now.mtimeMs !== before.mtimeMs) return 'overtaken'
  if (rename(copy, target) === 'gone') return problem('failed', `${name}: somebody removed the copy ${copy}`)
  try {
    await syncInOrder([target.slice(0, target.lastIndexOf('/')) as BytePath])
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    return problem('unknown-outcome', `${name} was changed, but this may not be on the disk: ${error.message}`)
  }
  return 'changed'
}
