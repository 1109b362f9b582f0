/** What runs: begun here or adopted, stopped when it must be, handed to the settler when it ended. */
import type { Outcome } from '../domain/item.ts'
import type { ItemId, RawName } from '../domain/name.ts'
import { look } from '../fsqueue/place.ts'
import type { Slot, SlotReport } from '../launch/slot.ts'
import type { SlotState } from '../launch/slot-script.ts'
import { Aftermath } from './aftermath.ts'
import { DupServer } from './dup.ts'
import { Fifos } from './fifo.ts'
import { makeSettler } from './make-settler.ts'
import { Pool } from './pool.ts'
import { type Ended, type Run, runPath, usedBy } from './run.ts'
import type { Settler } from './settler.ts'
import { SlotCgroups } from './slot-cgroups.ts'
import { Strays } from './strays.ts'
import { Watchman } from './watchman.ts'
import type { Worker } from './worker.ts'

export class Runs {
  readonly pool: Pool
  readonly cgroups: SlotCgroups
  readonly settler: Settler
  readonly aftermath: Aftermath
  readonly strays: Strays
  readonly #worker: Worker
  readonly #running = new Map<ItemId, Run>()
  readonly #dups = new Map<ItemId, DupServer>()
  readonly #watchman: Watchman
  readonly #fifos: Fifos

  constructor(worker: Worker) {
    this.#worker = worker
    this.#fifos = new Fifos(worker.options.queue)
    this.#watchman = new Watchman(worker, this)
    this.cgroups = new SlotCgroups(worker)
    this.pool = new Pool(worker.config, worker.environment(), this.#fifos, {
      onReport: (slot, report) => this.#reported(slot, report),
      onDeath: (slot) => this.#slotDied(slot),
      cgroups: this.cgroups,
    })
    this.aftermath = new Aftermath(worker)
    this.settler = makeSettler(worker)
    this.strays = new Strays(worker)
  }

  get size(): number {
    return this.#running.size
  }

  get unsettled(): number {
    return this.settler.size + this.aftermath.size
  }

  get isBusy(): boolean {
    return this.#running.size > 0 || this.unsettled > 0 || this.strays.areExpected
  }

  running(): Run[] {
    return [...this.#running.values()]
  }

  /** The names in run/ that we are at work on. */
  names(): RawName[] {
    return [...this.running(), ...this.aftermath.pending(), ...this.settler.pending()].map(({ name }) => name)
  }

  isLive(id: ItemId): boolean {
    return this.#running.has(id)
  }

  isSettling(id: ItemId): boolean {
    return this.settler.has(id) || this.aftermath.has(id)
  }

  begin(run: Run): void {
    this.#running.set(run.id, run)
    this.#worker.flow.begun(run)
    this.#worker.permits.begun()
    const { config, options } = this.#worker
    if (config.dup) this.#dups.set(run.id, new DupServer(this.#worker, run))
    options.emit({ kind: 'item-started', id: run.id, attempt: run.attempt, slot: run.group.pid })
    this.#watchman.wake()
  }

  /** It runs on, under a slot of a worker before us. */
  adopt(run: Run): void {
    this.#running.set(run.id, run)
    this.#worker.flow.adopted(run)
    if (run.group.fifo !== undefined) this.#dups.set(run.id, new DupServer(this.#worker, run))
    this.#worker.options.emit({ kind: 'item-adopted', id: run.id, attempt: run.attempt, slot: run.group.pid })
    this.#watchman.wake()
  }

  #reported(slot: Slot, report: SlotReport): void {
    const run = this.running().find(
      (candidate) => candidate.name === report.name && candidate.attempt === report.attempt,
    )
    if (run?.slot !== slot) {
      this.pool.release(slot)
      return
    }
    if (report.state === 'torn') {
      slot.run(run.name, run.attempt)
      return
    }
    // Free before anything is started in its place; but one whose FIFO is still answered to is no other's.
    if (!this.#dups.has(run.id)) this.pool.release(slot)
    this.#ended(run, report.state, report.exit)
    this.#worker.pump()
  }

  #ended(run: Run, state: Exclude<SlotState, 'torn'>, exit: number | undefined): void {
    switch (state) {
      case 'ran': {
        const outcome = this.cgroups.outcomeOf(run, exit)
        // Known before anything else is started, not only when the verdict is on the disk.
        if (outcome.kind === 'exited' && outcome.oom === undefined) this.#worker.doubtHandler(run.id, exit)
        this.end(run, outcome, run.attempt, run.slot?.usedCpu())
        return
      }
      case 'before':
        this.end(run, this.cgroups.outcomeOf(run, exit, true))
        return
      case 'noio':
      case 'nojob':
        this.#putBack(run, 'its slot could not open its log or job directory')
        return
      case 'gone':
      case 'stale':
      case 'taken':
        this.neverBegan(run, state)
        return
    }
  }

  /** Nothing ran: nothing counts, and nothing more is tried for a moment. */
  #putBack(run: Run, why: string): void {
    this.#pause(`${run.id}: ${why}`)
    this.end(run, { kind: 'stopped', cause: 'shutdown', code: undefined }, 0)
  }

  #pause(what: string): void {
    this.#worker.shortage.pause(what)
    this.#worker.options.emit({ kind: 'trouble', what })
  }

  /** kill -9 of a slot leaves its handler: from now on the files tell. */
  #slotDied(slot: Slot): void {
    const run = this.running().find((candidate) => candidate.slot === slot)
    this.cgroups.left(slot)
    const { emit } = this.#worker.options
    if (run === undefined || run.isEnding) {
      this.#worker.pump()
      return
    }
    if (slot.hasFailed) {
      this.pool.shrink()
      this.#putBack(run, 'its slot could not start its handler')
      return
    }
    run.slot = undefined
    if (run.stopping === undefined) {
      emit({ kind: 'slot-lost', slot: slot.pid, id: run.id })
      // It may have died for want of processes or memory: not fifteen times in a second.
      this.#worker.shortage.pause(`slot ${slot.pid} died`)
    }
    this.#watchman.look()
  }

  /** It ended while no worker looked: the copies that it asked for at its end are still to be made. */
  adoptEnded(run: Run, outcome: Outcome): void {
    this.#running.set(run.id, run)
    this.#dups.set(run.id, new DupServer(this.#worker, run))
    this.end(run, outcome)
  }

  /** Ended: from here the settler owns it, once its copies are made. `attempt`: 0 if nothing ran that counts. */
  end(run: Run, outcome: Outcome, attempt = run.attempt, cpu?: number): void {
    if (run.isEnding) return
    run.isEnding = true
    clearTimeout(run.killTimer)
    this.#finishDups(run, () => this.#settle(run, outcome, attempt, cpu))
  }

  /** Its slot is free when nothing more is answered through it. */
  #finishDups(run: Run, then: () => void): void {
    const dups = this.#dups.get(run.id)
    if (dups === undefined) {
      then()
      return
    }
    void dups.finish().then(() => {
      if (this.#dups.get(run.id) === dups) this.#dups.delete(run.id)
      if (run.slot !== undefined) this.pool.release(run.slot)
      then()
      this.#worker.pump()
    })
  }

  #settle(run: Run, outcome: Outcome, attempt: number, cpu: number | undefined): void {
    this.#watchman.limitLog(run)
    // In this order: the id is never without an owner.
    const { id, name, msg, spent, started } = run
    this.settle({ id, name, msg, attempt, spent, started, outcome, used: usedBy(run, cpu) })
    this.#running.delete(run.id)
    this.#worker.flow.ended(id)
  }

  /** Hooks first, where there are any. */
  settle(ended: Ended): void {
    if (this.#worker.hooks.areWanted(ended)) this.aftermath.add(ended)
    else this.settler.add(ended)
  }

  /** It did not begin: the item was moved away by hand, another slot owns the attempt, or its slot failed. */
  neverBegan(run: Run, how: SlotState | 'died'): void {
    clearTimeout(run.killTimer)
    this.#finishDups(run, () => undefined)
    this.#running.delete(run.id)
    this.#worker.flow.ended(run.id)
    if (look(runPath(this.#worker.options.queue, run)) !== undefined) {
      this.#pause(`${run.id}: its slot could not begin (${how})`)
      this.strays.expect()
      return
    }
    this.#worker.flow.released(run.id)
    this.#worker.options.emit({
      kind: 'item-ended',
      id: run.id,
      attempt: run.attempt,
      to: 'elsewhere',
      verdict: 'moved by hand',
    })
  }

  /** A hint may be lost, and a handler that waits for its answer says nothing more. */
  serveDups(): void {
    for (const dups of this.#dups.values()) dups.serve()
  }

  /** FIFOs that nobody reads any more. */
  sweepFifos(): void {
    this.#fifos.sweep(new Set(this.running().flatMap(({ group }) => group.fifo ?? [])))
  }

  /** Before a worker leaves. */
  sweepLeftovers(): void {
    this.#watchman.sweepLeftovers()
  }
}
