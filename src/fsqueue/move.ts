/** Moves between states, each one rename, none over anything. */
import { BUCKETED, type State } from '../domain/item.ts'
import { formatItemName, type ItemId, type Millis, minuteBucket, parseItemName } from '../domain/name.ts'
import type { Native } from '../os/native.ts'
import { QueueIoError } from './errors.ts'
import { moveDirectory, moveNew, removeEmptyDir } from './files.ts'
import { type BytePath, makeDir, place, type QueueDir, stateDir, within } from './place.ts'
import type { Located } from './scan.ts'

const KNOWN_BUCKETS = 8

export type Moved =
  | {
      readonly kind: 'moved'
      readonly at: Located
      readonly path: BytePath
      readonly madeDirs: readonly BytePath[]
      /** Another queue that it is in now. */
      readonly queue?: QueueDir | undefined
    }
  /** Somebody else moved or removed it first. */
  | { readonly kind: 'gone' }

export interface Target {
  readonly state: State
  /** Without it the item keeps its name, less a due time. */
  readonly due?: number | undefined
  readonly priority?: number | undefined
  readonly tags?: readonly string[] | undefined
}

export interface MoveContext {
  readonly now: Millis
  readonly newId: (from: string) => ItemId
  /** Without it a single file has two names for an instant; with it every move is one rename. */
  readonly native?: Native | undefined
  /** Another queue on the same file system. */
  readonly to?: QueueDir | undefined
  /** The item is known to be a directory, as all are in run/. */
  readonly isDirectory?: boolean | undefined
  /** Buckets made lately; spares a mkdir for each item. To be emptied when a move finds its target missing. */
  readonly buckets?: Set<string> | undefined
}

/**
 * Moves an item to another state. A name that is taken there gets a fresh id: nothing is overwritten, and
 * nothing stays behind for it.
 */
export function moveItem(queue: QueueDir, from: Located, target: Target, context: MoveContext): Moved {
  const source = place(queue, from.state, from.raw, from.bucket)
  const there = context.to ?? queue
  const bucket = BUCKETED[target.state] ? minuteBucket(context.now) : undefined
  const madeDirs = bucket === undefined ? [] : makeBucket(there, target.state, bucket, context.buckets)
  const parsed = parseItemName(from.raw)
  const suffixes = { priority: target.priority ?? parsed.priority, due: target.due, tags: target.tags ?? parsed.tags }

  for (let base = parsed.base; ; base = freshBase(parsed.base, context.newId)) {
    const raw = formatItemName({ base, ...suffixes })
    const path = place(there, target.state, raw, bucket)
    const moved = context.isDirectory === true ? moveDirectory(source, path) : moveNew(source, path, context.native)
    if (moved === 'gone') return { kind: 'gone' }
    if (moved === 'moved')
      return { kind: 'moved', at: { state: target.state, raw, bucket }, path, madeDirs, queue: context.to }
  }
}

/** Another base for a name that is taken: a fresh id, with the old name's own part. */
export function freshBase(base: string, newId: (from: string) => ItemId): string {
  const name = parseItemName(base)
  const own = name.id === undefined ? base : name.id.slice(30)
  return name.isMessage ? `${newId(own)}.msg` : newId(own)
}

/** Makes `done/YYYYMMDD/HHMM`; returns the directories to sync, whether made now or not: EEXIST is not durability. */
function makeBucket(queue: QueueDir, state: State, bucket: string, known: Set<string> | undefined): BytePath[] {
  const root = stateDir(queue, state)
  const day = within(root, bucket.slice(0, 8))
  const minute = within(root, bucket)
  if (known?.has(minute) === true) return [minute, day, root]
  try {
    makeDir(minute)
  } catch (error) {
    if (!(error instanceof QueueIoError) || error.code !== 'ENOENT') throw error
    makeDir(root)
    makeDir(day)
    makeDir(minute)
  }
  if (known !== undefined && known.size >= KNOWN_BUCKETS) known.clear()
  known?.add(minute)
  return [minute, day, root]
}

/** Empty buckets cost an inode each: dropped when their last item left. */
export function dropEmptyBucket(queue: QueueDir, state: State, bucket: string): void {
  if (removeEmptyDir(place(queue, state, bucket))) removeEmptyDir(place(queue, state, bucket.slice(0, 8)))
}
