/** prep→que: what others may see of an item is whole and on the disk before its name appears. */
import { chmodSync, constants, copyFileSync, linkSync, rmSync, statSync } from 'node:fs'
import type { Msg } from '../domain/item.ts'
import { formatMsg } from '../domain/msg.ts'
import { formatItemName, type ItemId, type RawName } from '../domain/name.ts'
import { errnoOf } from '../os/errno.ts'
import type { Native } from '../os/native.ts'
import { QueueIoError } from './errors.ts'
import { moveNew, writeNew } from './files.ts'
import { randomText } from './new-id.ts'
import { type BytePath, fsPath, look, makeDir, place, type QueueDir, stateDir, within } from './place.ts'
import { type Syncer, treeOf } from './sync.ts'

export type Source =
  | { readonly kind: 'data'; readonly data: Uint8Array }
  /**
   * `copy` is independent of the source, sharing blocks where the file system can; `link` is the same inode;
   * `share` is a link where the kernel lets us make one, else a copy.
   */
  | { readonly kind: 'copy' | 'link' | 'share'; readonly path: BytePath }

/** ext4 has room for 65,000 names of a file. */
const MOST_LINKS = 60_000

export interface Draft {
  readonly id: ItemId
  readonly priority?: number | undefined
  /** Not before, unix seconds. */
  readonly due?: number | undefined
  readonly tags?: readonly string[] | undefined
  /** Without it, and with one attachment, the item is a plain file. */
  readonly msg: Msg | undefined
  readonly attach: readonly { readonly name: RawName; readonly source: Source }[]
}

/**
 * The names are in que/, but not known to be on the disk: after a power cut they may be there or not. To be
 * repeated with the same ids (exit code 74).
 */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown'
  readonly ids: readonly ItemId[]

  constructor(ids: readonly ItemId[], cause: QueueIoError) {
    super(`published, but not known to be on the disk: ${cause.message}`, { cause })
    this.ids = ids
  }
}

export interface Published {
  readonly id: ItemId
  readonly name: RawName
  /** `taken`: an item of this name is there already. */
  readonly kind: 'published' | 'taken'
}

export interface PublishOptions {
  /** The group may read what is published. */
  readonly shared?: boolean
  /** Called for a draft whose source cannot be read; the others go on. Without it nothing of the group is published. */
  readonly onUnreadable?: (draft: Draft, error: QueueIoError) => void
}

interface Built {
  readonly draft: Draft
  readonly prep: BytePath
  readonly name: RawName
}

/** Publishes a group of items with two rounds of sync. Throws before anything is visible, or OutcomeUnknown after. */
export async function publish(
  queue: QueueDir,
  drafts: readonly Draft[],
  syncer: Syncer,
  native?: Native,
  options: PublishOptions = {},
): Promise<Published[]> {
  const built: Built[] = []
  try {
    for (const draft of drafts) buildOne(queue, draft, options, built)
    await syncer.syncGroup(built.length, () => [...built.flatMap(({ prep }) => treeOf(prep)), stateDir(queue, 'prep')])
  } catch (error) {
    for (const { prep } of built) discard(prep)
    throw error
  }

  const results = show(queue, built, native)
  try {
    await syncer.sync([stateDir(queue, 'que'), stateDir(queue, 'prep')])
  } catch (error) {
    throw unknownOutcome(built, error)
  }
  return results
}

/** From here on names are visible: what fails may have happened. */
function show(queue: QueueDir, built: readonly Built[], native: Native | undefined): Published[] {
  const results: Published[] = []
  try {
    for (const { draft, prep, name } of built) {
      const moved = moveNew(prep, place(queue, 'que', name), native)
      // Somebody swept prep/: nothing is there under this name, and nothing may be said to be.
      if (moved === 'gone') throw new QueueIoError('rename', prep, Object.assign(new Error('gone'), { code: 'ENOENT' }))
      if (moved === 'taken') discard(prep)
      results.push({ id: draft.id, name, kind: moved === 'taken' ? 'taken' : 'published' })
    }
    return results
  } catch (error) {
    const failed = built[results.length]
    const isVisible = failed !== undefined && look(place(queue, 'que', failed.name)) !== undefined
    for (const { prep } of built.slice(results.length)) discard(prep)
    throw results.length > 0 || isVisible ? unknownOutcome(built.slice(0, results.length + 1), error) : error
  }
}

function unknownOutcome(built: readonly Built[], error: unknown): unknown {
  if (!(error instanceof QueueIoError)) return error
  return new OutcomeUnknown(
    built.map(({ draft }) => draft.id),
    error,
  )
}

/**
 * Where an item is built in one go. A name of its own: what an earlier life of the same id left half built is not in the
 * way; and nobody's: only whole drafts have visible names in prep/.
 */
export function buildingPlace(queue: QueueDir, id: ItemId): BytePath {
  return place(queue, 'prep', `${id}-${randomText(6)}.part`)
}

/** What is begun is listed before anything is written, so that whatever fails is cleaned up. */
function buildOne(queue: QueueDir, draft: Draft, options: PublishOptions, built: Built[]): void {
  const isMessage = draft.msg !== undefined && draft.attach.length === 0
  const { priority, due, tags } = draft
  const name = formatItemName({ base: isMessage ? `${draft.id}.msg` : draft.id, priority, due, tags })
  const prep = buildingPlace(queue, draft.id)
  built.push({ draft, prep, name })
  try {
    build(prep, draft)
    if (options.shared === true) openToGroup(prep)
  } catch (error) {
    if (options.onUnreadable === undefined || !(error instanceof QueueIoError) || !isSourceProblem(error)) throw error
    built.pop()
    discard(prep)
    options.onUnreadable(draft, error)
  }
}

/** Where that cannot be done either, it lies in prep/ until it is old; what failed before says more. */
export function discard(prep: BytePath): void {
  try {
    rmSync(fsPath(prep), { recursive: true, force: true })
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
  }
}

function build(prep: BytePath, draft: Draft): void {
  const [only] = draft.attach
  if (draft.msg !== undefined && only === undefined) write(prep, Buffer.from(formatMsg(draft.msg)))
  else if (draft.msg === undefined && only !== undefined && draft.attach.length === 1) fill(prep, only.source)
  else buildDirectory(prep, draft)
}

/** Of what is linked only the name is ours. */
export function openToGroup(prep: BytePath): void {
  for (const path of treeOf(prep)) {
    const stat = look(path)
    if (stat !== undefined && stat.nlink === 1 && stat.isFile()) chmodSync(fsPath(path), stat.mode | 0o040)
    else if (stat?.isDirectory() === true) chmodSync(fsPath(path), 0o2750)
  }
}

function buildDirectory(prep: BytePath, draft: Draft): void {
  if (!makeDir(prep)) throw new QueueIoError('mkdir', prep, Object.assign(new Error('exists'), { code: 'EEXIST' }))
  write(within(prep, 'msg'), Buffer.from(formatMsg(draft.msg ?? {})))
  if (draft.attach.length > 0) makeDir(within(prep, 'attach'))
  for (const { name, source } of draft.attach) fill(within(prep, 'attach', name), source)
}

function write(path: BytePath, data: Uint8Array): void {
  if (!writeNew(path, data))
    throw new QueueIoError('create', path, Object.assign(new Error('exists'), { code: 'EEXIST' }))
}

function fill(target: BytePath, source: Source): void {
  if (source.kind === 'data') {
    write(target, source.data)
    return
  }
  try {
    // Opening a FIFO would wait for a writer, and a directory is no payload.
    if (!statSync(fsPath(source.path)).isFile())
      throw Object.assign(new Error('not a regular file'), { code: 'EINVAL' })
    if (!linked(source, target))
      copyFileSync(fsPath(source.path), fsPath(target), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  } catch (error) {
    throw new QueueIoError(source.kind, source.path, error)
  }
}

/** false: it is to be copied. That a file lies behind another mount is known by trying only. */
function linked({ kind, path }: Exclude<Source, { kind: 'data' }>, target: BytePath): boolean {
  if (kind === 'copy' || (kind === 'share' && !mayLink(path))) return false
  try {
    linkSync(fsPath(path), fsPath(target))
    return true
  } catch (error) {
    if (kind === 'link' || errnoOf(error) !== 'EXDEV') throw error
    return false
  }
}

/** Linux refuses a link to another user's file that we may not write (protected_hardlinks), and the 65,001st. */
function mayLink(path: BytePath): boolean {
  const { uid, nlink } = statSync(fsPath(path))
  return (process.getuid?.() === 0 || uid === process.getuid?.()) && nlink < MOST_LINKS
}

/** Is this an error of the source rather than of the queue? */
function isSourceProblem(error: QueueIoError): boolean {
  return (
    (error.operation === 'copy' || error.operation === 'link') &&
    ['ENOENT', 'EACCES', 'EPERM', 'EINVAL', 'EISDIR', 'ELOOP', 'ENOTDIR', 'ENAMETOOLONG', 'EXDEV', 'EMLINK'].includes(
      error.code,
    )
  )
}
