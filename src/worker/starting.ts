/** Starting items: what can be claimed and run is, what cannot waits visibly and is tried again later. */

import type { Entry } from '../domain/entry.ts'
import type { Outcome } from '../domain/item.ts'
import type { ItemId, Millis, RawName } from '../domain/name.ts'
import { entryGate } from '../domain/pick.ts'
import type { Claimed } from '../fsqueue/claim.ts'
import { isDiskTrouble, isShortage, QueueIoError, refusedBySystem } from '../fsqueue/errors.ts'
import { ensureQueue } from '../fsqueue/layout.ts'
import { loadNative, type Native } from '../os/native.ts'
import { syncClaim } from './careful.ts'
import { coalesce, type Taken } from './coalesce.ts'
import { policyProblem } from './item-config.ts'
import { ReadinessCheck } from './readiness.ts'
import { type StartContext, startRun, takeEntry, unclaim } from './starter.ts'
import type { Worker } from './worker.ts'

const UNAVAILABLE_MAX: Millis = 300_000
const NO_SLOT = 'no slot can be started: too few file descriptors or processes (ulimit -n, ulimit -u)'

export interface Unavailable {
  readonly problem: string
  readonly failures: number
  readonly until: Millis
}

export class Starting {
  readonly #worker: Worker
  readonly #readiness = new ReadinessCheck()
  /** Names that could not be claimed, and why; shown by `rq why`. */
  readonly unavailable = new Map<string, Unavailable>()
  readonly settling = new Map<string, { readonly why: string; readonly until: Millis }>()
  #native: Native | undefined
  #nativeAsked = false
  /** Names in que/ of items whose verdict is on its way to the disk. */
  readonly #passedOver = new Map<ItemId, Set<RawName>>()

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** One entry, from que/ to its slot; or back to wait, with the reason. */
  start(entry: Entry, now: Millis): void {
    const { id, raw } = entry
    if (id !== undefined && this.#worker.runs.isSettling(id)) {
      this.#passedOver.set(id, (this.#passedOver.get(id) ?? new Set()).add(raw))
      return
    }
    const gate = entryGate(entry, (live) => this.#worker.runs.isLive(live), now)
    if (gate !== undefined) {
      this.#worker.intake.schedule.postpone(entry, now + 1000)
      return
    }
    if (id === undefined && !this.#nativeAsked) this.#askNative()
    try {
      this.#worker.intake.ownMove(raw)
      const candidate = takeEntry(this.#context(), entry, now)
      if (candidate.kind !== 'wait') this.settling.delete(raw)
      switch (candidate.kind) {
        case 'lost':
          break
        case 'wait':
          if (candidate.reason.kind === 'settling') this.settling.set(raw, candidate.reason)
          this.#worker.intake.schedule.postpone(entry, candidate.until)
          break
        case 'claimed':
          this.#run(entry, candidate.item, now)
      }
      this.unavailable.delete(raw)
    } catch (error) {
      this.#cannotStart(entry, error, now)
    }
  }

  /** The verdict has arrived: what was passed over for it may start. */
  offerAgain(id: ItemId): void {
    this.#worker.flow.released(id)
    const names = this.#passedOver.get(id)
    if (names === undefined) return
    this.#passedOver.delete(id)
    for (const raw of names) this.#worker.intake.add(raw)
  }

  #isRefused({ raw }: Entry, item: Claimed): boolean {
    const { emit } = this.#worker.options
    if (item.refusal !== undefined) emit({ kind: 'item-refused', name: raw, why: item.refusal })
    const why = item.refusal ?? policyProblem(this.#worker.config, item.msg)
    if (why !== undefined) this.#refuse(item, why)
    return why !== undefined
  }

  /** One to be merged, or to run in another's stead; what cannot be taken now is tried by itself when its turn comes. */
  #takeToo(entry: Entry, now: Millis): Taken | undefined {
    const { id, raw } = entry
    const { runs, intake } = this.#worker
    if (id !== undefined && (runs.isSettling(id) || runs.isLive(id))) return undefined
    try {
      intake.ownMove(raw)
      const candidate = takeEntry(this.#context(), entry, now)
      if (candidate.kind !== 'claimed') return undefined
      this.settling.delete(raw)
      this.unavailable.delete(raw)
      if (this.#isRefused(entry, candidate.item)) return undefined
      return { entry, item: candidate.item }
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      this.#worker.trouble(error)
      return undefined
    }
  }

  #run(entry: Entry, item: Claimed, now: Millis): void {
    if (this.#isRefused(entry, item)) return
    const handler = this.#worker.handler.look(this.#worker.command, now)
    const slot = handler.kind === 'ok' ? this.#worker.runs.pool.acquire() : undefined
    if (handler.kind !== 'ok' || slot === undefined) {
      this.#putBack(entry, item)
      this.#worker.intake.schedule.postpone(entry, now + 1000)
      if (handler.kind === 'ok') this.#noSlot()
      return
    }
    let taken: Taken = { entry, item }
    try {
      taken = coalesce(this.#worker, taken, slot, (other) => this.#takeToo(other, now))
      const started = startRun(this.#context(), taken.item, slot, handler)
      if (started.kind === 'unfit') {
        this.#worker.runs.pool.release(slot)
        this.#refuse(taken.item, started.why)
        return
      }
      if (now < this.#worker.options.carefulUntil) syncClaim(this.#worker.options.queue, taken.item)
      this.#worker.runs.begin(started.run)
      this.#worker.history.started(taken.entry, taken.item.attempt)
      this.#worker.runs.cgroups.limit(slot, taken.item.msg)
      slot.run(taken.item.name, taken.item.attempt)
    } catch (error) {
      this.#worker.runs.pool.release(slot)
      this.#putBack(taken.entry, taken.item)
      throw error
    }
  }

  #noSlot(): void {
    this.#worker.shortage.happened(NO_SLOT)
    this.#worker.options.emit({ kind: 'trouble', what: NO_SLOT })
  }

  #putBack(entry: Entry, item: Claimed): void {
    if (unclaim(this.#worker.options.queue, entry.raw, item, this.#worker.config.marker)) return
    const outcome: Outcome = { kind: 'stopped', cause: 'shutdown', code: undefined }
    this.#worker.runs.settler.add({ ...item, attempt: 0, started: undefined, outcome })
  }

  #refuse(item: Claimed, why: string): void {
    const outcome: Outcome = { kind: 'refused', reason: why }
    this.#worker.runs.settler.add({ ...item, started: undefined, outcome })
  }

  /** Losing a race was an answer. This is the world: the name waits visibly, and is tried again later. */
  #cannotStart(entry: Entry, thrown: unknown, now: Millis): void {
    const error = refusedBySystem('start', entry.raw, thrown)
    if (isDiskTrouble(error)) this.#worker.trouble(error)
    if (isShortage(error)) this.#worker.shortage.happened(error.message)
    this.#worker.runs.strays.expect()
    if (error.code === 'ENOENT') ensureQueue(this.#worker.options.queue, this.#worker.config.shared)
    const failures = (this.unavailable.get(entry.raw)?.failures ?? 0) + 1
    const retryMs = Math.min(UNAVAILABLE_MAX, 1000 * 2 ** (failures - 1))
    this.unavailable.set(entry.raw, { problem: error.message, failures, until: now + retryMs })
    this.#worker.intake.schedule.postpone(entry, now + retryMs)
    this.#worker.options.emit({ kind: 'item-unavailable', name: entry.raw, problem: error.message, retryMs })
  }

  #context(): StartContext {
    const { queue, queueName, newId } = this.#worker.options
    const isOurSlot = (pid: number) => this.#worker.runs.pool.slots.some((slot) => slot.pid === pid)
    const { config, identity, hooks } = this.#worker
    const hasBefore = hooks.check('before') !== undefined
    return { queue, queueName, config, readiness: this.#readiness, newId, isOurSlot, identity, hasBefore }
  }

  /** Leases need a native call, and dropped files need leases: loaded at the first of them. */
  #askNative(): void {
    this.#nativeAsked = true
    void loadNative().then((native) => {
      this.#native = native
      this.#readiness.native = native
    })
  }

  get native(): Native | undefined {
    if (!this.#nativeAsked) this.#askNative()
    return this.#native
  }
}
