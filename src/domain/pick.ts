/** What may run now: an ordered list of gates. The reasons are what `rq why` and the pages say. */

import type { Entry } from './entry.ts'
import type { Millis } from './name.ts'
import { explainPressure, type Pressure } from './pressure.ts'

export type WaitReason =
  | { readonly kind: 'daemon-down' }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'root-paused' }
  | { readonly kind: 'queue-paused' }
  | { readonly kind: 'queue-down' }
  | { readonly kind: 'bad-config'; readonly problem: string }
  | { readonly kind: 'broken-handler'; readonly problem: string; readonly until: Millis }
  | { readonly kind: 'disk'; readonly problem: string }
  | { readonly kind: 'shortage'; readonly problem: string; readonly until: Millis }
  | (Pressure & { readonly kind: 'pressure'; readonly until: Millis })
  | { readonly kind: 'no-slot'; readonly slots: number }
  | { readonly kind: 'no-permit'; readonly pool: string }
  | { readonly kind: 'due'; readonly until: Millis }
  | { readonly kind: 'live-copy' }
  | { readonly kind: 'settling'; readonly why: string; readonly until: Millis }
  | { readonly kind: 'unavailable'; readonly problem: string; readonly until: Millis }
  | { readonly kind: 'no-class' }
  | { readonly kind: 'class-busy'; readonly classes: readonly string[] }
  | { readonly kind: 'weight'; readonly weight: number; readonly free: number }
  | { readonly kind: 'key-busy'; readonly key: string; readonly limit: number }
  /** `key` is '' for the queue's own rate. */
  | {
      readonly kind: 'rate'
      readonly key: string
      readonly count: number
      readonly per: Millis
      readonly until: Millis
    }
  | { readonly kind: 'order'; readonly key: string; readonly ahead: string }
  | { readonly kind: 'behind'; readonly ahead: number }

/** Everything about a queue that can keep all of its items waiting. */
export interface QueueFacts {
  readonly stopping: boolean
  readonly rootPaused: boolean
  readonly paused: boolean
  readonly down: boolean
  readonly configProblem: string | undefined
  readonly brokenHandler: { readonly problem: string; readonly until: Millis } | undefined
  readonly diskProblem: string | undefined
  /** Something that passes by itself: descriptors, processes, a slot that could not begin. */
  readonly shortage: { readonly problem: string; readonly until: Millis } | undefined
  /** The machine has too little left, by the marks of the queue. */
  readonly pressure: (Pressure & { readonly until: Millis }) | undefined
  readonly slots: number
  readonly freeSlots: number
  /** The pool of the queue, when it has no permit of it left. */
  readonly noPermit: string | undefined
}

type QueueGate = (queue: QueueFacts, now: Millis) => WaitReason | undefined

const QUEUE_GATES: readonly QueueGate[] = [
  (queue) => (queue.stopping ? { kind: 'stopping' } : undefined),
  (queue) => (queue.rootPaused ? { kind: 'root-paused' } : undefined),
  (queue) => (queue.down ? { kind: 'queue-down' } : undefined),
  (queue) => (queue.paused ? { kind: 'queue-paused' } : undefined),
  (queue) => (queue.configProblem === undefined ? undefined : { kind: 'bad-config', problem: queue.configProblem }),
  ({ brokenHandler }, now) =>
    brokenHandler === undefined || brokenHandler.until <= now
      ? undefined
      : { kind: 'broken-handler', ...brokenHandler },
  (queue) => (queue.diskProblem === undefined ? undefined : { kind: 'disk', problem: queue.diskProblem }),
  ({ shortage }, now) =>
    shortage === undefined || shortage.until <= now ? undefined : { kind: 'shortage', ...shortage },
  ({ pressure }) => (pressure === undefined ? undefined : { kind: 'pressure', ...pressure }),
  (queue) => (queue.freeSlots > 0 ? undefined : { kind: 'no-slot', slots: queue.slots }),
  ({ noPermit }) => (noPermit === undefined ? undefined : { kind: 'no-permit', pool: noPermit }),
]

/** Why nothing of the queue may start now, or undefined. The first gate that is shut answers. */
export function queueGate(queue: QueueFacts, now: Millis): WaitReason | undefined {
  for (const gate of QUEUE_GATES) {
    const reason = gate(queue, now)
    if (reason !== undefined) return reason
  }
  return undefined
}

/** Why this one item may not start now, from its name and from what runs. */
export function entryGate(
  entry: Pick<Entry, 'notBefore' | 'id'>,
  isLive: (id: NonNullable<Entry['id']>) => boolean,
  now: Millis,
): WaitReason | undefined {
  if (entry.notBefore > now) return { kind: 'due', until: entry.notBefore }
  if (entry.id !== undefined && isLive(entry.id)) return { kind: 'live-copy' }
  return undefined
}

/** One sentence for a person, with what to do about it. */
export function explain(reason: WaitReason): string {
  switch (reason.kind) {
    case 'daemon-down':
      return 'no daemon runs on this root: start it with `rqd start`'
    case 'stopping':
      return 'the daemon is stopping'
    case 'root-paused':
      return 'all queues are paused: `rq resume --all` (or remove _paused in the root)'
    case 'queue-paused':
      return 'the queue is paused: `rq resume QUEUE` (or remove its _paused)'
    case 'queue-down':
      return 'the queue is down and refuses work: `rq up QUEUE` (or remove its _down)'
    case 'bad-config':
      return `the queue's configuration cannot be used: ${reason.problem}`
    case 'broken-handler':
      return `the handler is broken: ${reason.problem}; next try ${when(reason.until)}`
    case 'disk':
      return `the disk refuses verdicts, so nothing new is started: ${reason.problem}`
    case 'shortage':
      return `nothing can be started for a moment: ${reason.problem}`
    case 'pressure':
      return `nothing is started while ${explainPressure(reason)} (hold_when); it goes on by itself`
    case 'due':
      return `not due before ${when(reason.until)}`
    case 'settling':
      return `settling: ${reason.why}`
    case 'unavailable':
    case 'no-slot':
    case 'no-permit':
    case 'live-copy':
    case 'no-class':
    case 'class-busy':
    case 'weight':
    case 'key-busy':
    case 'rate':
    case 'order':
    case 'behind':
      return explainOthers(reason)
  }
}

function explainBehind(ahead: number): string {
  if (ahead === 0) return 'it is next'
  return ahead === 1 ? '1 item goes first' : `${ahead} items go first`
}

type ReasonOfOthers = Extract<
  WaitReason,
  {
    readonly kind:
      | 'unavailable'
      | 'no-slot'
      | 'no-permit'
      | 'live-copy'
      | 'no-class'
      | 'class-busy'
      | 'weight'
      | 'key-busy'
      | 'rate'
      | 'order'
      | 'behind'
  }
>

/** What other items do, and what one item meets. */
function explainOthers(reason: ReasonOfOthers): string {
  switch (reason.kind) {
    case 'unavailable':
      return `cannot be claimed: ${reason.problem}; next try ${when(reason.until)}`
    case 'no-slot':
      return reason.slots === 1 ? 'its one slot is busy' : `all ${reason.slots} slots are busy`
    case 'no-permit':
      return `all slots of the pool ${reason.pool} are busy, or go to queues before this one (pools in the root's config.json)`
    case 'live-copy':
      return 'another copy of this id is running'
    case 'no-class':
      return 'no class of slots takes its tags: add one to `slots`, or change its tags with `mv`'
    case 'class-busy':
      return `all slots that take its tags are busy (${reason.classes.join('; ')})`
    case 'weight':
      return `it needs ${reason.weight} slots of its class at one time, and ${reason.free} ${reason.free === 1 ? 'is' : 'are'} free`
    case 'key-busy':
      return `${reason.limit === 1 ? 'another item' : `${reason.limit} items`} with the tag ${reason.key} ${reason.limit === 1 ? 'is' : 'are'} running (concurrency)`
    case 'rate':
      return `${reason.key === '' ? 'the queue' : reason.key} had its ${reason.count} starts in ${reason.per / 1000} s (rate); next ${when(reason.until)}`
    case 'order':
      return `it comes after ${reason.ahead}, which has the same tag ${reason.key} (order)`
    case 'behind':
      return explainBehind(reason.ahead)
  }
}

function when(until: Millis): string {
  return Number.isFinite(until) ? new Date(until).toISOString() : 'when it changes'
}
