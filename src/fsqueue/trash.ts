/**
 * `_trash/`: what was removed, and where it was. `_trash/<removal>/<state>[/YYYYMMDD/HHMM]/<name>`: the item under its own
 * name, one rename each way. All that is removed at once has one removal, `20261126T101500.123-x7f2k9`.
 */
import { BUCKETED, STATES, type State } from '../domain/item.ts'
import { formatItemName, type ItemId, idTime, type Millis, parseItemName, type RawName } from '../domain/name.ts'
import type { Native } from '../os/native.ts'
import { QueueIoError } from './errors.ts'
import { moveNew, removeEmptyDir } from './files.ts'
import { freshBase } from './move.ts'
import { type BytePath, inQueue, look, makeDir, names, place, type QueueDir, stateDir, within } from './place.ts'
import { type Located, scanPages } from './scan.ts'

const REMOVAL = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3})-[0-9a-z]{6}(?:-replaced)?$/
/** Made by earlier versions; where their item was is not known. */
const UNNAMED = /^trash-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d\.\d{3})\d*-/

/** `20261126T101500.123-x7f2k9`, from a fresh id. */
export function removalOf(id: ItemId): string {
  return `${id.slice(0, 19)}-${id.slice(23, 29)}`
}

/** Of what made way for another item: nobody asked for its removal, so nobody's `rq undo` means it. */
export function replacementOf(id: ItemId): string {
  return `${removalOf(id)}-replaced`
}

export interface Removal {
  /** The name of its directory. */
  readonly name: string
  readonly kind: 'removed' | 'replaced' | 'unnamed'
  readonly at: Millis
  readonly path: BytePath
}

/** All removals of a queue, the newest first. */
export function removals(queue: QueueDir): Removal[] {
  return [...found(queue, '_trash', REMOVAL), ...found(queue, '_tmp', UNNAMED)].toSorted(
    (a, b) => b.at - a.at || (a.name < b.name ? 1 : -1),
  )
}

function found(queue: QueueDir, dir: string, pattern: RegExp): Removal[] {
  return names(inQueue(queue, dir)).flatMap((name) => {
    const [, year, month, day, hours, minutes, seconds] = pattern.exec(name) ?? []
    const at = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`)
    return Number.isNaN(at) ? [] : [{ name, kind: kindOf(name), at, path: within(inQueue(queue, dir), name) }]
  })
}

function kindOf(name: string): Removal['kind'] {
  if (UNNAMED.test(name)) return 'unnamed'
  return name.endsWith('-replaced') ? 'replaced' : 'removed'
}

/** Some that were removed from one directory. */
export interface RemovedPage extends Pick<Located, 'state' | 'bucket'> {
  readonly names: readonly RawName[]
}

/** What a removal holds and where each was, in bounded steps. Nothing of one whose places are not known. */
export function* removedPages(removal: Removal): Generator<RemovedPage, void, void> {
  for (const state of STATES) {
    const dir = within(removal.path, state)
    for (const bucket of BUCKETED[state] ? bucketsIn(dir) : [undefined]) {
      const path = bucket === undefined ? dir : within(dir, bucket)
      if (look(path)?.isDirectory() !== true) continue
      for (const names of scanPages(path)) yield { state, bucket, names }
    }
  }
}

export function* removedItems(removal: Removal): Generator<Located, void, void> {
  for (const { state, bucket, names } of removedPages(removal)) for (const raw of names) yield { state, raw, bucket }
}

/** Was it removed, and may it come back? Only what was removed since its own time is looked through. */
export function isTrashed(queue: QueueDir, id: ItemId): boolean {
  const since = removals(queue).filter(({ at }) => at >= idTime(id))
  return since.some((removal) => {
    for (const { raw } of removedItems(removal)) if (parseItemName(raw).id === id) return true
    return false
  })
}

function bucketsIn(dir: BytePath): string[] {
  return names(dir).flatMap((day) => names(within(dir, day)).map((minute) => `${day}/${minute}`))
}

export type Trashed =
  /** `madeDirs`: to be synced, innermost first, before the directory that it left. */
  | { readonly kind: 'moved'; readonly madeDirs: readonly BytePath[] }
  | { readonly kind: 'gone' }
  /** This removal has an item of that name and place: use another. */
  | { readonly kind: 'taken' }

/** One rename out of any state. */
export function moveToTrash(queue: QueueDir, from: Located, removal: string, native?: Native): Trashed {
  const trash = inQueue(queue, '_trash')
  const parts = [removal, from.state, ...(from.bucket?.split('/') ?? [])]
  const dirs = [trash, ...parts.map((_, index) => within(trash, ...parts.slice(0, index + 1)))]
  const target = dirs.at(-1) ?? trash
  const source = place(queue, from.state, from.raw, from.bucket)
  const kind = moveInto(look(target) === undefined ? dirs : [], dirs, () =>
    moveNew(source, within(target, from.raw), native),
  )
  return kind === 'moved' ? { kind, madeDirs: [...dirs.toReversed(), inQueue(queue, '.')] } : { kind }
}

/** So often a directory may be dropped between its making and the move. */
const PATIENCE = 100

/** Makes the directories that are missing, outermost first. Somebody else drops those that are empty just now: then again. */
function moveInto<M>(missing: readonly BytePath[], dirs: readonly BytePath[], move: () => M): M {
  for (let tries = 1, toMake = missing; ; tries += 1, toMake = dirs) {
    try {
      for (const dir of toMake) makeDir(dir)
      return move()
    } catch (error) {
      if (!(error instanceof QueueIoError) || error.code !== 'ENOENT' || tries >= PATIENCE) throw error
    }
  }
}

export type Restored =
  | { readonly kind: 'moved'; readonly at: Located; readonly left: BytePath; readonly madeDirs: readonly BytePath[] }
  | { readonly kind: 'gone' }

/** Back to where it was, over nothing: a name that is taken there gets a fresh id. */
export function restoreFromTrash(
  queue: QueueDir,
  removal: Removal,
  item: Located,
  context: { readonly newId: (from: string) => ItemId; readonly native?: Native | undefined },
): Restored {
  const left = itemDir(removal, item)
  const dirs = dirsOf(queue, item)
  const parsed = parseItemName(item.raw)
  for (let raw = item.raw; ; raw = formatItemName({ ...parsed, base: freshBase(parsed.base, context.newId) })) {
    const to = place(queue, item.state, raw, item.bucket)
    const kind = moveInto(dirs, dirs, () => moveNew(within(left, item.raw), to, context.native))
    if (kind === 'gone') return { kind }
    if (kind === 'moved') return { kind, at: { ...item, raw }, left, madeDirs: dirs.toReversed() }
  }
}

function itemDir(removal: Removal, { state, bucket }: Located): BytePath {
  return bucket === undefined ? within(removal.path, state) : within(removal.path, state, bucket)
}

function dirsOf(queue: QueueDir, { state, bucket }: { state: State; bucket: string | undefined }): BytePath[] {
  const top = stateDir(queue, state)
  return bucket === undefined ? [top] : [top, within(top, bucket.slice(0, 8)), within(top, bucket)]
}

/** Drops the directories that a removal needs no more. */
export function dropEmptyRemoval(removal: Removal): void {
  if (removal.kind === 'unnamed') return
  for (const state of STATES) {
    const dir = within(removal.path, state)
    if (BUCKETED[state]) {
      for (const bucket of bucketsIn(dir)) removeEmptyDir(within(dir, bucket))
      for (const day of names(dir)) removeEmptyDir(within(dir, day))
    }
    removeEmptyDir(dir)
  }
  removeEmptyDir(removal.path)
}
