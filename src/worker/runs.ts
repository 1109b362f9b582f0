/** What runs: begun here or adopted, stopped when it must be, settled when it ended. */

import { openSync } from 'node:fs'
import type { RootConfig } from '../config/config.ts'
import type { Outcome, Verdict } from '../domain/item.ts'
import type { ItemId } from '../domain/name.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { readAttempt, recordStop, type StopCause } from '../fsqueue/attempt.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import type { Moved } from '../fsqueue/move.ts'
import { stateDir } from '../fsqueue/place.ts'
import { makeSyncer, type Syncer } from '../fsqueue/sync.ts'
import type { Slot, SlotReport } from '../launch/slot.ts'
import type { SlotState } from '../launch/slot-script.ts'
import { loadNative } from '../os/native.ts'
import { isAlive, signalGroup } from '../os/process.ts'
import { load, slotEnvironment } from './admin.ts'
import { DupServer } from './dup.ts'
import { Fifos } from './fifo.ts'
import { cutLog, findLeftovers, inspectRuns, killLeftover } from './guard.ts'
import { derivedId, neighbour, publishCopy } from './neighbours.ts'
import { Pool } from './pool.ts'
import { discard, type FoundItem, findRuns, isGroupAlive, seize } from './recovery.ts'
import { type Run, runPath } from './run.ts'
import { type RelayTarget, type Settled, Settler } from './settler.ts'
import type { Worker } from './worker.ts'

const TICK_MS = 1000
const ADOPTED_POLL_MS = 250

export class Runs {
  readonly pool: Pool
  readonly settler: Settler
  readonly #worker: Worker
  readonly #running = new Map<ItemId, Run>()
  readonly #dups = new Map<ItemId, DupServer>()
  readonly #fifos: Fifos
  #root: RootConfig
  #syncer: Syncer
  readonly #syncFd: number
  #tick: NodeJS.Timeout | undefined
  #poll: NodeJS.Timeout | undefined

  constructor(worker: Worker) {
    const { options } = worker
    this.#worker = worker
    this.#root = load(options.root).root
    this.#fifos = new Fifos(options.queue)
    this.#syncFd = openSync('.', 'r')
    this.#syncer = makeSyncer(options.config.durability, this.#syncFd, undefined)
    void this.#loadSyncer()
    this.pool = new Pool(options.config, this.#environment(options.config), this.#fifos, {
      onReport: (slot, report) => this.#reported(slot, report),
      onDeath: (slot) => this.#slotDied(slot),
    })
    this.settler = this.#makeSettler()
  }

  get size(): number {
    return this.#running.size
  }

  get unsettled(): number {
    return this.settler.size
  }

  get isBusy(): boolean {
    return this.#running.size > 0 || this.settler.size > 0
  }

  running(): Run[] {
    return [...this.#running.values()]
  }

  isLive(id: ItemId): boolean {
    return this.#running.has(id)
  }

  isSettling(id: ItemId): boolean {
    return this.settler.has(id)
  }

  begin(run: Run): void {
    this.#running.set(run.id, run)
    const { config, options } = this.#worker
    if (config.dup) this.#dups.set(run.id, new DupServer(this.#dupContext(), run))
    options.emit({ kind: 'item-started', id: run.id, attempt: run.attempt, slot: run.group.pid })
    this.#watchOver()
  }

  reconfigure(config: QueueConfig, root: RootConfig): void {
    this.#root = root
    this.pool.reconfigure(config, this.#environment(config))
    void this.#loadSyncer()
  }

  /** What lies in run/ from before us. Returns how many run on. */
  recover(): number {
    const { queue, newId, emit } = this.#worker.options
    this.#fifos.sweep()
    for (const item of findRuns(queue, newId)) {
      const action = this.#recoverOne(item)
      emit({ kind: 'item-recovered', id: item.id, action })
    }
    return this.#running.size
  }

  #recoverOne(item: FoundItem): string {
    const { recovery, record } = item
    const ended = { ...item, attempt: record?.n ?? 0, started: undefined }
    switch (recovery.do) {
      case 'discard':
        discard(item.path, record?.n ?? 0)
        return 'discard'
      case 'move': {
        const last = item.msg.attempts?.at(-1)
        const verdict: Verdict = { kind: 'done', text: 'recorded before' }
        this.settler.resume({
          ended: { ...ended, outcome: { kind: 'lost' } },
          verdict,
          move: recovery.move,
          msg: item.msg,
          record: last,
        })
        return `move to ${recovery.move.to}`
      }
      case 'settle':
        this.settler.add({ ...ended, outcome: recovery.outcome })
        return `settle: ${recovery.outcome.kind}`
      case 'requeue':
        this.#putBack(item)
        return 'requeue'
      case 'seize':
        if (seize(item)) {
          this.#putBack(item)
          return 'requeue'
        }
        this.#adopt(item)
        return 'adopt'
      case 'adopt':
        this.#adopt(item)
        return 'adopt'
    }
  }

  /** It was never started: no attempt, no verdict. */
  #putBack(item: FoundItem): void {
    this.settler.add({
      ...item,
      attempt: 0,
      started: undefined,
      outcome: { kind: 'stopped', cause: 'shutdown', code: undefined },
    })
  }

  #adopt(item: FoundItem): void {
    const slot = item.record?.slot
    if (slot === undefined) return
    this.#running.set(item.id, {
      id: item.id,
      name: item.name,
      msg: item.msg,
      attempt: item.record?.n ?? 0,
      spent: item.spent,
      started: undefined,
      group: slot,
      startTick: 0,
      slot: undefined,
      stopping: undefined,
      killTimer: undefined,
      dups: 0,
      logBytes: 0,
    })
    this.#worker.options.emit({ kind: 'item-adopted', id: item.id, attempt: item.record?.n ?? 0, slot: slot.pid })
    this.#watchOver()
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
    // Free before anything is started in its place.
    this.pool.release(slot)
    this.#ended(run, report.state, report.exit)
    this.#worker.pump()
  }

  #ended(run: Run, state: Exclude<SlotState, 'torn'>, exit: number | undefined): void {
    switch (state) {
      case 'ran':
        // Known before anything else is started, not only when the verdict is on the disk.
        if (run.stopping === undefined && this.#saysBroken(exit)) this.#handlerFailed(`exit ${exit} of ${run.id}`)
        this.#end(run, exitOutcome(run, exit))
        return
      case 'noio':
      case 'nojob':
        // The disk gave no log or no directory: nothing ran, and nothing counts.
        this.#worker.options.emit({
          kind: 'trouble',
          what: `${run.id}: its slot could not open its log or job directory`,
        })
        this.#end(run, { kind: 'stopped', cause: 'shutdown', code: undefined })
        return
      case 'gone':
      case 'stale':
      case 'taken':
        // Moved away before it began, or another slot owns the attempt.
        this.#forget(run)
        return
    }
  }

  /** kill -9 of a slot leaves its handler: from now on the files tell. */
  #slotDied(slot: Slot): void {
    const run = this.running().find((candidate) => candidate.slot === slot)
    const { emit } = this.#worker.options
    if (run === undefined) {
      this.#worker.pump()
      return
    }
    run.slot = undefined
    if (run.stopping === undefined) emit({ kind: 'slot-lost', slot: slot.pid, id: run.id })
    this.#pollAdopted()
    this.#watchOver()
  }

  /** TERM, grace, KILL to the whole group. The cause is on the disk first. */
  stop(run: Run, cause: StopCause): void {
    if (run.stopping !== undefined) return
    const { queue, emit } = this.#worker.options
    run.stopping = cause
    try {
      recordStop(runPath(queue, run), run.attempt, cause)
    } catch (error) {
      // A full disk must not keep anybody alive; only a crash now would forget why.
      if (!(error instanceof QueueIoError)) throw error
    }
    emit({ kind: 'item-stopping', id: run.id, cause, signal: 'SIGTERM' })
    signalGroup(run.group.pid, 'SIGTERM')
    signalGroup(run.group.pid, 'SIGCONT')
    run.killTimer = setTimeout(() => {
      emit({ kind: 'item-stopping', id: run.id, cause, signal: 'SIGKILL' })
      signalGroup(run.group.pid, 'SIGKILL')
    }, this.#worker.config.termTimeout)
  }

  #end(run: Run, outcome: Outcome): void {
    const dups = this.#dups.get(run.id)
    this.#dups.delete(run.id)
    clearTimeout(run.killTimer)
    if (dups === undefined) this.#settle(run, outcome)
    else void dups.finish().then(() => this.#settle(run, outcome))
  }

  #settle(run: Run, outcome: Outcome): void {
    // In this order: the id is never without an owner.
    this.settler.add({
      id: run.id,
      name: run.name,
      msg: run.msg,
      attempt: run.attempt,
      spent: run.spent,
      started: run.started,
      outcome,
    })
    this.#running.delete(run.id)
    this.#worker.pump()
  }

  /** The item went elsewhere by hand: no verdict. */
  #forget(run: Run): void {
    clearTimeout(run.killTimer)
    this.#dups.delete(run.id)
    this.#running.delete(run.id)
    this.#worker.options.emit({
      kind: 'item-ended',
      id: run.id,
      attempt: run.attempt,
      to: 'elsewhere',
      verdict: 'moved by hand',
    })
  }

  #watchOver(): void {
    if (this.#tick === undefined && this.#running.size > 0) {
      this.#tick = setTimeout(() => {
        this.#tick = undefined
        this.#inspect()
        this.#watchOver()
      }, TICK_MS)
    }
    if (this.#poll === undefined && this.running().some((run) => run.slot === undefined)) {
      this.#poll = setTimeout(() => {
        this.#poll = undefined
        this.#pollAdopted()
        this.#watchOver()
      }, ADOPTED_POLL_MS)
    }
  }

  #pollAdopted(): void {
    for (const run of this.running()) {
      if (run.slot !== undefined) continue
      const record = readAttempt(runPath(this.#worker.options.queue, run), run.attempt)
      if (record?.exit !== undefined) this.#end(run, exitOutcome(run, record.exit))
      else if (!isGroupAlive(run.group)) this.#endedUnseen(run)
    }
  }

  /** Its group is empty. It may have recorded its exit between our two looks. */
  #endedUnseen(run: Run): void {
    const exit = readAttempt(runPath(this.#worker.options.queue, run), run.attempt)?.exit
    if (exit !== undefined) this.#end(run, exitOutcome(run, exit))
    else if (run.stopping !== undefined) this.#end(run, { kind: 'stopped', cause: run.stopping, code: undefined })
    else this.#end(run, { kind: 'lost' })
  }

  #inspect(): void {
    const { queue, emit } = this.#worker.options
    try {
      for (const finding of inspectRuns(queue, this.#running.values(), this.#worker.config.maxLog)) {
        if (finding.kind === 'log') {
          cutLog(runPath(queue, finding.run), this.#worker.config.maxLog)
          emit({ kind: 'log-cut', id: finding.run.id, bytes: finding.bytes })
        } else this.stop(finding.run, 'cancel')
      }
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      this.#worker.trouble(error)
    }
    this.sweepLeftovers()
  }

  sweepLeftovers(): void {
    const runs = new Map(this.running().flatMap((run) => (run.slot === undefined ? [] : [[run.slot, run] as const])))
    for (const leftover of findLeftovers(this.pool.slots, (slot) => runs.get(slot))) {
      killLeftover(leftover)
      if (!this.pool.isBusy(leftover.slot)) this.pool.replace(leftover.slot)
      this.#worker.options.emit({
        kind: 'leftover-killed',
        pid: leftover.pid,
        id: runs.get(leftover.slot)?.id,
        escaped: leftover.escaped,
      })
    }
  }

  #makeSettler(): Settler {
    const { options } = this.#worker
    return new Settler({
      queue: options.queue,
      config: () => this.#worker.config,
      syncer: () => this.#syncer,
      newId: options.newId,
      handlerFails: () => this.#handlerFails(),
      relayTarget: (ended, dest) => this.#relayTarget(ended, dest),
      relay: (settled) => this.#relay(settled),
      onSettled: (settled, moved, durable) => this.#settled(settled, moved, durable),
      onGone: (ended) =>
        options.emit({
          kind: 'item-ended',
          id: ended.id,
          attempt: ended.attempt,
          to: 'elsewhere',
          verdict: 'moved by hand',
        }),
      onTrouble: (error) => this.#worker.trouble(error),
      onWell: () => this.#worker.well(),
    })
  }

  #relayTarget(
    ended: { readonly id: ItemId; readonly attempt: number; readonly msg: Run['msg'] },
    dest: string,
  ): RelayTarget {
    const target = neighbour(dest, this.#root)
    if (target.kind === 'ok') {
      const before = ended.msg.relay?.to === target.name ? (ended.msg.relay.id as ItemId) : undefined
      return { kind: 'ok', to: target.name, as: before ?? derivedId(ended.id, ended.attempt, 0) }
    }
    const text = `relay: ${target.why}`
    return {
      kind: 'refused',
      verdict: target.lasting
        ? { kind: 'fail', text, final: true }
        : { kind: 'reschedule', text, after: this.#worker.config.policy.rescheduleAfter },
    }
  }

  async #relay({ ended, msg }: Settled): Promise<void> {
    const { queue, emit } = this.#worker.options
    if (msg.relay === undefined) return
    const target = neighbour(msg.relay.to, this.#root)
    if (target.kind === 'refused')
      throw new QueueIoError('relay', msg.relay.to, Object.assign(new Error(target.why), { code: 'ENOENT' }))
    const as = msg.relay.id as ItemId
    await publishCopy(
      target,
      { as, item: runPath(queue, ended), name: ended.name, id: ended.id, msg, due: undefined },
      this.#worker.native,
    )
    emit({ kind: 'published', id: ended.id, to: target.name, as, why: 'relay' })
  }

  #settled(settled: Settled, moved: Moved, durable: boolean): void {
    const { ended, verdict, move, record } = settled
    const worker = this.#worker
    if (verdict.kind !== 'broken' && ended.outcome.kind === 'exited' && worker.handler.isDoubtful) {
      worker.handler.mend()
      worker.options.emit({ kind: 'handler-mended' })
    }
    if (moved.kind === 'moved' && moved.at.state === 'que')
      worker.requeued(moved.at.raw, verdict.kind === 'broken' ? Date.now() : undefined)
    worker.options.emit({
      kind: 'item-ended',
      id: ended.id,
      attempt: ended.attempt,
      to: move.to === 'relay' ? 'relayed' : move.to,
      verdict: durable ? (record?.verdict ?? verdict.kind) : 'not known to be on the disk',
      ...(record?.exit === undefined ? {} : { exit: record.exit }),
      ...(record?.text === undefined ? {} : { text: record.text }),
      ...(ended.started === undefined ? {} : { ms: Date.now() - Date.parse(ended.started) }),
    })
    worker.pump()
  }

  #saysBroken(exit: number | undefined): boolean {
    if (exit === undefined) return false
    if (this.#worker.config.policy.exitCodes[String(exit)] === 'broken') return true
    return (exit === 126 || exit === 127) && this.#handlerFails()
  }

  #handlerFails(): boolean {
    return this.#worker.handler.look(this.#command, Date.now(), true).kind === 'broken'
  }

  #handlerFailed(problem: string): void {
    const retryMs = this.#worker.handler.fail(this.#command, problem, Date.now())
    this.#worker.options.emit({ kind: 'handler-broken', problem, retryMs })
  }

  get #command(): string {
    return this.#worker.config.handler[0] ?? ''
  }

  #dupContext() {
    const { queue, emit } = this.#worker.options
    return { queue, root: () => this.#root, native: () => this.#worker.native, emit }
  }

  #environment(config: QueueConfig): Record<string, string> {
    return slotEnvironment(config, this.#worker.options.root, this.#worker.options.queueName)
  }

  async #loadSyncer(): Promise<void> {
    const { durability } = this.#worker.config
    this.#syncer = makeSyncer(durability, this.#syncFd, durability === 'group' ? await loadNative() : undefined)
  }

  isSlotAlive(run: Run): boolean {
    return isAlive(run.group.pid, run.group.start)
  }

  queDir(): string {
    return stateDir(this.#worker.options.queue, 'que')
  }
}

function exitOutcome(run: Run, exit: number | undefined): Outcome {
  if (run.stopping !== undefined) return { kind: 'stopped', cause: run.stopping, code: exit }
  return exit === undefined ? { kind: 'lost' } : { kind: 'exited', code: exit }
}
