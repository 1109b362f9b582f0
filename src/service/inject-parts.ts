/** An item with files that come as streams, in one call: all of it, or nothing. */
import type { Readable } from 'node:stream'
import type { Msg } from '../domain/item.ts'
import { type ItemId, parseItemName, type RawName } from '../domain/name.ts'
import { dropDraft } from '../fsqueue/draft.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { findItem } from '../fsqueue/find.ts'
import { place } from '../fsqueue/place.ts'
import type { Answer, Problem } from './answer.ts'
import { problem, refuse } from './answer.ts'
import { type Attached, attachStream, type Expected } from './attach-stream.ts'
import { commitDraft } from './commit.ts'
import type { Context } from './context.ts'
import { refusalText } from './drafts.ts'
import { sentAgain, strangeDraft } from './inject-again.ts'
import { type Drafted, type DraftWish, draft } from './prep.ts'
import { openQueue } from './spool.ts'

export interface Part {
  /** Bytes, one character each. */
  readonly name: RawName
  readonly stream: Readable
  readonly expected?: Expected | undefined
}

export interface InjectedParts {
  readonly queue: string
  readonly id: ItemId
  readonly attachments: readonly Attached[]
  /** By its id it was published before, with this message and these files. */
  readonly existed: boolean
}

/**
 * Publishes an item with all parts, each read to its end before the next is asked for. With an id it may be repeated
 * until it succeeds. Whatever fails, nothing is left behind, but after an unknown outcome.
 */
export async function injectParts(
  context: Context,
  queueName: string,
  wish: DraftWish,
  parts: AsyncIterable<Part>,
): Promise<Answer<InjectedParts>> {
  const begun = await draft(context, queueName, wish)
  if (begun.value === undefined) return { value: undefined, problems: begun.problems }
  const { queue, id, existed } = begun.value
  const isDraft = !existed || (await hasDraft(context, queue, id))
  if (!isDraft) return sentAgain(context, begun.value, wish.msg, parts)
  let answer: Answer<InjectedParts> | undefined
  try {
    answer = await fill(context, begun.value, wish, parts)
    // Two that send the same at once share a draft, and one of them is faster.
    if (answer.value === undefined && existed && !(await hasDraft(context, queue, id)))
      return refuse('busy', `${id} was published by another request meanwhile: repeat this one`)
    return answer
  } finally {
    const isOpen = answer === undefined || (answer.value === undefined && !isUnknown(answer.problems))
    // A draft that was there before is somebody else's, who may be filling it just now.
    if (isOpen && !existed) await drop(context, queue, id)
  }
}

function isUnknown(problems: readonly Problem[]): boolean {
  return problems.some(({ kind }) => kind === 'unknown-outcome')
}

async function fill(
  context: Context,
  { queue, id, existed }: Drafted,
  { msg }: DraftWish,
  parts: AsyncIterable<Part>,
): Promise<Answer<InjectedParts>> {
  const ref = `${queue}/${id}`
  // Of a draft that was just made nobody else knows yet.
  const strange = existed ? await strangeOf(context, queue, id, msg, undefined) : undefined
  if (strange !== undefined) return { value: undefined, problems: [strange] }
  const attachments: Attached[] = []
  const iterator = parts[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await iterator.next().catch((error: unknown) => problem('failed', `the parts broke off: ${error}`))
      if ('kind' in next) return { value: undefined, problems: [next] }
      if (next.done === true) break
      const { name, stream, expected } = next.value
      const { value, problems } = await attachStream(context, ref, name, stream, expected)
      if (value === undefined) return { value: undefined, problems }
      if (value.existed && attachments.some((one) => one.name === value.name))
        return { value: undefined, problems: [problem('usage', `two attachments are named ${value.name}`)] }
      attachments.push(value)
    }
  } finally {
    await iterator.return?.()
  }
  const names = attachments.map(({ name }) => name)
  const mixed = await strangeOf(context, queue, id, msg, names)
  if (mixed !== undefined) return { value: undefined, problems: [mixed] }
  const { value, problems } = await commitDraft(context, ref)
  if (value === undefined) return { value: undefined, problems }
  return { value: { queue, id, attachments, existed: value.already }, problems }
}

async function strangeOf(
  context: Context,
  queueName: string,
  id: ItemId,
  msg: Msg | undefined,
  names: readonly string[] | undefined,
): Promise<Problem | undefined> {
  const found = await findDraft(context, queueName, id)
  if (found === undefined) return undefined
  const what = strangeDraft(place(found.dir, 'prep', found.raw), msg, names)
  return what === undefined ? undefined : problem('busy', `${id} is being sent by another request, with ${what}`)
}

async function hasDraft(context: Context, queueName: string, id: ItemId): Promise<boolean> {
  return (await findDraft(context, queueName, id)) !== undefined
}

async function findDraft({ root }: Context, queueName: string, id: ItemId) {
  const queue = await openQueue(root, queueName)
  const at = 'kind' in queue ? undefined : findItem(queue.dir, id, ['prep'])
  return 'kind' in queue || at === undefined ? undefined : { dir: queue.dir, raw: at.raw }
}

async function drop(context: Context, queueName: string, id: ItemId): Promise<void> {
  const found = await findDraft(context, queueName, id)
  if (found === undefined || parseItemName(found.raw).id === undefined) return
  try {
    await dropDraft(found.dir, id, found.raw)
  } catch (error) {
    // The same disk that did not take it: the cleaner will find it.
    if (!(error instanceof QueueIoError)) throw error
    context.tell({ kind: 'note', text: `draft ${id} stays: ${refusalText(error)}` })
  }
}
