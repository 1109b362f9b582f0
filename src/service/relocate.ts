/** Moving items by hand: durable, over nothing, and safe against a worker that wants the same item. */
import type { State } from '../domain/item.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { dropEmptyBucket, moveItem, type Target, trashItem } from '../fsqueue/move.ts'
import { type BytePath, inQueue, makeDir, place, stateDir } from '../fsqueue/place.ts'
import { syncInOrder } from '../fsqueue/sync.ts'
import { loadNative } from '../os/native.ts'
import { type Answer, isProblem, type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { callName } from './item-ref.ts'
import { type Found, findAgain, finder } from './lookup.ts'
import type { Queue } from './spool.ts'

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

/** Does something with each item that is meant; what one refuses does not keep the others. */
export async function forEachItem<V extends object>(
  context: Context,
  refs: readonly string[],
  act: (item: Found) => Promise<Attempted<V>> | Attempted<V>,
  preferred: readonly State[] = [],
): Promise<Answer<readonly V[]>> {
  const find = finder(context.root, preferred)
  const value: V[] = []
  const problems: Problem[] = []
  for (const ref of refs) {
    if (context.cancelled.aborted) break
    const found = await find(ref)
    const result = 'kind' in found ? found : await insist(found, act)
    if (isProblem(result)) problems.push(result)
    else value.push(result)
  }
  return { value, problems }
}

async function insist<V extends object>(
  first: Found,
  act: (item: Found) => Promise<Attempted<V>> | Attempted<V>,
): Promise<V | Problem> {
  let item: Found | undefined = first
  try {
    for (let tries = 0; item !== undefined && tries < PATIENCE; tries += 1) {
      const result = await act(item)
      if (result !== 'gone') return result
      item = findAgain(item)
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
  const unsynced = await settleMove(stateDir(queue.dir, target.state), item)
  return unsynced ?? { queue: queue.name, id: callName(moved.at.raw), did }
}

export async function trash(context: Context, item: Found): Promise<Attempted<Done>> {
  if (trashItem(item.queue.dir, item.at, { newId: context.newId, native: await loadNative() }) === 'gone') return 'gone'
  const unsynced = await settleMove(inQueue(item.queue.dir, '_tmp'), item)
  return unsynced ?? { queue: item.queue.name, id: callName(item.at.raw), did: 'removed' }
}

async function settleMove(target: BytePath, item: Found): Promise<Problem | undefined> {
  const { queue, at } = item
  const source = at.bucket === undefined ? stateDir(queue.dir, at.state) : place(queue.dir, at.state, at.bucket)
  try {
    await syncInOrder([target, source])
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    return problem(
      'unknown-outcome',
      `${callName(at.raw)} was moved, but this may not be on the disk: ${error.message}`,
    )
  }
  if (at.bucket !== undefined) dropEmptyBucket(queue.dir, at.state, at.bucket)
  return undefined
}
