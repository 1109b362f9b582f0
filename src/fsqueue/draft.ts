/**
 * Drafts: items that are built by several calls, `prep/<name>/` with `msg` and `attach/`, until one rename publishes
 * them. A draft is whole at any time: what is being made lies under a name that nobody looks at.
 */

import { constants } from 'node:fs'
import { copyFile, rm } from 'node:fs/promises'
import type { Msg } from '../domain/item.ts'
import { formatMsg } from '../domain/msg.ts'
import type { ItemId, RawName } from '../domain/name.ts'
import { QueueIoError } from './errors.ts'
import { moveDirectory, rename, writeNew } from './files.ts'
import { findItem } from './find.ts'
import { attachments, readMsg } from './message.ts'
import { type BytePath, fsPath, look, makeDir, place, type QueueDir, stateDir, within } from './place.ts'
import { buildingPlace, discard, openToGroup } from './publish.ts'
import type { Located } from './scan.ts'
import { syncInOrder, treeOf } from './sync.ts'

export interface NewItem {
  readonly id: ItemId
  /** Its id and suffixes. */
  readonly name: RawName
  readonly msg: Msg
  /** What is copied into it: each descriptor is the caller's. */
  readonly files: readonly { readonly name: RawName; readonly fd: number }[]
  readonly to: 'prep' | 'que' | 'pause'
}

export interface BuildOptions {
  readonly durable: boolean
  readonly shared: boolean
  /** Asked when the item is whole and nobody sees it yet; what it answers is why not. */
  readonly veto?: ((item: BytePath) => Promise<string | undefined>) | undefined
}

export type Built = { readonly kind: 'made' | 'taken' } | { readonly kind: 'vetoed'; readonly why: string }

/** Builds a directory item unseen, puts it on the disk, and gives it its name by one rename. Of a failure nothing stays. */
export async function buildItem(queue: QueueDir, item: NewItem, options: BuildOptions): Promise<Built> {
  const fresh = buildingPlace(queue, item.id)
  try {
    makeDir(fresh)
    writeNew(within(fresh, 'msg'), formatMsg(item.msg))
    if (item.files.length > 0) makeDir(within(fresh, 'attach'))
    for (const { name, fd } of item.files) await copyOpened(fd, within(fresh, 'attach', name))
    const why = await options.veto?.(fresh)
    if (why === undefined) return await show(queue, item, fresh, options)
    discard(fresh)
    return { kind: 'vetoed', why }
  } catch (error) {
    discard(fresh)
    throw error
  }
}

async function show(queue: QueueDir, item: NewItem, fresh: BytePath, options: BuildOptions): Promise<Built> {
  if (options.shared) openToGroup(fresh)
  const prep = stateDir(queue, 'prep')
  if (options.durable) await syncInOrder([...treeOf(fresh), prep])
  const moved = moveDirectory(fresh, place(queue, item.to, item.name))
  if (moved === 'gone') throw trouble('rename', fresh, 'ENOENT')
  if (moved === 'taken') discard(fresh)
  return { kind: moved === 'taken' ? 'taken' : 'made' }
}

/** An independent copy of what is open, sharing blocks where the file system can. */
async function copyOpened(fd: number, target: BytePath): Promise<void> {
  try {
    await copyFile(`/proc/self/fd/${fd}`, fsPath(target), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  } catch (error) {
    throw new QueueIoError('copy to', target, error)
  }
}

function trouble(operation: string, path: BytePath, code: string): QueueIoError {
  return new QueueIoError(operation, path, Object.assign(new Error(code), { code }))
}

export type DraftLook =
  /** `print`: another one when anything of it was changed. */
  | { readonly kind: 'whole'; readonly msg: Msg; readonly attached: readonly RawName[]; readonly print: string }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'gone' }

/** What lies in prep/ under a draft's name, looked at with suspicion, as a claim would. */
export function lookAtDraft(draft: BytePath): DraftLook {
  const stat = look(draft)
  if (stat === undefined) return { kind: 'gone' }
  if (!stat.isDirectory()) return refused('it is no directory: whoever builds it publishes it himself')
  if (stat.uid !== process.getuid?.()) return refused(`it belongs to another user (uid ${stat.uid})`)
  const reading = readMsg(draft)
  if (reading.kind === 'absent') return look(draft) === undefined ? { kind: 'gone' } : refused('it has no msg')
  if (reading.kind === 'bad') return refused(reading.problem)
  const attached = attachments(draft)
  if (attached.kind === 'refused') return refused(attached.why)
  const paths = [within(draft, 'msg'), ...attached.names.map((name) => within(draft, 'attach', name))]
  const prints = paths.map((path) => {
    const file = look(path)
    return `${path.length} ${path} ${file?.ino} ${file?.size} ${file?.mtimeMs}`
  })
  return { kind: 'whole', msg: reading.msg, attached: attached.names, print: prints.join('\n') }
}

function refused(why: string): DraftLook {
  return { kind: 'refused', why }
}

/** The whole draft of an id, if there is one. */
export function draftOf(queue: QueueDir, id: ItemId): Located | undefined {
  const at = findItem(queue, id, ['prep'])
  return at !== undefined && lookAtDraft(place(queue, 'prep', at.raw)).kind === 'whole' ? at : undefined
}

/** prep → que, over nothing. The draft is on the disk, and was looked at. */
export function publishDraft(queue: QueueDir, name: RawName): 'moved' | 'gone' | 'taken' {
  return moveDirectory(place(queue, 'prep', name), place(queue, 'que', name))
}

/** First out of everybody's sight, so that nobody publishes the half of it. */
export async function dropDraft(queue: QueueDir, id: ItemId, name: RawName): Promise<void> {
  const hidden = buildingPlace(queue, id)
  if (rename(place(queue, 'prep', name), hidden) === 'gone') return
  try {
    await rm(fsPath(hidden), { recursive: true, force: true })
  } catch (error) {
    throw new QueueIoError('rm', hidden, error)
  }
}
