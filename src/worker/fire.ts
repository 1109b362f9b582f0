/** One fire of a schedule: its item is published durably, and once, whatever happened before. */
import { createHash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { hostname } from 'node:os'
import { formatItemName, type Millis, type RawName } from '../domain/name.ts'
import { fireId, fireMsg, type Order, type ScheduleSpec, spreadOffset } from '../domain/schedules.ts'
import { askEnqueue, hasEnqueueHook } from '../fsqueue/enqueue-hook.ts'
import { giveWay } from '../fsqueue/give-way.ts'
import { fsPath, place, type QueueDir, stateDir } from '../fsqueue/place.ts'
import { type Draft, OutcomeUnknown, publish } from '../fsqueue/publish.ts'
import type { Located } from '../fsqueue/scan.ts'
import { earlierRuns } from '../fsqueue/schedule-files.ts'
import { makeSyncer, type Syncer, treeOf } from '../fsqueue/sync.ts'
import { isTrashed } from '../fsqueue/trash.ts'
import { type Care, type Remembered, whereabouts } from '../fsqueue/whereabouts.ts'
import type { Worker } from './worker.ts'

export interface Fired extends Remembered {
  /** An earlier life did not publish it already. */
  readonly isNew: boolean
}

/** In hex. */
function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export type FireOrder = Extract<Order, { do: 'fire' }>

/** `before`: the item of the last fire. Throws QueueIoError when the disk refuses; then nothing is known, and the same order may be given again. */
export async function fire(
  worker: Worker,
  spec: ScheduleSpec,
  order: FireOrder,
  before: (Remembered & { readonly at: Millis }) | undefined,
  now: Millis,
  care: Care,
): Promise<Fired> {
  const { queue } = worker.options
  const draft = draftOf(worker, spec, order, now)
  const { priority, due, tags } = draft
  const name = formatItemName({ base: `${draft.id}.msg`, priority, due, tags })
  const fd = openSync(fsPath(stateDir(queue, 'que')), 'r')
  const syncer = makeSyncer(worker.config.durability, fd, worker.starting.native)
  try {
    const isNew = await publishOnce(worker, syncer, draft, name, now, order.isDoubtful ? 'thorough' : care)
    if (order.replaces) {
      const { newId } = worker.options
      for (const { item, care: how } of earlierRuns(queue, spec.name, before)) {
        if (item.id === draft.id) continue
        await syncer.sync(giveWay(queue, item, { now, newId, native: worker.starting.native, care: how }).dirs)
      }
    }
    return { id: draft.id, name, isNew }
  } finally {
    closeSync(fd)
  }
}

/** Why the hook `enqueue` of the queue does not take it, or undefined. */
export async function fireRefusal(
  worker: Worker,
  spec: ScheduleSpec,
  order: FireOrder,
  now: Millis,
): Promise<string | undefined> {
  const { queue, queueName, root } = worker.options
  if (!hasEnqueueHook(queue)) return undefined
  const { id, msg, priority, due, tags } = draftOf(worker, spec, order, now)
  // An earlier life has published it, and did not come to write that down.
  const name = formatItemName({ base: `${id}.msg`, priority, due, tags })
  if (whereabouts(queue, { id, name }, now, 'named') !== undefined) return undefined
  return askEnqueue(queue, { queueName, root, id, msg, paths: [], timeoutMs: worker.config.hooks.timeout })
}

/** What is late begins its spread now: all hosts are late at one time after an outage. */
function draftOf(worker: Worker, spec: ScheduleSpec, order: FireOrder, now: Millis): Draft {
  const offset = spreadOffset(spec.spread, [hostname(), worker.options.queueName, spec.name], sha256)
  const due = Math.ceil(((order.isLate ? now : order.at) + offset) / 1000)
  return {
    id: fireId(spec.name, order.at, sha256),
    priority: spec.priority,
    due: offset === 0 ? undefined : due,
    tags: spec.tags,
    msg: fireMsg(spec, order.at, order.missed),
    attach: [],
  }
}

async function publishOnce(
  worker: Worker,
  syncer: Syncer,
  draft: Draft,
  name: RawName,
  now: Millis,
  care: Care,
): Promise<boolean> {
  const { queue } = worker.options
  const there = whereabouts(queue, { id: draft.id, name }, now, care)
  if (there !== undefined) {
    // Who published it may have died before it was on the disk.
    await syncer.sync(pathsOf(queue, there))
    return false
  }
  // It was published by an earlier life, and somebody wants none of it.
  if (care === 'thorough' && isTrashed(queue, draft.id)) return false
  try {
    const { shared } = worker.config
    const [published] = await publish(queue, [draft], syncer, worker.starting.native, { shared })
    return published?.kind === 'published'
  } catch (error) {
    // Its id is known: the next try finds it, or publishes it again.
    throw error instanceof OutcomeUnknown ? error.cause : error
  }
}

function pathsOf(queue: QueueDir, { state, raw, bucket }: Located) {
  const dir = bucket === undefined ? stateDir(queue, state) : place(queue, state, bucket)
  return [...treeOf(place(queue, state, raw, bucket)), dir]
}
