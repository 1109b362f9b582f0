/** An item with files that is sent once more under its id, because the answer was lost: is it the one that is there? */
import type { Msg } from '../domain/item.ts'
import { formatMsg } from '../domain/msg.ts'
import type { ItemId, RawName } from '../domain/name.ts'
import { type Digest, digestOf, digestOfStream } from '../fsqueue/attach.ts'
import { formOf } from '../fsqueue/content.ts'
import { attachments, readMsg } from '../fsqueue/message.ts'
import type { BytePath } from '../fsqueue/place.ts'
import { type Answer, isProblem, ok, type Problem, problem, refuse } from './answer.ts'
import { commitDraft } from './commit.ts'
import type { Context } from './context.ts'
import type { InjectedParts, Part } from './inject-parts.ts'
import { callName, spell } from './item-ref.ts'
import { type Found, finder, pathOf } from './lookup.ts'
import { type Attempted, insist } from './relocate.ts'

/** Keys that rqd writes into a message when the item runs. */
const WRITTEN_LATER = ['attempts', 'result', 'relay', 'merged'] as const

/**
 * The answer that was lost, if message and files are those of the item that is there, wherever it lies by now; a
 * refusal if they are not. The parts are read to their ends; nothing is kept of them.
 */
export async function sentAgain(
  context: Context,
  { queue, id }: { readonly queue: string; readonly id: ItemId },
  msg: Msg | undefined,
  parts: AsyncIterable<Part>,
): Promise<Answer<InjectedParts>> {
  const ref = `${queue}/${id}`
  const sent = await measured(parts)
  if (isProblem(sent)) return { value: undefined, problems: [sent] }
  const item = await finder(context.root)(ref)
  if ('kind' in item) return { value: undefined, problems: [item] }
  const found = await insist(item, (at) => compared(at, msg, sent))
  if (isProblem(found)) return { value: undefined, problems: [found] }
  if (!found.isSame) return refuse('busy', `${id} is there already, and has another message or other files`)
  // Whoever published it may have been killed before it was on the disk.
  const { value, problems } = await commitDraft(context, ref)
  if (value === undefined) return { value: undefined, problems }
  const attached = [...sent].map(([name, digest]) => ({ queue, id, name: spell(name), ...digest, existed: true }))
  return ok({ queue, id, attachments: attached, existed: true })
}

type Sent = ReadonlyMap<RawName, Digest>

async function measured(parts: AsyncIterable<Part>): Promise<Sent | Problem> {
  const sent = new Map<RawName, Digest>()
  try {
    for await (const { name, stream } of parts) {
      if (sent.has(name)) return problem('usage', `two attachments are named ${spell(name)}`)
      sent.set(name, await digestOfStream(stream))
    }
  } catch (error) {
    return problem('failed', `the parts broke off: ${error instanceof Error ? error.message : String(error)}`)
  }
  return sent
}

async function compared(
  item: Found,
  msg: Msg | undefined,
  sent: Sent,
): Promise<Attempted<{ readonly isSame: boolean }>> {
  const path = pathOf(item)
  const form = formOf(path, item.at.raw)
  if (form === undefined) return 'gone'
  if (form !== 'directory') return { isSame: false }
  const reading = readMsg(path)
  const attached = attachments(path)
  if (reading.kind === 'absent') return 'gone'
  if (reading.kind === 'bad') return problem('failed', `${callName(item.at.raw)}: ${reading.problem}`)
  if (attached.kind === 'refused') return problem('failed', `${callName(item.at.raw)}: ${attached.why}`)
  const names = new Set(attached.names)
  let isSame = names.size === sent.size && plain(reading.msg) === plain(msg ?? {})
  for (const [name, digest] of sent) {
    if (!isSame) break
    const other = names.has(name) ? await digestOf(path, name) : undefined
    // It may have moved on while it was read.
    if (other === undefined && names.has(name)) return 'gone'
    isSame = other?.sha256 === digest.sha256
  }
  return { isSame }
}

/**
 * Why a draft is not ours, though it has our id: two that sent something else under it at once would be mixed. Before
 * the files are there `names` is undefined.
 */
export function strangeDraft(
  draft: BytePath,
  msg: Msg | undefined,
  names: readonly string[] | undefined,
): string | undefined {
  const reading = readMsg(draft)
  if (reading.kind === 'msg' && plain(reading.msg) !== plain(msg ?? {})) return 'another message'
  const attached = names === undefined ? undefined : attachments(draft)
  if (names === undefined || attached?.kind !== 'ok') return undefined
  const isOurs = attached.names.length === names.length && attached.names.every((name) => names.includes(spell(name)))
  return isOurs ? undefined : 'other files'
}

function plain(msg: Msg): string {
  const said = Object.entries(msg).filter(([key]) => !WRITTEN_LATER.some((own) => own === key))
  return formatMsg(Object.fromEntries(said.toSorted(([a], [b]) => (a < b ? -1 : 1))))
}
