/** Moving items by hand: durable, over nothing, and safe against a worker that wants the same item. */
import type { State } from '../domain/item.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { dropEmptyBucket, moveItem, type Target } from '../fsqueue/move.ts'
import { type BytePath, makeDir, place, type QueueDir, stateDir } from '../fsqueue/place.ts'
import type { Located } from '../fsqueue/scan.ts'
import { loadNative } from '../os/native.ts'
import { type Answer, type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { callName } from './item-ref.ts'
import { type Found, findAgain, finder } from './lookup.ts'
import { Results } from './results.ts'
import type { Queue } from './spool.ts'
import { SyncGroup } from './sync-group.ts'

/** What was done with one item. */
export interface Done {
  readonly queue: string
  /** Its id, or the name of a dropped file; another than before if that was taken where it went. */
  readonly id: string
  readonly did: string
}

/** Somebody else was faster: look again. */
export type Attempted<V> = V | Problem | 'gone'

const PATIENCE = 20

/** What a verb does with one item. Its context is the one to be used: moves of many share their syncs by it. */
export type Act<V> = (item: Found, context: Context) => Promise<Attempted<V>> | Attempted<V>

/** Does something with each item that is meant; what one refuses does not keep the others. */
export async function forEachItem<V extends object>(
  context: Context,
  refs: readonly string[],
  act: Act<V>,
  preferred: readonly State[] = [],
): Promise<Answer<readonly V[]>> {
  const find = finder(context.root, preferred)
  const results = new Results<V>(context)
  for (const ref of refs) {
    if (context.cancelled.aborted) break
    const found = await find(ref)
    if ('kind' in found) results.refused(found)
    else await results.add(callName(found.at.raw), await insist(found, (item) => act(item, results.context)))
  }
  return results.answer()
}

/** Tries again with where the item is by then, as long as somebody else is faster. */
export async function insist<V extends object>(
  first: Found,
  act: (item: Found) => Promise<Attempted<V>> | Attempted<V>,
): Promise<V | Problem> {
  let item: Found | undefined = first
  try {
    for (let tries = 0; item !== undefined && tries < PATIENCE; tries += 1) {
      const result = await act(item)
      if (result !== 'gone') return result
      item = await findAgain(item)
    }
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    return problem('failed', `${callName(first.at.raw)}: ${error.message}`)
  }
  const name = callName(first.at.raw)
  return item === undefined
    ? problem('not-found', `${name} is gone: somebody else moved or removed it`)
    : problem('busy', `${name} moves faster than it can be caught; try again`)
}

/** Moves an item, to another queue if one is given, and puts both directories on the disk, the new one first. */
export async function relocate(
  context: Context,
  item: Found,
  target: Target,
  did: string,
  to?: Queue,
): Promise<Attempted<Done>> {
  const queue = to ?? item.queue
  makeDir(stateDir(queue.dir, target.state))
  const how = { now: context.now(), newId: context.newId, native: await loadNative(), to: queue.dir }
  const moved = moveItem(item.queue.dir, item.at, target, how)
  if (moved.kind === 'gone') return 'gone'
  const unsynced = await settleMove(context, [stateDir(queue.dir, target.state)], item.queue.dir, item.at)
  return unsynced ?? { queue: queue.name, id: callName(moved.at.raw), did }
}

/** Puts a move on the disk: where it went, before what it left; later, where the syncs are shared. */
export async function settleMove(
  context: Context,
  targets: readonly BytePath[],
  queue: QueueDir,
  from: Located,
): Promise<Problem | undefined> {
  const source = from.bucket === undefined ? stateDir(queue, from.state) : place(queue, from.state, from.bucket)
  const group = context.group ?? new SyncGroup()
  group.add(targets, source, () => {
    if (from.bucket !== undefined) dropEmptyBucket(queue, from.state, from.bucket)
  })
  if (context.group !== undefined) return undefined
  const failure = await group.flush()
  if (failure === undefined) return undefined
  return problem('unknown-outcome', `${callName(from.raw)} was moved, but this may not be on the disk: ${failure}`)
}
