/** `rq show`: all there is to know about one item. */

import { closeSync } from 'node:fs'
import type { Attempt, Msg } from '../domain/item.ts'
import { MAX_STORED_BYTES } from '../domain/msg.ts'
import { displayName } from '../domain/name.ts'
import { currentAttempt, formOf, type ItemForm, messageOf, openWithin, payloadsOf } from '../fsqueue/content.ts'
import { unlessDenied } from '../fsqueue/errors.ts'
import { readRegular } from '../fsqueue/files.ts'
import { type BytePath, within } from '../fsqueue/place.ts'
import type { Context } from './context.ts'
import { describe, enteredAt, isoTime, type Row, sinceTime } from './describe.ts'
import { versionOf } from './edit-message.ts'
import { type Found, pathOf } from './lookup.ts'
import { type Progress, progressOf } from './progress.ts'
import type { Attempted } from './relocate.ts'
import { forEachItem } from './relocate.ts'
import { defineVerb } from './verb.ts'
import { workerStatus } from './worker-status.ts'

export interface Shown extends Row {
  /** When it came into its state. */
  readonly since: string | null
  /** Where it lies, percent-encoded where that is no plain text. */
  readonly path: string
  readonly form: 'file' | 'message' | 'directory' | 'special'
  readonly payloads: readonly { readonly name: string; readonly size: number }[]
  /** Of its message, for `rq edit --if-version`; null for an item without one. */
  readonly version: string | null
  /** The message without its attempts and its result. */
  readonly msg: Msg | null
  readonly msg_problem?: string
  readonly attempts: readonly Attempt[]
  readonly progress: Progress | null
  readonly has_log: boolean
  readonly has_result: boolean
}

export const show = defineVerb({
  summary: 'show all about items',
  arguments: { id: { type: 'item', summary: 'an id, or a unique part of one', many: true } },
  options: {},
  examples: [
    { command: 'rq show x7f2k9', says: 'its message, its attempts, where it lies' },
    { command: 'rq show x7f2k9 --json', says: 'the same for a program' },
  ],
  run: (context, input) => forEachItem(context, input.id, (item) => inspect(context, item)),
})

function inspect(context: Context, item: Found): Attempted<Shown> {
  const { queue, at } = item
  const path = pathOf(item)
  const form = formOf(path, at.raw)
  if (form === undefined) return 'gone'
  // Before the message: a change in between makes the version too old, and an edit by it is refused.
  const version = versionIn(path, form)
  const reading = messageOf(path, form)
  const { attempts = [], result, ...msg } = reading.kind === 'msg' ? reading.msg : {}
  const live = at.state === 'run' ? currentAttempt(path) : undefined
  const status = workerStatus(queue.dir)
  const row = describe(queue.name, at, context.now(), status?.alive === true ? status : undefined)
  return {
    ...row,
    since: sinceTime(row, enteredAt(queue.dir, at)),
    finished: finishedAt(row, attempts),
    path: displayName(path),
    form,
    payloads: payloadsOf(path, at.raw, form).map(({ name, size }) => ({ name: displayName(name), size })),
    version,
    msg: reading.kind === 'msg' ? msg : null,
    ...(reading.kind === 'bad' ? { msg_problem: reading.problem } : {}),
    attempts,
    progress: progressOf(live) ?? null,
    has_log: form === 'directory' && has(path, 'job', 'stdio.log'),
    has_result: result !== undefined || (form === 'directory' && has(path, 'result')),
  }
}

/** By the last attempt, to the millisecond; of an item that has none, by the minute that it lies in. */
function finishedAt(row: Row, attempts: readonly Attempt[]): string | null {
  if (row.status !== 'done' && row.status !== 'relayed' && row.status !== 'failed') return null
  return isoTime(Date.parse(attempts.at(-1)?.ended ?? '')) ?? row.finished
}

function versionIn(path: BytePath, form: ItemForm): string | null {
  if (form !== 'directory' && form !== 'message') return null
  const msg = form === 'directory' ? within(path, 'msg') : path
  const reading = unlessDenied(() => readRegular(msg, MAX_STORED_BYTES, 'refused', 'latin1'), undefined)
  return reading?.kind === 'text' ? versionOf(reading.text) : null
}

function has(...where: Parameters<typeof openWithin>): boolean {
  const fd = openWithin(...where)
  if (fd !== undefined) closeSync(fd)
  return fd !== undefined
}
