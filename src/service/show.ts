/** `rq show`: all there is to know about one item. */

import { closeSync } from 'node:fs'
import type { Attempt, Msg } from '../domain/item.ts'
import { displayName } from '../domain/name.ts'
import { lastProgress } from '../domain/status-line.ts'
import { currentAttempt, formOf, messageOf, openWithin, payloadsOf } from '../fsqueue/content.ts'
import type { Context } from './context.ts'
import { describe, type Row } from './describe.ts'
import { type Found, pathOf } from './lookup.ts'
import type { Attempted } from './relocate.ts'
import { forEachItem } from './relocate.ts'
import { defineVerb } from './verb.ts'
import { workerStatus } from './worker-status.ts'

export interface Shown extends Row {
  /** Where it lies, percent-encoded where that is no plain text. */
  readonly path: string
  readonly form: 'file' | 'message' | 'directory' | 'special'
  readonly payloads: readonly { readonly name: string; readonly size: number }[]
  /** The message without its attempts and its result. */
  readonly msg: Msg | null
  readonly msg_problem?: string
  readonly attempts: readonly Attempt[]
  readonly progress: { readonly text: string; readonly percent: number | null } | null
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
  const reading = messageOf(path, form)
  const { attempts = [], result, ...msg } = reading.kind === 'msg' ? reading.msg : {}
  const live = at.state === 'run' ? currentAttempt(path) : undefined
  const progress = live === undefined ? undefined : lastProgress(live.lines)
  const status = workerStatus(queue.dir)
  return {
    ...describe(queue.name, at, context.now(), status?.alive === true ? status : undefined),
    path: displayName(path),
    form,
    payloads: payloadsOf(path, at.raw, form).map(({ name, size }) => ({ name: displayName(name), size })),
    msg: reading.kind === 'msg' ? msg : null,
    ...(reading.kind === 'bad' ? { msg_problem: reading.problem } : {}),
    attempts,
    progress: progress === undefined ? null : { text: progress.text, percent: progress.percent ?? null },
    has_log: form === 'directory' && has(path, 'job', 'stdio.log'),
    has_result: result !== undefined || (form === 'directory' && has(path, 'result')),
  }
}

function has(...where: Parameters<typeof openWithin>): boolean {
  const fd = openWithin(...where)
  if (fd !== undefined) closeSync(fd)
  return fd !== undefined
}
