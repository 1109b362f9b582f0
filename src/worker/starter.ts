/** From a waiting entry to a run: gates, readiness, claim, the files of the attempt, the token. */
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Entry } from '../domain/entry.ts'
import type { Millis } from '../domain/name.ts'
import { type ItemId, parseItemName, type RawName } from '../domain/name.ts'
import type { WaitReason } from '../domain/pick.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { removeAttemptFiles, writeAttempt } from '../fsqueue/attempt.ts'
import { type Claimed, claim } from '../fsqueue/claim.ts'
import { moveNew, removeEmptyDir, rename } from '../fsqueue/files.ts'
import { freshJob } from '../fsqueue/job.ts'
import { openItemTo, removeEmptyResult } from '../fsqueue/open-item.ts'
import { look, place, type QueueDir, toBytes, within } from '../fsqueue/place.ts'
import type { HandlerCheck } from '../launch/handler.ts'
import type { Identity } from '../launch/run-as.ts'
import type { Slot } from '../launch/slot.ts'
import { type RunFacts, type RunFirst, runValues } from '../launch/values.ts'
import { commandPath } from './admin.ts'
import { currentTick } from './guard.ts'
import { hookPath } from './hooks.ts'
import { type ReadinessCheck, tornReadiness } from './readiness.ts'
import { isStillRun } from './recovery.ts'
import { freshSight, type Run, runPath } from './run.ts'

const HOST = hostname()
const LIVE_POLL: Millis = 1000

export interface StartContext {
  readonly queue: QueueDir
  readonly queueName: string
  readonly config: QueueConfig
  readonly readiness: ReadinessCheck
  readonly newId: (from: string) => ItemId
  readonly isOurSlot: (pid: number) => boolean
  readonly identity: Identity
  /** Is there a hook that is asked before each run? */
  readonly hasBefore: boolean
}

export type Candidate =
  | { readonly kind: 'claimed'; readonly item: Claimed }
  | { readonly kind: 'lost' }
  | { readonly kind: 'wait'; readonly reason: WaitReason; readonly until: Millis }

/** Takes an entry out of que/ if it is there, complete, and nobody else was faster. */
export function takeEntry(context: StartContext, entry: Entry, now: Millis): Candidate {
  const { queue, config, readiness } = context
  const stat = look(place(queue, 'que', entry.raw))
  if (stat === undefined) return { kind: 'lost' }
  const ready = readiness.check(queue, entry.raw, stat, config, now)
  if (ready.kind === 'settling') return { kind: 'wait', reason: ready, until: ready.until }
  const live: Candidate = { kind: 'wait', reason: { kind: 'live-copy' }, until: now + LIVE_POLL }
  if (stat.isDirectory() && isStillRun(place(queue, 'que', entry.raw), context.isOurSlot)) return live
  const claimed = claim(queue, entry.raw, stat, context.newId)
  switch (claimed.kind) {
    case 'lost':
      return { kind: 'lost' }
    case 'occupied':
      return live
    case 'won':
      if (claimed.item.isTorn) {
        const torn = tornReadiness(stat, config, now)
        if (torn.kind === 'settling' && unclaim(queue, entry.raw, claimed.item))
          return { kind: 'wait', reason: torn, until: torn.until }
      }
      takeMarker(context, entry.raw, claimed.item)
      return { kind: 'claimed', item: claimed.item }
  }
}

/** The marker belongs to its item, and would be an orphan without it. */
function takeMarker({ queue, config }: StartContext, raw: RawName, item: Claimed): void {
  if (config.marker === undefined || !item.isOneFile) return
  rename(place(queue, 'que', parseItemName(raw).base + config.marker), within(runPath(queue, item), 'marker'))
}

/**
 * Back to where it was, as it was: for a claim that cannot be started now. Needs no space on the disk. False when
 * its name is taken by now: it stays in run/, for the settler to put back.
 */
export function unclaim(queue: QueueDir, raw: RawName, item: Claimed, marker?: string): boolean {
  const path = runPath(queue, item)
  const target = place(queue, 'que', raw)
  removeAttemptFiles(path, item.attempt)
  const isWrapped = look(within(path, 'msg')) === undefined && item.attachments.length === 1
  const isMessage = parseItemName(raw).isMessage
  const content = isWrapped ? within(path, 'attach', item.attachments[0] ?? '') : isMessage ? within(path, 'msg') : path
  // Its marker with it, or it would wait for one for ever.
  if (isWrapped && marker !== undefined)
    moveNew(within(path, 'marker'), place(queue, 'que', parseItemName(raw).base + marker))
  removeEmptyResult(path)
  const moved = moveNew(content, target)
  removeEmptyDir(within(path, 'attach'))
  removeEmptyDir(within(path, 'job'))
  removeEmptyDir(path)
  return moved !== 'taken'
}

export type Started =
  | { readonly kind: 'started'; readonly run: Run }
  /** It cannot be given to a program: a value that no environment can hold. */
  | { readonly kind: 'unfit'; readonly why: string }

/** Writes the attempt's file; the token is for the caller to send. */
export function startRun(
  context: StartContext,
  item: Claimed,
  slot: Slot,
  handler: Extract<HandlerCheck, { kind: 'ok' }>,
): Started {
  const path = runPath(context.queue, item)
  const started = new Date().toISOString()
  const { owner } = context.identity
  const facts = runFacts(context, item, handler.realPath, started)
  const values = runValues({ ...facts, ...commandOf(context), first: firstOf(context) })
  if (values.kind === 'unfit') return values
  const group = { pid: slot.pid, start: slot.start, boot: slot.boot, fifo: slot.fifo }
  freshJob(path, item.attempt)
  if (owner !== undefined) openItemTo(context.queue, path, owner, item.attachments)
  // A file of that name would be sourced by the slot: never one that we did not write.
  if (!writeAttempt(path, item.attempt, group, values.text))
    return { kind: 'unfit', why: `it has an attempt.${item.attempt} of its own` }
  const { id, name, msg, attempt, spent } = item
  const fresh = { stopping: undefined, killTimer: undefined, dups: 0, isEnding: false }
  return {
    kind: 'started',
    run: {
      id,
      name,
      msg,
      attempt,
      spent,
      started,
      group,
      startTick: currentTick(),
      sight: freshSight(),
      slot,
      ...fresh,
    },
  }
}

const LATELY: Millis = 200
let lately = { path: '', until: 0 }

/** Where the queue is, as the kernel says: it may be renamed at any time. For people and logs; nothing is run by it. */
function queuePathLately(): string {
  const now = performance.now()
  if (now > lately.until) lately = { path: readlinkSync('/proc/self/cwd'), until: now + LATELY }
  return lately.path
}

/** What a handler, and later its hooks, are told of an item. */
export function runFacts(
  { queueName, config }: Pick<StartContext, 'queueName' | 'config'>,
  item: Pick<Claimed, 'id' | 'name' | 'attempt' | 'msg' | 'attachments' | 'isOneFile'>,
  realPath: string,
  started: string,
): Omit<RunFacts, 'command' | 'first'> {
  const [script = ''] = config.handler
  const { priority, tags } = parseItemName(item.name)
  const { id, name, attempt, msg, attachments, isOneFile } = item
  return {
    ...{ id, name, attempt, msg, attachments, isOneFile, priority, tags, started },
    queue: toBytes(queueName),
    host: HOST,
    queuePath: toBytes(queuePathLately()),
    runDir: toBytes(config.dirs.run),
    script: toBytes(script),
    realScript: toBytes(realPath),
  }
}

function commandOf({ config, identity }: StartContext): Pick<RunFacts, 'command'> {
  const [script = '', ...args] = config.handler
  return { command: [...identity.prefix, ...config.execPrefix, commandPath(script), ...args].map(toBytes) }
}

function firstOf({ config, identity, hasBefore }: StartContext): RunFirst | undefined {
  const { owner, umask, prefix } = identity
  if (!hasBefore && owner === undefined && umask === undefined) return undefined
  const before = [...prefix, ...config.execPrefix, commandPath(hookPath('before'))].map(toBytes)
  return { before: hasBefore ? before : undefined, umask, owner }
}
