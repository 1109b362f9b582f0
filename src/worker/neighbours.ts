/**
 * Publishing into another queue of the same root: relay and dup. The target's id is known before anything is
 * published and looked up after a crash, so that a repeated answer repeats no message.
 */
import { createHash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { loadQueueConfig, type RootConfig } from '../config/config.ts'
import type { Msg } from '../domain/item.ts'
import {
  type ItemId,
  idHead,
  idTail,
  parseItemId,
  parseItemName,
  parseQueueName,
  type RawName,
} from '../domain/name.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { findItem } from '../fsqueue/find.ts'
import { ensureQueue } from '../fsqueue/layout.ts'
import { attachments } from '../fsqueue/message.ts'
import {
  type BytePath,
  fsPath,
  inQueue,
  look,
  place,
  type QueueDir,
  queueDir,
  stateDir,
  within,
} from '../fsqueue/place.ts'
import { type Draft, OutcomeUnknown, publish } from '../fsqueue/publish.ts'
import type { Located } from '../fsqueue/scan.ts'
import { makeSyncer, treeOf } from '../fsqueue/sync.ts'
import type { Native } from '../os/native.ts'

export type Neighbour =
  | { readonly kind: 'ok'; readonly name: string; readonly queue: QueueDir; readonly config: QueueConfig }
  /** `lasting`: waiting does not help. */
  | { readonly kind: 'refused'; readonly why: string; readonly lasting: boolean }

/** `dest`: a queue's name, or RQ's `/q/name`. The worker stands in its own queue; its neighbours are beside it. */
export function neighbour(dest: string, root: RootConfig): Neighbour {
  if (dest.includes('://')) return refused(`${dest}: relaying to another host is not available yet`, true)
  const name = parseQueueName(dest.replace(/^\/q\//, ''))
  if (name === undefined) return refused(`${JSON.stringify(dest)} is no queue's name`, true)
  const path = `../${name}`
  const bare = queueDir(path)
  if (look(stateDir(bare, 'que')) === undefined && look(bare.base)?.isDirectory() !== true) {
    return refused(`there is no queue ${JSON.stringify(name)}`, true)
  }
  const loaded = loadQueueConfig(path, root)
  if (loaded.kind === 'bad') return refused(`queue ${name}: its configuration cannot be used`, false)
  const queue = queueDir(path, loaded.config.dirs)
  if (look(inQueue(queue, '_down')) !== undefined) return refused(`queue ${name} is down`, false)
  return { kind: 'ok', name, queue, config: loaded.config }
}

function refused(why: string, lasting: boolean): Neighbour {
  return { kind: 'refused', why, lasting }
}

/** The same (id, attempt, ordinal) always gives the same id. It keeps its parent's time, so that it is found from there. */
export function derivedId(parent: ItemId, attempt: number, ordinal: number): ItemId {
  const hash = createHash('sha256').update(`${parent}\n${attempt}\n${ordinal}`).digest('hex')
  const random = BigInt(`0x${hash.slice(0, 16)}`)
    .toString(36)
    .slice(0, 6)
    .padStart(6, '0')
  const tail = idTail(parent)
  const stamp = idHead(parent).slice(0, -6)
  return parseItemId(tail === '' ? stamp + random : `${stamp}${random}-${tail}`) ?? parent
}

export interface Copy {
  readonly as: ItemId
  readonly item: BytePath
  readonly name: RawName
  readonly id: ItemId
  readonly msg: Msg
  readonly due: number | undefined
}

/** Publishes a copy durably, its attachments as hard links. 'already' when an earlier life did it. `ask`: may it be, and if not, why? */
export async function publishCopy(
  target: Extract<Neighbour, { kind: 'ok' }>,
  copy: Copy,
  native: Native | undefined,
  ask: () => Promise<string | undefined> = () => Promise.resolve(undefined),
): Promise<'published' | 'already' | { readonly veto: string }> {
  // A queue is made by one mkdir; its other directories may not be there before its first worker.
  ensureQueue(target.queue, target.config.shared)
  if (look(copy.item)?.isDirectory() !== true) throw trouble(copy.item, 'ENOENT', 'the item is gone')
  const attached = attachments(copy.item)
  if (attached.kind === 'refused') throw trouble(copy.item, 'EINVAL', attached.why)
  const fd = openDir(stateDir(target.queue, 'que'))
  const syncer = makeSyncer(target.config.durability, fd, native)
  try {
    const there = findItem(target.queue, copy.as)
    if (there !== undefined) {
      // Who published it may have died, or been refused, before it was on the disk.
      await syncer.sync(pathsOf(target.queue, there))
      return 'already'
    }
    const veto = await ask()
    if (veto !== undefined) return { veto }
    const [published] = await publish(target.queue, [draftOf(copy, target.name, attached.names)], syncer, native)
    return published?.kind === 'published' ? 'published' : 'already'
  } catch (error) {
    // Its id is known: the next try finds it, or publishes it again.
    throw error instanceof OutcomeUnknown ? error.cause : error
  } finally {
    closeSync(fd)
  }
}

function draftOf(copy: Copy, dest: string, names: readonly RawName[]): Draft {
  const { priority, tags } = parseItemName(copy.name)
  const attach = names.map((name) => {
    const source = { kind: 'share', path: within(copy.item, 'attach', name) } as const
    return { name, source }
  })
  return { id: copy.as, priority, tags, due: copy.due, msg: copyMsg(copy, dest), attach }
}

function openDir(path: BytePath): number {
  try {
    return openSync(fsPath(path), 'r')
  } catch (error) {
    throw new QueueIoError('open', path, error)
  }
}

/** An item and the directory that names it. */
function pathsOf(queue: QueueDir, { state, raw, bucket }: Located): BytePath[] {
  const dir = bucket === undefined ? stateDir(queue, state) : place(queue, state, bucket)
  return [...treeOf(place(queue, state, raw, bucket)), dir]
}

function trouble(path: BytePath, code: string, why: string): QueueIoError {
  return new QueueIoError('copy', path, Object.assign(new Error(why), { code }))
}

/** The message of a copy. */
export function copyMsg(copy: Pick<Copy, 'msg' | 'id'>, dest: string): Msg {
  const { attempts: _attempts, relay: _relay, result: _result, ...rest } = copy.msg
  return { ...rest, dest, orig_msg_id: copy.msg.orig_msg_id ?? copy.id }
}
