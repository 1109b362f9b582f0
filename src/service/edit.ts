/** `rq edit`: hold, change a copy, check it, put it back, release. */

import type { Stats } from 'node:fs'
import { readFileSync, rmSync } from 'node:fs'
import { parseMsg } from '../domain/msg.ts'
import { parseItemName } from '../domain/name.ts'
import { formOf, type ItemForm } from '../fsqueue/content.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { readRegular, rename, writeNew } from '../fsqueue/files.ts'
import { moveItem } from '../fsqueue/move.ts'
import { type BytePath, fsPath, inQueue, look, makeDir, stateDir, within } from '../fsqueue/place.ts'
import { syncInOrder } from '../fsqueue/sync.ts'
import { loadNative } from '../os/native.ts'
import { type Answer, type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { callName } from './item-ref.ts'
import { type Found, findAgain, finder, pathOf } from './lookup.ts'
import { type Done, relocate } from './relocate.ts'
import { defineVerb } from './verb.ts'

/** What a person edits is small; a larger payload is changed by other means. */
const LIMIT = 1024 * 1024

export const edit = defineVerb({
  summary: 'change the message of an item that does not run',
  details:
    'A waiting item is held while $VISUAL or $EDITOR has a copy of its message, and released afterwards, changed or not. ' +
    'Of a plain file the file itself is edited. What is no valid message is not put back.',
  arguments: {
    id: { type: 'item', summary: 'an item that waits, is held, or failed', states: ['que', 'pause', '_err'] },
  },
  options: {},
  examples: [
    { command: 'rq edit x7f2k9', says: 'with $EDITOR' },
    { command: "EDITOR='sed -i s/old/new/' rq edit x7f2k9", says: 'by a program' },
  ],
  run: async (context, input): Promise<Answer<Done>> => {
    const item = await finder(context.root, ['que', 'pause'])(input.id)
    if ('kind' in item) return { value: undefined, problems: [item] }
    const held = await holdFor(context, item)
    if ('kind' in held) return { value: undefined, problems: [held] }
    const name = callName(held.at.raw)
    const problems: Problem[] = []
    let did = 'unchanged'
    try {
      const outcome = await change(context, held)
      if (outcome === 'changed') did = 'changed'
      else if (outcome !== 'unchanged') problems.push(outcome)
    } finally {
      if (item.at.state === 'que') problems.push(...(await letGo(context, held)))
    }
    return { value: problems.length > 0 ? undefined : { queue: item.queue.name, id: name, did }, problems }
  },
})

/** While it is edited a waiting item lies in pause/, where no worker claims it. */
async function holdFor(context: Context, item: Found): Promise<Found | Problem> {
  const name = callName(item.at.raw)
  switch (item.at.state) {
    case 'que': {
      const { due } = parseItemName(item.at.raw)
      makeDir(stateDir(item.queue.dir, 'pause'))
      const how = { now: context.now(), newId: context.newId, native: await loadNative() }
      const moved = moveItem(item.queue.dir, item.at, { state: 'pause', due }, how)
      if (moved.kind === 'moved') return { ...item, at: moved.at }
      const now = findAgain(item)
      return now?.at.state === 'run'
        ? problem('busy', `${name} has just started`)
        : problem('not-found', `${name} is gone`)
    }
    case 'pause':
    case '_err':
      return item
    case 'run':
      return problem('busy', `${name} is running: \`rq kill\` stops it`)
    case 'prep':
    case 'done':
    case 'relayed':
      return problem('failed', `${name} lies in ${item.at.state}: only what may still run is edited`)
  }
}

async function letGo(context: Context, held: Found): Promise<Problem[]> {
  const { due } = parseItemName(held.at.raw)
  const released = await relocate(context, held, { state: 'que', due }, 'released')
  // Somebody else released or removed it meanwhile, which is his right.
  return released === 'gone' || !('kind' in released) ? [] : [released]
}

async function change(context: Context, item: Found): Promise<'changed' | 'unchanged' | Problem> {
  const form = formOf(pathOf(item), item.at.raw)
  const name = callName(item.at.raw)
  if (form === undefined || form === 'special') return problem('failed', `${name} is nothing that can be edited`)
  const target = form === 'directory' ? within(pathOf(item), 'msg') : pathOf(item)
  // As bytes: a payload may be in any encoding, or in none.
  const reading = readRegular(target, LIMIT, 'refused', 'latin1')
  const before = look(target)
  if (reading.kind !== 'text' || before === undefined) {
    return problem(
      'failed',
      `${name} cannot be edited: it ${reading.kind === 'refused' ? reading.why : 'has no message'}`,
    )
  }
  makeDir(inQueue(item.queue.dir, '_tmp'))
  const copy = inQueue(item.queue.dir, `_tmp/edit-${context.newId().slice(0, 29)}${form === 'file' ? '' : '.json'}`)
  writeNew(copy, Buffer.from(reading.text, 'latin1'))
  const outcome = await editCopy(context, copy, reading.text, form)
  if (outcome !== 'changed') return outcome
  return putBack(item, copy, target, before)
}

async function editCopy(
  context: Context,
  copy: BytePath,
  before: string,
  form: ItemForm,
): Promise<'changed' | 'unchanged' | Problem> {
  const path = fsPath(copy)
  const edited = await context.edit(path.toString())
  const after = readFileSync(path, 'latin1')
  if (after === before) rmSync(path)
  if (!edited) return problem('failed', 'the editor failed; nothing was changed')
  if (after === before) return 'unchanged'
  const parsed = form === 'file' ? undefined : parseMsg(Buffer.from(after, 'latin1').toString('utf8'))
  if (parsed?.ok === false) return problem('failed', `not put back: ${parsed.problem}; your text is in ${path}`)
  return 'changed'
}

/** One rename over the old text, on the disk before and after; never into a place that the item has left. */
async function putBack(item: Found, copy: BytePath, target: BytePath, before: Stats): Promise<'changed' | Problem> {
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
