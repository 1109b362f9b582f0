/** Files for a draft, from any stream: of any size in little memory, whole or not at all. */
import { addAbortSignal, type Readable } from 'node:stream'
import { displayName, fileNameProblem, type RawName } from '../domain/name.ts'
import {
  attachGathered,
  type Digest,
  detach,
  digestOf,
  gatheringPlace,
  receive,
  StreamBroken,
} from '../fsqueue/attach.ts'
import { lookAtDraft } from '../fsqueue/draft.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { removeFile } from '../fsqueue/files.ts'
import { type BytePath, look } from '../fsqueue/place.ts'
import { type Answer, ok, type Problem, problem, refuse } from './answer.ts'
import type { Context } from './context.ts'
import { refusalText } from './drafts.ts'
import { callName, spell } from './item-ref.ts'
import { type Found, finder, pathOf } from './lookup.ts'
import { loadConfig } from './spool.ts'
import { bytesOf } from './values.ts'

export interface Attached extends Digest {
  readonly queue: string
  readonly id: string
  /** Percent-encoded where it is no plain text. */
  readonly name: string
  /** A file of that name and content was attached before. */
  readonly existed: boolean
}

/** What the sender says of it; a stream that is something else is refused. Digests in hex. */
export interface Expected {
  readonly size?: number | undefined
  readonly sha256?: string | undefined
  readonly md5?: string | undefined
}

/**
 * Attaches what the stream gives under a name, byte for byte; when it answers, that is on the disk. A stream that breaks
 * off or is not what was expected leaves nothing behind. A draft that is refused at once leaves the stream unread.
 */
export async function attachStream(
  context: Context,
  ref: string,
  name: RawName,
  readable: Readable,
  expected: Expected = {},
): Promise<Answer<Attached>> {
  const wrong = fileNameProblem(name)
  if (wrong !== undefined) return refuse('usage', wrong)
  const item = await openDraft(context, ref)
  if ('kind' in item) return { value: undefined, problems: [item] }
  const durable = await isDurable(context, item)
  const gathered = gatheringPlace(item.queue.dir, item.id, context.newId().slice(23, 29))
  try {
    const digest = await receive(gathered, addAbortSignal(context.cancelled, readable), durable)
    const trouble = mismatch(name, digest, expected)
    if (trouble !== undefined) return { value: undefined, problems: [trouble] }
    return await settle(item, name, gathered, digest, durable)
  } catch (error) {
    if (error instanceof StreamBroken) {
      const why = context.cancelled.aborted ? 'interrupted' : error.message
      return refuse('failed', `${spell(name)} is not attached: its stream broke off: ${why}`)
    }
    if (!(error instanceof QueueIoError)) throw error
    return refuse('failed', `${spell(name)} is not attached: ${refusalText(error)}`)
  } finally {
    tidy(context, gathered)
  }
}

/** Under that name nobody looks at it: where it cannot be removed, the cleaner will do so. */
function tidy(context: Context, gathered: BytePath): void {
  try {
    if (look(gathered) !== undefined) removeFile(gathered)
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    context.tell({ kind: 'note', text: `${displayName(gathered)} stays: ${refusalText(error)}` })
  }
}

/** A name as text, in bytes; whether it may be one is looked at when it is attached. */
export function attachmentName(text: string): RawName {
  return bytesOf(text) as string as RawName
}

export type OpenDraft = Found & { readonly id: NonNullable<Found['id']> }

/** A draft that takes files. */
export async function openDraft(context: Context, ref: string): Promise<OpenDraft | Problem> {
  const item = await finder(context.root, ['prep'])(ref)
  if ('kind' in item) return item
  const name = callName(item.at.raw)
  if (item.at.state !== 'prep' || item.id === undefined)
    return problem('failed', `${name} is no draft${item.at.state === 'prep' ? '' : `: it lies in ${item.at.state}`}`)
  const seen = lookAtDraft(pathOf(item))
  if (seen.kind === 'gone') return problem('not-found', `${name} is gone: somebody committed or removed it`)
  if (seen.kind === 'refused') return problem('failed', `${name} takes no files: ${seen.why}`)
  return { ...item, id: item.id }
}

/** A configuration with a mistake promises what the default does. */
export async function isDurable(context: Context, { queue }: Found): Promise<boolean> {
  const loaded = await loadConfig(context.root, queue.name)
  return !('config' in loaded) || loaded.config.durability !== 'none'
}

function mismatch(name: RawName, got: Digest, expected: Expected): Problem | undefined {
  for (const key of ['size', 'sha256', 'md5'] as const) {
    const wanted = expected[key]
    const isSame = wanted === undefined || String(wanted).toLowerCase() === String(got[key])
    if (!isSame) return problem('failed', `${spell(name)} is not attached: its ${key} is ${got[key]}, not ${wanted}`)
  }
  return undefined
}

async function settle(
  item: OpenDraft,
  name: RawName,
  gathered: BytePath,
  digest: Digest,
  durable: boolean,
): Promise<Answer<Attached>> {
  const attached = (existed: boolean) =>
    ok({ queue: item.queue.name, id: callName(item.at.raw), name: spell(name), ...digest, existed })
  switch (await attachGathered(pathOf(item), name, gathered, durable)) {
    case 'attached':
      return attached(false)
    case 'taken': {
      const other = await digestOf(pathOf(item), name)
      if (other?.sha256 === digest.sha256 && other.size === digest.size) return attached(true)
      return refuse('failed', `${spell(name)} is not attached: ${item.id} has another file of that name`)
    }
    case 'gone':
      return refuse('not-found', `${spell(name)} is not attached: ${item.id} was committed or removed meanwhile`)
  }
}

/** Takes files out of a draft again. */
export async function detachFrom(
  context: Context,
  ref: string,
  names: readonly RawName[],
): Promise<Answer<readonly Detached[]>> {
  const item = await openDraft(context, ref)
  if ('kind' in item) return { value: undefined, problems: [item] }
  const durable = await isDurable(context, item)
  const value: Detached[] = []
  const problems: Problem[] = []
  for (const name of names) {
    const wrong = fileNameProblem(name)
    if (wrong !== undefined) problems.push(problem('usage', wrong))
    else if (await detach(pathOf(item), name, durable))
      value.push({ queue: item.queue.name, id: item.id, name: spell(name), removed: true })
    else problems.push(problem('not-found', `${item.id} has no file ${spell(name)}`))
  }
  return { value, problems }
}

export interface Detached {
  readonly queue: string
  readonly id: string
  readonly name: string
  readonly removed: true
}
