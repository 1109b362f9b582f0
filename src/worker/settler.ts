/**
 * Ended runs on their way to their verdict, in rounds: whatever ended while a round was on the way to the disk
 * shares the next one (group commit). A slot never waits for it. What cannot be written stays pending, visible,
 * and is tried again; its item is not run again for it.
 */
import { setImmediate } from 'node:timers/promises'
import type { ItemId } from '../domain/name.ts'
import { removeAttemptFiles, removeFirstAttempt } from '../fsqueue/attempt.ts'
import { isDiskTrouble, isFailedSync, QueueIoError } from '../fsqueue/errors.ts'
import { commitMsg, keepBadMsg, stageMsg } from '../fsqueue/message.ts'
import type { Moved } from '../fsqueue/move.ts'
import { removeEmptyResult } from '../fsqueue/open-item.ts'
import { look, stateDir } from '../fsqueue/place.ts'
import { treeOf } from '../fsqueue/sync.ts'
import { Mover } from './mover.ts'
import { removeInlinedResult } from './result.ts'
import { Rounds } from './rounds.ts'
import { type Ended, runPath } from './run.ts'
import { decideVerdict, isCanceledRetry, type Settled, type SettlerContext, unlessCanceled } from './verdict.ts'

export class Settler {
  readonly #context: SettlerContext
  #troubled = false
  #diskTroubled = false
  /** A sync of theirs failed: the kernel may have dropped what they wrote, and a later sync would not say so. */
  readonly #unsure = new Set<ItemId>()
  readonly #flying = new Map<ItemId, Ended>()
  /** Verdicts that are in `msg`: whatever goes wrong after that, only the move is left. */
  readonly #committed = new Map<ItemId, Settled>()

  readonly #mover: Mover
  readonly #rounds: Rounds

  constructor(context: SettlerContext) {
    this.#context = context
    this.#mover = new Mover(context)
    this.#rounds = new Rounds(
      (group) => this.#settle(group),
      (group, error) => this.#failed(group, error),
    )
  }

  /** Ended, and not yet where it belongs. */
  has(id: ItemId): boolean {
    return this.#flying.has(id)
  }

  get size(): number {
    return this.#flying.size
  }

  get isTroubled(): boolean {
    return this.#troubled
  }

  /** It is the disk that refuses, not a single item that cannot be settled. */
  get isDiskTroubled(): boolean {
    return this.#diskTroubled
  }

  pending(): Ended[] {
    return [...this.#flying.values()]
  }

  add(ended: Ended): void {
    this.#flying.set(ended.id, ended)
    this.#rounds.add(ended)
  }

  /** What becomes of it; hands it to nobody. */
  decide(ended: Ended): Settled {
    return unlessCanceled(this.#context, decideVerdict(this.#context, ended))
  }

  /** A verdict found in run/: it is moved, never run and never judged again. */
  resume(settled: Settled): void {
    this.#committed.set(settled.ended.id, settled)
    this.add(settled.ended)
  }

  /** Resolves when no round is under way. */
  flush(): Promise<void> {
    return this.#rounds.flush()
  }

  /** What was not reported is done again, from the disk. */
  #failed(group: readonly Ended[], error: QueueIoError): readonly Ended[] {
    this.#troubled = true
    this.#diskTroubled = isDiskTrouble(error)
    this.#context.onTrouble(error)
    const again = group.filter((ended) => this.#flying.get(ended.id) === ended)
    if (isFailedSync(error)) for (const { id } of again) this.#unsure.add(id)
    return again
  }

  async #settle(group: readonly Ended[]): Promise<void> {
    const { queue, syncer } = this.#context
    const staged: Settled[] = []
    for await (const ended of inTurns(group)) {
      const settled = this.#stage(ended)
      if (settled !== undefined) staged.push(settled)
    }
    await syncer().syncGroup(staged.length, () => staged.flatMap(({ ended }) => treeOf(runPath(queue, ended))))

    for await (const settled of inTurns(staged)) this.#commit(settled)
    await this.#relay(staged.filter(({ move }) => move.to === 'relay'))
    const { moves, trouble } = await this.#moveAll(staged)
    const durable = await this.#syncMoves(moves.map(({ moved }) => moved))
    if (this.#troubled && trouble === undefined) {
      this.#troubled = false
      this.#diskTroubled = false
      this.#context.onWell()
    }
    for await (const { settled, moved } of inTurns(moves)) this.#finish(settled, moved, durable)
    this.#context.onRound()
    if (trouble !== undefined) throw trouble
  }

  /** Those that could be moved are reported, whatever keeps the others. */
  async #moveAll(staged: readonly Settled[]) {
    const moves: { readonly settled: Settled; readonly moved: Moved }[] = []
    let trouble: QueueIoError | undefined
    for await (const settled of inTurns(staged)) {
      if (isCanceledRetry(this.#context.queue, settled)) {
        this.#again(settled)
        continue
      }
      try {
        const moved = this.#mover.move(settled)
        this.#context.onMoved(moved)
        moves.push({ settled, moved })
      } catch (error) {
        if (!(error instanceof QueueIoError)) throw error
        trouble ??= error
      }
    }
    return { moves, trouble }
  }

  /** Canceled while its verdict was on the way: the next round has another for it. */
  #again({ ended: { id } }: Settled): void {
    const ended = this.#flying.get(id)
    this.#committed.delete(id)
    if (ended !== undefined) this.#rounds.add(ended)
  }

  #release({ id }: Ended): void {
    this.#flying.delete(id)
    this.#committed.delete(id)
    this.#unsure.delete(id)
  }

  #commit(settled: Settled): void {
    const { ended } = settled
    if (this.#committed.has(ended.id)) return
    const item = runPath(this.#context.queue, ended)
    if (ended.outcome.kind === 'refused') keepBadMsg(item)
    commitMsg(item)
    this.#committed.set(ended.id, settled)
  }

  /** The target's id is on the disk before anything is published under it. */
  async #relay(relays: readonly Settled[]): Promise<void> {
    if (relays.length === 0) return
    const { queue, syncer, relay } = this.#context
    await syncer().sync(relays.map(({ ended }) => runPath(queue, ended)))
    for (const settled of relays) await relay(settled)
  }

  /** false: the moves are done, but not known to be on the disk. A failed sync is not tried again. */
  async #syncMoves(moves: readonly Moved[]): Promise<boolean> {
    const { queue, syncer, onTrouble } = this.#context
    const there = moves.filter((moved) => moved.kind === 'moved')
    // The items themselves, too: their msg was renamed into its place.
    const paths = new Set([...there.map(({ path }) => path), ...there.flatMap((moved) => this.#mover.dirsOf(moved))])
    try {
      await syncer().sync([...paths, stateDir(queue, 'run')], moves.length)
      return true
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      onTrouble(error)
      return false
    }
  }

  /** undefined: its item was moved away by hand, and there is no verdict to write. */
  #stage(ended: Ended): Settled | undefined {
    const item = runPath(this.#context.queue, ended)
    const committed = this.#committed.get(ended.id)
    if (committed !== undefined) return look(item) === undefined ? this.#gone(ended) : committed
    const settled = unlessCanceled(this.#context, ended.decided ?? this.decide(ended))
    if (ended.decided === undefined && this.#context.isAskedFirst(settled)) {
      this.#release(ended)
      this.#context.onAsk(settled)
      return undefined
    }
    try {
      stageMsg(item, settled.msg)
      return settled
    } catch (error) {
      if (!(error instanceof QueueIoError) || error.code !== 'ENOENT' || look(item) !== undefined) throw error
      return this.#gone(ended)
    }
  }

  #gone(ended: Ended): undefined {
    this.#release(ended)
    this.#context.onGone(ended)
  }

  #finish(settled: Settled, moved: Moved, durable: boolean): void {
    const { ended } = settled
    if (moved.kind === 'moved') {
      try {
        const isPlain = ended.attempt === 1 && ended.outcome.kind === 'exited' && !this.#context.config().dup
        if (isPlain) removeFirstAttempt(moved.path)
        else if (ended.attempt > 0) removeAttemptFiles(moved.path, ended.attempt)
        removeInlinedResult(moved.path, settled.msg)
        if (this.#context.config().runAs.user !== undefined) removeEmptyResult(moved.path)
      } catch (error) {
        // The verdict stands; what is left over is swept at the next chance.
        if (!(error instanceof QueueIoError)) throw error
        this.#context.onTrouble(error)
      }
    }
    const isSure = durable && !this.#unsure.has(ended.id)
    this.#release(ended)
    this.#context.onSettled(settled, moved, isSure)
  }
}

/** A slot that ended gets its next item between two of them, not behind a whole round. */
async function* inTurns<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) {
    await setImmediate()
    yield item
  }
}
