/** Changing the message of an item that is held: a copy is changed, checked, and put into its place by one rename. */
import type { Stats } from 'node:fs'
import { readFileSync, rmSync } from 'node:fs'
import type { Msg } from '../domain/item.ts'
import { formatMsg, parseMsg } from '../domain/msg.ts'
import { formOf, type ItemForm } from '../fsqueue/content.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { readRegular, rename, writeNew } from '../fsqueue/files.ts'
import { type BytePath, fsPath, inQueue, look, makeDir, within } from '../fsqueue/place.ts'
import { syncInOrder } from '../fsqueue/sync.ts'
import { type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { callName } from './item-ref.ts'
import { type Found, pathOf } from './lookup.ts'

/** What a person edits is small; a larger payload is changed by other means. */
const LIMIT = 1024 * 1024

type Changed = 'changed' | 'unchanged' | Problem

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

function open(item: Found): Opened | Problem {
  const form = formOf(pathOf(item), item.at.raw)
  const name = callName(item.at.raw)
  if (form === undefined || form === 'special') return problem('failed', `${name} is nothing that can be edited`)
  const target = form === 'directory' ? within(pathOf(item), 'msg') : pathOf(item)
  const before = look(target)
  const reading = readRegular(target, LIMIT, 'refused', 'latin1')
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
  if ('kind' in opened) return opened
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
  return putBack(item, copy, opened)
}

/** By keys, without an editor; a plain file has none. */
export async function changeKeys(
  context: Context,
  item: Found,
  set: readonly (readonly [string, string])[],
  unset: readonly string[],
): Promise<Changed> {
  const opened = open(item)
  if ('kind' in opened) return opened
  const name = callName(item.at.raw)
  if (opened.form === 'file') return problem('failed', `${name} is a plain file: it has no message to set keys in`)
  const parsed = parseMsg(Buffer.from(opened.bytes, 'latin1').toString('utf8'))
  if (!parsed.ok) return problem('failed', `${name}: ${parsed.problem}; \`rq edit\` without --set shows it`)
  const after = withKeys(parsed.msg, set, unset)
  if (JSON.stringify(after) === JSON.stringify(parsed.msg)) return 'unchanged'
  const copy = copyOf(context, item, Buffer.from(formatMsg(after)).toString('latin1'), '.json')
  const outcome = await putBack(item, copy, opened)
  if (typeof outcome === 'object' && outcome.kind === 'failed') rmSync(fsPath(copy), { force: true })
  return outcome
}

function withKeys(msg: Msg, set: readonly (readonly [string, string])[], unset: readonly string[]): Msg {
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
async function putBack(item: Found, copy: BytePath, { target, before }: Opened): Promise<'changed' | Problem> {
  const name = callName(item.at.raw)
  await syncInOrder([copy])
  const now = look(target)
  if (now === undefined || now.ino !== before.ino || now.mtimeMs !== before.mtimeMs) {
    return problem('failed', `${name} was moved or changed by somebody else meanwhile; your text is in ${copy}`)
  }
  if (rename(copy, target) === 'gone') return problem('failed', `${name}: somebody removed the copy ${copy}`)
  try {
    await syncInOrder([target.slice(0, target.lastIndexOf('/')) as BytePath])
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    return problem('unknown-outcome', `${name} was changed, but this may not be on the disk: ${error.message}`)
  }
  return 'changed'
}
