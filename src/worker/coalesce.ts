/**
 * At a start: what else waits with an equal key is claimed, recorded as merged, and settled as done (domain/coalesce.ts).
 * In this order: the survivor is claimed, then the others; its message names them; they get their verdict. A crash in
 * between puts back into que/ what has no verdict, and the survivor, if it has not begun: named too early is run once more.
 */
import { type Coalesce, companions, mergeable, replacements, withMerged } from '../domain/coalesce.ts'
import type { Entry } from '../domain/entry.ts'
import type { Outcome } from '../domain/item.ts'
import { keyOf } from '../domain/tags.ts'
import { type SlotIdentity, writeAttempt } from '../fsqueue/attempt.ts'
import type { Claimed } from '../fsqueue/claim.ts'
import { commitMsg, stageMsg } from '../fsqueue/message.ts'
import { within } from '../fsqueue/place.ts'
import { syncNow } from '../fsqueue/sync.ts'
import { runPath } from './run.ts'
import type { Worker } from './worker.ts'

export interface Taken {
  readonly entry: Entry
  readonly item: Claimed
}

/** Claims it, if it is there, complete and in order. */
export type Take = (entry: Entry) => Taken | undefined

/** What runs: the picked item, or one in its stead. On an error the picked one is still the caller's. */
export function coalesce(worker: Worker, picked: Taken, slot: SlotIdentity, take: Take): Taken {
  const policy = worker.config.flow?.coalesce
  if (policy === undefined || keyOf(picked.entry.tags, policy.by) === undefined) return picked
  const now = Date.now()
  const peers = worker.intake.schedule.peers(picked.entry)
  const others = companions(picked.entry, peers, now)
  if (others.length === 0) return picked
  const survivor = survivorOf(worker, policy, picked, others, peers, take)
  const merged = survivor === picked ? [] : [picked]
  try {
    for (const entry of mergeable(policy, survivor.entry, others)) {
      const taken = take(entry)
      if (taken !== undefined) merged.push(taken)
    }
    worker.intake.schedule.drop([survivor, ...merged].map(({ entry }) => entry), now) // biome-ignore format: one call
    return merged.length === 0 ? survivor : { ...survivor, item: record(worker, survivor.item, merged, slot) }
  } catch (error) {
    putBack(
      worker,
      [survivor, ...merged].filter((taken) => taken !== picked),
    )
    throw error
  }
}

function survivorOf(
  worker: Worker,
  policy: Coalesce,
  picked: Taken,
  others: readonly Entry[],
  peers: readonly Entry[],
  take: Take,
): Taken {
  const now = Date.now()
  for (const entry of replacements(policy, picked.entry, others)) {
    const taken = worker.flow.mayReplace(entry, peers, now) ? take(entry) : undefined
    if (taken !== undefined) return taken
  }
  return picked
}

/** The survivor's message is on the disk before any other has its verdict. */
function record(worker: Worker, survivor: Claimed, merged: readonly Taken[], slot: SlotIdentity): Claimed {
  const { queue } = worker.options
  const path = runPath(queue, survivor)
  const msg = withMerged(survivor.msg, merged.map(({ item }) => item)) // biome-ignore format: one call
  // By this file a verdict that was recorded is known for one, and not run again.
  for (const { item } of merged) writeAttempt(runPath(queue, item), item.attempt, slot, '')
  stageMsg(path, msg)
  commitMsg(path)
  if (worker.config.durability !== 'none') for (const each of [within(path, 'msg'), path]) syncNow(each)
  const outcome: Outcome = { kind: 'merged', into: survivor.id }
  for (const { item } of merged) worker.runs.settler.add({ ...item, started: undefined, outcome })
  return { ...survivor, msg }
}

function putBack(worker: Worker, taken: readonly Taken[]): void {
  const outcome: Outcome = { kind: 'stopped', cause: 'shutdown', code: undefined }
  for (const { item } of taken) worker.runs.settler.add({ ...item, attempt: 0, started: undefined, outcome })
}
