/** `rq inject --id`: may be repeated until it answers 0, and publishes once. */
import type { State } from '../domain/item.ts'
import type { ItemId } from '../domain/name.ts'
import { draftOf } from '../fsqueue/draft.ts'
import { finding } from '../fsqueue/find.ts'
import { place, stateDir } from '../fsqueue/place.ts'
import type { Located } from '../fsqueue/scan.ts'
import { syncInOrder, treeOf } from '../fsqueue/sync.ts'
import { type Answer, ok, refuse } from './answer.ts'
import type { Context } from './context.ts'
import type { Injected } from './inject.ts'
import type { Queue } from './spool.ts'
import { inTurns } from './turns.ts'
import { withLock } from './with-lock.ts'

/** In the order of an item's life: one that moves on while we look is met later, not missed. */
const LIFE = ['que', 'pause', 'run', '_err', 'done', 'relayed'] as const satisfies readonly State[]
/** An item that is moved backward just now may be met nowhere, and it would be published twice. */
const LOOKS = 4
const PATIENCE = 100

/** Whoever has the lock of the id looks for it and publishes; the others wait, and find it. */
export async function injectOnce(
  context: Context,
  queue: Queue,
  id: ItemId,
  publish: () => Promise<Answer<Injected>>,
): Promise<Answer<Injected>> {
  const answer = await withLock(place(queue.dir, 'prep', `.inject-${id}`), PATIENCE, async () => {
    const existing = await inTurns(finding(queue.dir, id, LIFE, LOOKS))
    if (existing === undefined && draftOf(queue.dir, id) !== undefined)
      return refuse('failed', `${id} is a draft: \`rq commit\` publishes it`)
    if (existing === undefined) return await publish()
    await makeDurable(queue, existing)
    context.tell({ kind: 'item', id })
    return ok({ queue: queue.name, published: 0, existed: 1 })
  })
  return answer === 'busy' ? refuse('busy', `${id} is being published by somebody else`) : answer
}

/** An earlier call may have been killed between publishing and its last sync. */
export async function makeDurable(queue: Queue, { state, raw, bucket }: Located): Promise<void> {
  const dir = bucket === undefined ? stateDir(queue.dir, state) : place(queue.dir, state, bucket)
  await syncInOrder([...treeOf(place(queue.dir, state, raw, bucket)), dir])
}
