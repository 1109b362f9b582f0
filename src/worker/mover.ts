/** Carries out the move that a verdict asks for: one rename out of run/. */
import type { ItemId } from '../domain/name.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { type Moved, moveItem } from '../fsqueue/move.ts'
import { type BytePath, makeDir, type QueueDir, stateDir } from '../fsqueue/place.ts'
import type { Settled, SettlerContext } from './verdict.ts'

export class Mover {
  readonly #queue: QueueDir
  readonly #newId: (from: string) => ItemId
  readonly #retryQueue: SettlerContext['retryQueue']
  /** Buckets made lately. */
  readonly #buckets = new Set<string>()

  constructor({ queue, newId, retryQueue }: Pick<SettlerContext, 'queue' | 'newId' | 'retryQueue'>) {
    this.#queue = queue
    this.#newId = newId
    this.#retryQueue = retryQueue
  }

  move({ ended, move }: Settled): Moved {
    const queue = this.#queue
    const newId = this.#newId
    const from = { state: 'run', raw: ended.name, bucket: undefined } as const
    const target =
      move.to === 'que'
        ? ({ state: 'que', due: move.due } as const)
        : ({ state: move.to === 'relay' ? 'relayed' : move.to } as const)
    const how = { now: Date.now(), newId, isDirectory: true, buckets: this.#buckets }
    const elsewhere = move.to === 'que' && move.queue !== undefined ? this.#retryQueue(move.queue) : undefined
    if (elsewhere?.kind === 'other') {
      try {
        return moveItem(queue, from, target, { ...how, to: elsewhere.queue })
      } catch (error) {
        // It went away since the verdict was written: the retry takes place here.
        if (!(error instanceof QueueIoError)) throw error
      }
    }
    try {
      return moveItem(queue, from, target, how)
    } catch (error) {
      // Somebody removed the state's directory: make it again, once.
      if (!(error instanceof QueueIoError) || error.code !== 'ENOENT') throw error
      this.#buckets.clear()
      makeDir(stateDir(queue, target.state))
      return moveItem(queue, from, target, how)
    }
  }

  /** What is to be synced for it: the directory that it is in now, with those made for it. */
  dirsOf(moved: Extract<Moved, { kind: 'moved' }>): BytePath[] {
    return moved.madeDirs.length > 0 ? [...moved.madeDirs] : [stateDir(moved.queue ?? this.#queue, moved.at.state)]
  }
}
