/** `rq inject --id`: may be repeated until it answers 0, and publishes once. */
import { closeSync, rmSync } from 'node:fs'
import type { State } from '../domain/item.ts'
import type { ItemId } from '../domain/name.ts'
import { findItem } from '../fsqueue/find.ts'
import { type BytePath, place, stateDir } from '../fsqueue/place.ts'
import type { Located } from '../fsqueue/scan.ts'
import { syncInOrder, treeOf } from '../fsqueue/sync.ts'
import { tryLock } from '../os/lock.ts'
import { type Answer, ok, refuse } from './answer.ts'
import type { Context } from './context.ts'
import type { Injected } from './inject.ts'
import type { Queue } from './spool.ts'

/** In the order of an item's life: one that moves on while we look is met later, not missed. */
const LIFE = ['que', 'pause', 'run', '_err', 'done', 'relayed'] as const satisfies readonly State[]
const PATIENCE = 100
const BETWEEN_TRIES = 50

/** Whoever has the lock of the id looks for it and publishes; the others wait, and find it. */
export async function injectOnce(
  context: Context,
  queue: Queue,
  id: ItemId,
  publish: () => Promise<Answer<Injected>>,
): Promise<Answer<Injected>> {
  const answer = await withLock(place(queue.dir, 'prep', `.inject-${id}`), PATIENCE, async () => {
    // Twice: an item that is moved backward just now may be met nowhere the first time.
    const existing = findItem(queue.dir, id, LIFE) ?? findItem(queue.dir, id, LIFE)
    if (existing === undefined) return await publish()
    await makeDurable(queue, existing)
    context.tell({ kind: 'item', id })
    return ok({ queue: queue.name, published: 0, existed: 1 })
  })
  return answer === 'busy' ? refuse('busy', `${id} is being published by somebody else`) : answer
}

/** Runs `act` while nobody else does under this lock's name; 'busy' after so many tries, 50 ms apart. */
export async function withLock<T>(lock: BytePath, tries: number, act: () => Promise<T> | T): Promise<T | 'busy'> {
  const path = Buffer.from(lock, 'latin1').toString()
  const fd = await lockPatiently(path, tries)
  if (fd === undefined) return 'busy'
  try {
    return await act()
  } finally {
    rmSync(path, { force: true })
    closeSync(fd)
  }
}

async function lockPatiently(path: string, most: number): Promise<number | undefined> {
  for (let tries = 1; ; tries += 1) {
    const fd = tryLock(path)
    if (fd !== undefined || tries >= most) return fd
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_TRIES))
  }
}

/** An earlier call may have been killed between publishing and its last sync. */
export async function makeDurable(queue: Queue, { state, raw, bucket }: Located): Promise<void> {
  const dir = bucket === undefined ? stateDir(queue.dir, state) : place(queue.dir, state, bucket)
  await syncInOrder([...treeOf(place(queue.dir, state, raw, bucket)), dir])
}
