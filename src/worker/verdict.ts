/** From an end to a verdict: judge, decide, and the message as it will be written. */
import { keptAttempts } from '../domain/attempts.ts'
import type { Attempt, Move, Msg, Verdict } from '../domain/item.ts'
import type { ItemId } from '../domain/name.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { attemptRecord } from '../domain/record.ts'
import { decide, judge } from '../domain/settle.ts'
import { readAttempt } from '../fsqueue/attempt.ts'
import type { QueueIoError } from '../fsqueue/errors.ts'
import type { Moved } from '../fsqueue/move.ts'
import { look, type QueueDir, within } from '../fsqueue/place.ts'
import type { Syncer } from '../fsqueue/sync.ts'
import { configOf } from './item-config.ts'
import { inlineResult } from './result.ts'
import { placed, type RetryQueue } from './retry-target.ts'
import { type Ended, runPath } from './run.ts'

/** Attempts kept in `msg`, and at least as many as a budget counts; the numbers go on. */
const KEPT_ATTEMPTS = 50

export interface SettlerContext {
  readonly queue: QueueDir
  readonly config: () => QueueConfig
  readonly syncer: () => Syncer
  readonly newId: (from: string) => ItemId
  /** Does the handler's file fail its check now? */
  readonly handlerFails: () => boolean
  /** Does the hook `before` fail its check now? */
  readonly beforeFails: () => boolean
  /** Is it relayed to a queue that wants to be asked? */
  readonly isAskedFirst: (settled: Settled) => boolean
  /** Released for that: it comes back decided. */
  readonly onAsk: (settled: Settled) => void
  /** Can this be relayed to, and under which id? A refusal turns the verdict into another. */
  readonly relayTarget: (ended: Ended, dest: string) => RelayTarget
  /** The queue of that name, as one that an item can be moved into. */
  readonly retryQueue: (name: string) => RetryQueue
  /** Publishes the copy; once, whatever happened before. */
  readonly relay: (staged: Settled) => Promise<void>
  /** It lies where it belongs; not yet known to be on the disk. */
  readonly onMoved: (moved: Moved) => void
  readonly onSettled: (settled: Settled, moved: Moved, durable: boolean) => void
  /** Somebody moved the item out of run/: nothing is written. */
  readonly onGone: (ended: Ended) => void
  readonly onTrouble: (error: QueueIoError) => void
  readonly onWell: () => void
  /** A group of verdicts has arrived. */
  readonly onRound: () => void
}

export type RelayTarget =
  | { readonly kind: 'ok'; readonly to: string; readonly as: ItemId }
  | { readonly kind: 'refused'; readonly verdict: Verdict }

/** A verdict that is written, or about to be. */
export interface Settled {
  readonly ended: Ended
  readonly verdict: Verdict
  readonly move: Move
  readonly msg: Msg
  readonly record: Attempt | undefined
}

/** A queue that was asked and does not take it is none to be relayed to, nor to be given up to. */
function answered(context: SettlerContext, { veto }: Ended): SettlerContext {
  if (veto === undefined) return context
  const refused: RelayTarget = { kind: 'refused', verdict: { kind: 'fail', text: veto, final: true } }
  return { ...context, relayTarget: () => refused }
}

/**
 * Canceled, as late as it may be: what would run again does not. One that never began has an attempt of its own for it,
 * or nothing would say why it lies in _err/.
 */
export function unlessCanceled(context: SettlerContext, settled: Settled): Settled {
  const { ended } = settled
  if (!isCanceledRetry(context.queue, settled)) return settled
  const code = ended.outcome.kind === 'exited' ? ended.outcome.code : undefined
  const attempt = ended.attempt > 0 ? ended.attempt : (ended.msg.attempts?.at(-1)?.n ?? 0) + 1
  return decideVerdict(context, { ...ended, attempt, outcome: { kind: 'stopped', cause: 'cancel', code } })
}

/** It is about to run again, and somebody does not want that. */
export function isCanceledRetry(queue: QueueDir, { ended, move }: Settled): boolean {
  return move.to === 'que' && look(within(runPath(queue, ended), 'cancel')) !== undefined
}

/** What an end means, and what is to be written and done about it. Reads the item, changes nothing. */
export function decideVerdict(context: SettlerContext, ended: Ended): Settled {
  const { queue, config } = context
  const item = runPath(queue, ended)
  const lines = ended.attempt === 0 ? [] : (readAttempt(item, ended.attempt)?.lines ?? [])
  const { policy } = configOf(config(), ended.msg)
  const { outcome } = ended
  const doubtful = outcome.kind === 'exited' && (outcome.code === 126 || outcome.code === 127)
  const fails = doubtful && (outcome.before === true ? context.beforeFails() : context.handlerFails())
  let verdict = judge({ outcome, lines, dest: ended.msg.dest, handlerFails: fails }, policy)
  const asked = answered(context, ended)
  let relay: Msg['relay'] = ended.msg.relay
  if (verdict.kind === 'relay') {
    const target = asked.relayTarget(ended, verdict.dest)
    if (target.kind === 'ok') relay = { to: target.to, id: target.as }
    else verdict = target.verdict
  }
  const now = Date.now()
  const decided = { verdict, move: decide(verdict, ended.spent + 1, policy, now, Math.random()) }
  const { move, ...rest } = placed(asked, ended, decided, policy)
  verdict = rest.verdict
  relay = rest.relay ?? relay
  const ends = { started: ended.started, ended: new Date(now).toISOString(), ...ended.used }
  const record = ended.attempt === 0 ? undefined : attemptRecord(ended.attempt, ends, outcome, verdict, move)
  const kept = Math.max(KEPT_ATTEMPTS, policy.maxAttempts + 1)
  // Decided again, it has one record all the same.
  const earlier = (ended.msg.attempts ?? []).filter(({ n }) => n !== record?.n)
  const attempts = keptAttempts([...earlier, ...(record === undefined ? [] : [record])], kept)
  // A result is this run's or nobody's.
  const { result: _earlier, ...before } = ended.msg
  const msg: Msg = {
    ...(record === undefined ? ended.msg : before),
    ...(attempts.length === 0 ? {} : { attempts }),
    ...(relay === undefined || move.to !== 'relay' ? {} : { relay }),
    ...inlineResult(item),
  }
  return { ended, verdict, move, msg, record }
}
