/** What the cleaner of a queue is to remove: all of it listed before anything goes. */
import type { Millis } from '../domain/name.ts'
import { isLimited, KEPT_STATES, type KeptState, type RetentionPolicy } from '../domain/retention.ts'
import { type Doomed, doomedIn, itemCount, oldDrafts, oldScratch, trashEntries } from './doomed.ts'
import type { BytePath, QueueDir } from './place.ts'
import { Scratch } from './scratch.ts'

/** What is removed. `tmp`: leftovers of editors and of cleaners that were killed. */
export const REMOVED = [...KEPT_STATES, 'prep', 'tmp', 'trash', 'archives'] as const
export type Removed = KeptState | 'prep' | 'tmp' | 'trash' | 'archives'

export interface Plan {
  readonly leftovers: readonly BytePath[]
  readonly states: readonly { readonly state: KeptState; readonly doomed: readonly Doomed[] }[]
  readonly others: readonly { readonly path: BytePath; readonly kind: Removed }[]
}

export function planOf(queue: QueueDir, policy: RetentionPolicy, now: Millis): Plan {
  const old = trashEntries(queue).filter(({ since }) => now - since > policy.trash)
  return {
    leftovers: Scratch.leftovers(queue),
    states: KEPT_STATES.filter((state) => isLimited(policy[state])).map((state) => ({
      ...{ state, doomed: doomedIn(queue, state, policy[state], now) },
    })),
    others: [
      ...oldDrafts(queue, policy.prep, now).map((path) => ({ path, kind: 'prep' as const })),
      ...oldScratch(queue, policy.prep, now).map((path) => ({ path, kind: 'tmp' as const })),
      ...old.map(({ path }) => ({ path, kind: 'trash' as const })),
    ],
  }
}

/** How many items that is, now; of a leftover, which has no items any more, one. */
export function plannedItems({ leftovers, states, others }: Plan): number {
  const doomed = states.flatMap((one) => one.doomed)
  return doomed.reduce((sum, one) => sum + itemCount(one), leftovers.length + others.length)
}
