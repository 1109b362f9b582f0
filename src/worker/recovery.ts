/** At a start, and after trouble: what lies in run/ is adopted, settled or put back, as domain/recover.ts says of each. */
import { spentAttempts } from '../domain/attempts.ts'
import type { Msg, Verdict } from '../domain/item.ts'
import { displayName, type ItemId, parseItemName, type RawName } from '../domain/name.ts'
import { type FoundAttempt, type FoundRun, type Recovery, recover } from '../domain/recover.ts'
import {
  type AttemptRecord,
  answeredCount,
  hasStarted,
  newestAttempt,
  readAttempt,
  removeAttemptFiles,
  type SlotIdentity,
  seizeAttempt,
  stopCause,
} from '../fsqueue/attempt.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { removeEmptyDir } from '../fsqueue/files.ts'
import { readMsg } from '../fsqueue/message.ts'
import { isOpened, removeEmptyResult } from '../fsqueue/open-item.ts'
import { type BytePath, look, names, place, stateDir, within } from '../fsqueue/place.ts'
import { bootId } from '../os/process.ts'
import { elapsedOf } from './limits.ts'
import { isAttemptAlive, isGroupAlive } from './liveness.ts'
import { freshSight, type Run } from './run.ts'
import type { Runs } from './runs.ts'
import { stopRun } from './stop-run.ts'
import type { Worker } from './worker.ts'

/** An item in run/, read. */
export interface FoundItem {
  readonly id: ItemId
  readonly name: RawName
  readonly path: BytePath
  readonly msg: Msg
  readonly record: AttemptRecord | undefined
  readonly spent: number
  readonly recovery: Recovery
}

/** Everything in run/ that nobody is at work on, with what is to be done with it. */
function findRuns(worker: Worker, isOwned: (raw: RawName) => boolean): FoundItem[] {
  const { queue } = worker.options
  const found: FoundItem[] = []
  for (const raw of names(stateDir(queue, 'run'))) {
    if (isOwned(raw)) continue
    const path = place(queue, 'run', raw)
    // Not ours, or not made by a claim: left alone, and shown by `rqd doctor`.
    if (look(path)?.isDirectory() !== true) continue
    try {
      found.push(examine(worker, path, raw))
    } catch (error) {
      // One that cannot be read now keeps no other waiting.
      if (!(error instanceof QueueIoError)) throw error
      worker.trouble(error)
      worker.runs.strays.expect()
    }
  }
  return found
}

function examine({ options, runs }: Worker, path: BytePath, raw: RawName): FoundItem {
  const parsed = parseItemName(raw)
  const reading = readMsg(path)
  const msg: Msg = reading.kind === 'msg' ? reading.msg : {}
  const entries = names(path)
  const n = newestAttempt(entries)
  const record = n === 0 ? undefined : foundRecord(path, n)
  const attached = names(within(path, 'attach'))
  const run: FoundRun = {
    hasContent: reading.kind !== 'absent' || attached.length > 0 || entries.includes('msg.refused' as RawName),
    lastAttempt: msg.attempts?.at(-1),
    record:
      record === undefined
        ? undefined
        : { ...foundAttempt(path, parsed.id ?? '', record), oom: oomOf(runs, record, raw) },
  }
  const name = reading.kind === 'absent' && attached[0] !== undefined ? { ...msg, name: displayName(attached[0]) } : msg
  return {
    id: parsed.id ?? options.newId(parsed.base),
    name: raw,
    path,
    msg: name,
    record,
    spent: spentAttempts(msg.attempts ?? []),
    recovery: recover(run),
  }
}

function foundRecord(path: BytePath, n: number): AttemptRecord | undefined {
  const record = readAttempt(path, n)
  return record?.slot === undefined ? record : { ...record, slot: { ...record.slot, isUnproven: isOpened(path) } }
}

/** Of the slot's cgroup, if it had one; under another boot the same numbers are another's. */
function oomOf({ cgroups }: Runs, { slot }: AttemptRecord, name: RawName): string | undefined {
  return slot === undefined || slot.boot !== bootId() ? undefined : cgroups.killOf(slot, name)
}

function foundAttempt(path: BytePath, id: string, record: AttemptRecord): FoundAttempt {
  const sameBoot = record.slot?.boot === bootId()
  const started = hasStarted(path, record.n)
  const groupAlive = sameBoot && record.slot !== undefined && isLive(record, record.slot, id)
  // It may have recorded its exit and gone since we read the file: nobody writes it any more now.
  const read = record.exit !== undefined || groupAlive ? record : readAttempt(path, record.n)
  return {
    n: record.n,
    exit: read?.exit,
    before: read?.before === true,
    sameBoot,
    started,
    groupAlive,
    stopping: stopCause(path, record.n),
  }
}

function isLive(record: AttemptRecord, slot: SlotIdentity, id: string): boolean {
  return record.exit === undefined ? isAttemptAlive(slot, id, record.n) : isGroupAlive(slot)
}

/**
 * Does an item's newest attempt run on, under a slot of a worker before us? Somebody moved it out of run/ meanwhile.
 * Slots of ours are asked for by id.
 */
export function isStillRun(item: BytePath, isOurs: (slot: number) => boolean): boolean {
  const n = newestAttempt(names(item))
  const record = n === 0 ? undefined : foundRecord(item, n)
  if (record?.slot === undefined || record.exit !== undefined || isOurs(record.slot.pid)) return false
  const found = foundAttempt(item, parseItemName(item.slice(item.lastIndexOf('/') + 1)).id ?? '', record)
  return found.started && found.groupAlive
}

/** A claim that took nothing: only what a claim makes is removed. */
export function discard(path: BytePath, n: number): void {
  removeAttemptFiles(path, n)
  removeEmptyResult(path)
  removeEmptyDir(within(path, 'attach'))
  removeEmptyDir(within(path, 'job'))
  removeEmptyDir(path)
}

/** True: nobody will run attempt `n` any more. False: its slot was faster, and it runs. */
export function seize(item: FoundItem): boolean {
  return item.record !== undefined && seizeAttempt(item.path, item.record.n)
}

/** Whatever lies in run/ and is not being run or settled by us has an owner again after this, or is gone from there. */
export function recoverRuns(worker: Worker): void {
  const { emit } = worker.options
  const owned = new Set(worker.runs.names())
  for (const item of findRuns(worker, (raw) => owned.has(raw))) {
    worker.flow.hold(item.id, item.name)
    const action = recoverOne(worker, item)
    if (action === 'discard') worker.flow.released(item.id)
    emit({ kind: 'item-recovered', id: item.id, action })
  }
  if (worker.config.limits.memory !== undefined) worker.runs.cgroups.sweep()
}

function recoverOne(worker: Worker, item: FoundItem): string {
  const { recovery, record } = item
  const ended = { ...item, attempt: record?.n ?? 0, started: undefined }
  switch (recovery.do) {
    case 'discard':
      discard(item.path, record?.n ?? 0)
      return 'discard'
    case 'move': {
      const last = item.msg.attempts?.at(-1)
      const verdict: Verdict = { kind: 'done', text: 'recorded before' }
      worker.runs.settler.resume({
        ended: { ...ended, outcome: { kind: 'lost' } },
        verdict,
        move: recovery.move,
        msg: item.msg,
        record: last,
      })
      return `move to ${recovery.move.to}`
    }
    case 'settle':
      if (record?.slot?.fifo !== undefined && record.slot.boot === bootId())
        // The answers are nobody's any more: whose FIFO it is by now we do not know.
        worker.runs.adoptEnded(foundRun(worker, item, record, { ...record.slot, fifo: undefined }), recovery.outcome)
      else worker.runs.settle({ ...ended, outcome: recovery.outcome })
      return `settle: ${recovery.outcome.kind}`
    case 'requeue':
      putBack(worker, item)
      return 'requeue'
    case 'seize':
      if (seize(item)) {
        putBack(worker, item)
        return 'requeue'
      }
      adopt(worker, item)
      return 'adopt'
    case 'adopt':
      adopt(worker, item)
      return 'adopt'
  }
}

/** It was never started: no attempt, no verdict. */
function putBack(worker: Worker, item: FoundItem): void {
  worker.runs.settler.add({
    ...item,
    attempt: 0,
    started: undefined,
    outcome: { kind: 'stopped', cause: 'shutdown', code: undefined },
  })
}

function adopt(worker: Worker, item: FoundItem): void {
  const { record } = item
  if (record?.slot === undefined) return
  const run = foundRun(worker, item, record, record.slot)
  worker.runs.adopt(run)
  // Whoever was ending it, for a limit or to leave, is gone, and may not have come to the KILL.
  const cause = stopCause(item.path, record.n)
  if (cause !== undefined && cause !== 'cancel') stopRun(worker, run, cause)
}

function foundRun(worker: Worker, item: FoundItem, { n }: AttemptRecord, group: SlotIdentity): Run {
  const { id, name, msg, spent, path } = item
  const dups = answeredCount(path, n)
  const elapsed = elapsedOf(worker.options.queue, name, n)
  const started = elapsed === undefined ? undefined : new Date(Date.now() - elapsed).toISOString()
  const unknown = { slot: undefined, stopping: undefined, killTimer: undefined, isEnding: false }
  return {
    id,
    name,
    msg,
    spent,
    attempt: n,
    started,
    group,
    startTick: 0,
    sight: freshSight(elapsed),
    dups,
    ...unknown,
  }
}
