/** Retries that run in another queue, and what is given up to another: a decided move as it can be carried out. */
import type { Move, Msg, Verdict } from '../domain/item.ts'
import type { SettlePolicy } from '../domain/policy.ts'
import { givenUpTo } from '../domain/retry.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { isOneMount } from '../fsqueue/files.ts'
import { ensureQueue } from '../fsqueue/layout.ts'
import { look, type QueueDir, stateDir } from '../fsqueue/place.ts'
import { neighbour } from './neighbours.ts'
import type { Ended } from './run.ts'
import type { RelayTarget } from './verdict.ts'
import type { Worker } from './worker.ts'

/** A queue that an item can be moved into by one rename. */
export type RetryQueue =
  | { readonly kind: 'other'; readonly queue: QueueDir }
  /** A root's configuration names one queue for all, and this is it. */
  | { readonly kind: 'own' }
  | { readonly kind: 'refused'; readonly why: string }

export function retryQueue({ options, root }: Worker, name: string): RetryQueue {
  const target = neighbour(name, root)
  if (target.kind === 'refused') return { kind: 'refused', why: target.why }
  try {
    ensureQueue(target.queue, target.config.shared)
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    return { kind: 'refused', why: `queue ${target.name}: ${error.message}` }
  }
  const there = look(stateDir(target.queue, 'que'))
  if (there?.isDirectory() !== true) return { kind: 'refused', why: `queue ${target.name} has no directory to wait in` }
  const que = look(stateDir(options.queue, 'que'))
  if (there.ino === que?.ino && there.dev === que.dev) return { kind: 'own' }
  if (!isOneMount(stateDir(options.queue, 'run'), stateDir(target.queue, 'que')))
    return {
      kind: 'refused',
      why: `queue ${target.name} is on another file system, or behind another mount of this one`,
    }
  return { kind: 'other', queue: target.queue }
}

interface Neighbourhood {
  readonly retryQueue: (name: string) => RetryQueue
  readonly relayTarget: (ended: Ended, dest: string) => RelayTarget
}

export interface Placed {
  readonly verdict: Verdict
  readonly move: Move
  readonly relay?: Msg['relay']
}

/** What cannot go where it should stays in this queue, and its record says why. */
export function placed(around: Neighbourhood, ended: Ended, { verdict, move }: Placed, policy: SettlePolicy): Placed {
  if (move.to === 'que' && move.queue !== undefined) return retriedElsewhere(around, verdict, move, move.queue)
  if (move.to !== '_err') return { verdict, move }
  const dest = givenUpTo(policy.retry, verdict)
  if (dest === undefined || around.retryQueue(dest).kind === 'own') return { verdict, move }
  const target = around.relayTarget(ended, dest)
  if (target.kind === 'refused') {
    return { verdict: { ...verdict, text: `${verdict.text}; not given up to ${dest}: ${target.verdict.text}` }, move }
  }
  return {
    verdict: { kind: 'relay', text: `${verdict.text}; given up to ${dest}`, dest, givenUp: true },
    move: { to: 'relay', dest },
    relay: { to: target.to, id: target.as },
  }
}

function retriedElsewhere(
  around: Neighbourhood,
  verdict: Verdict,
  move: Extract<Move, { to: 'que' }>,
  queue: string,
): Placed {
  const target = around.retryQueue(queue)
  const here = { to: 'que', due: move.due } as const
  switch (target.kind) {
    case 'other':
      return { verdict, move }
    case 'own':
      return { verdict, move: here }
    case 'refused':
      return { verdict: { ...verdict, text: `${verdict.text}; retried here: ${target.why}` }, move: here }
  }
}
