/** The queue's process: list → pick → claim → run → settle → move. Holds nothing that it cannot read again. */
import type { Outcome } from '../domain/item.ts'
import { type ItemId, type Millis, parseItemName } from '../domain/name.ts'
import { entryGate, type QueueFacts, queueGate } from '../domain/pick.ts'
import type { QueueConfig } from '../domain/policy.ts'
import type { Entry } from '../domain/schedule.ts'
import type { FromWorker, StopMode } from '../domain/worker-protocol.ts'
import type { Claimed } from '../fsqueue/claim.ts'
import { isDiskTrouble, isShortage, QueueIoError } from '../fsqueue/errors.ts'
import { ensureQueue } from '../fsqueue/layout.ts'
import { place, type QueueDir } from '../fsqueue/place.ts'
import type { RqEvent } from '../log/events.ts'
import { loadNative, type Native } from '../os/native.ts'
import { type Flags, HandlerState, load, readFlags } from './admin.ts'
import { syncClaim } from './careful.ts'
import { Intake } from './intake.ts'
import { ReadinessCheck } from './readiness.ts'
import { Runs } from './runs.ts'
import { type StartContext, startRun, takeEntry, unclaim } from './starter.ts'

const UNAVAILABLE_MAX: Millis = 300_000
const SHORTAGE_PAUSE: Millis = 1000
/** Verdicts on their way to the disk, per slot, before nothing more is started. */
const UNSETTLED_PER_SLOT = 64

export interface WorkerOptions {
  readonly root: string
  readonly queueName: string
  readonly queue: QueueDir
  readonly config: QueueConfig
  readonly rootPaused: boolean
  readonly carefulUntil: Millis
  readonly newId: (from: string) => ItemId
  readonly emit: (event: RqEvent) => void
  readonly tell: (message: FromWorker) => void
  /** Everything of this worker has ended. */
  readonly onStopped: (why: string) => void
}

export interface Unavailable {
  readonly problem: string
  readonly failures: number
  readonly until: Millis
}

export class Worker {
  readonly options: WorkerOptions
  readonly intake: Intake
  readonly runs: Runs
  readonly handler = new HandlerState()
  readonly #readiness = new ReadinessCheck()
  /** Names that could not be claimed, and why; shown by `rq why`. */
  readonly unavailable = new Map<string, Unavailable>()
  readonly settling = new Map<string, { readonly why: string; readonly until: Millis }>()
  config: QueueConfig
  configProblem: string | undefined
  diskProblem: string | undefined
  flags: Flags
  rootPaused: boolean
  stopping: StopMode | undefined
  #shortUntil: Millis = 0
  #timer: NodeJS.Timeout | undefined
  #native: Native | undefined
  #nativeAsked = false
  #isIdle = false
  #toldDue: number | null = null
  #pumping = false

  constructor(options: WorkerOptions) {
    this.options = options
    this.config = options.config
    this.rootPaused = options.rootPaused
    this.flags = readFlags()
    this.intake = new Intake(options.queue, {
      onNews: () => this.pump(),
      onScan: (scan) => options.emit({ kind: 'scan', ...scan, ms: Math.round(scan.ms) }),
      onTrouble: (error) => this.trouble(error),
    })
    this.runs = new Runs(this)
  }

  start(): void {
    const adopted = this.runs.recover()
    this.options.emit({ kind: 'worker-started', pid: process.pid, adopted })
    this.intake.open()
    this.pump()
  }

  facts(): QueueFacts {
    const now = Date.now()
    const doubtful = this.handler.isDoubtful
    const busy = this.runs.size
    const limit = doubtful ? Math.min(1, this.config.slots) : this.config.slots
    const backlogged = this.runs.unsettled > this.config.slots * UNSETTLED_PER_SLOT
    return {
      stopping: this.stopping !== undefined && this.stopping !== 'retire',
      rootPaused: this.rootPaused,
      ...this.flags,
      configProblem: this.configProblem,
      brokenHandler: this.handler.broken(this.config.handler[0] ?? '', now),
      diskProblem: this.diskProblem,
      slots: this.config.slots,
      freeSlots: backlogged || now < this.#shortUntil ? 0 : Math.max(0, limit - busy),
    }
  }

  /** Starts what may start. Called after every event; cheap when there is nothing to do. */
  pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      for (;;) {
        const now = Date.now()
        if (queueGate(this.facts(), now) !== undefined) break
        const entry = this.intake.take(now)
        if (entry === undefined) break
        this.#start(entry, now)
      }
    } finally {
      this.#pumping = false
    }
    this.#rest()
  }

  #start(entry: Entry, now: Millis): void {
    const { id, raw } = entry
    // Its verdict is on the way to the disk; it is offered again when it has arrived.
    if (id !== undefined && this.runs.isSettling(id)) return
    const gate = entryGate(entry, (live) => this.runs.isLive(live), now)
    if (gate !== undefined) {
      this.intake.schedule.postpone(entry, now + 1000)
      return
    }
    if (id === undefined && !this.#nativeAsked) this.#askNative()
    try {
      this.intake.ownMove(raw)
      const candidate = takeEntry(this.#context(), entry, now)
      this.unavailable.delete(raw)
      if (candidate.kind !== 'wait') this.settling.delete(raw)
      switch (candidate.kind) {
        case 'lost':
          return
        case 'wait':
          if (candidate.reason.kind === 'settling') this.settling.set(raw, candidate.reason)
          this.intake.schedule.postpone(entry, candidate.until)
          return
        case 'claimed':
          this.#run(entry, candidate.item, now)
      }
    } catch (error) {
      this.#cannotStart(entry, error, now)
    }
  }

  #run(entry: Entry, item: Claimed, now: Millis): void {
    const { queue, emit } = this.options
    if (item.refusal !== undefined) {
      emit({ kind: 'item-refused', name: entry.raw, why: item.refusal })
      this.#refuse(item, item.refusal)
      return
    }
    const handler = this.handler.look(this.config.handler[0] ?? '', now)
    const slot = handler.kind === 'ok' ? this.runs.pool.acquire() : undefined
    if (handler.kind !== 'ok' || slot === undefined) {
      unclaim(queue, entry.raw, item)
      this.intake.schedule.postpone(entry, now + 1000)
      if (handler.kind === 'ok') this.#shortUntil = now + SHORTAGE_PAUSE
      return
    }
    try {
      const started = startRun(this.#context(), item, slot, handler)
      if (started.kind === 'unfit') {
        this.runs.pool.release(slot)
        this.#refuse(item, started.why)
        return
      }
      if (now < this.options.carefulUntil) syncClaim(queue, item)
      this.runs.begin(started.run)
      slot.run(item.name, item.attempt)
    } catch (error) {
      this.runs.pool.release(slot)
      unclaim(queue, entry.raw, item)
      throw error
    }
  }

  #refuse(item: Claimed, why: string): void {
    const outcome: Outcome = { kind: 'refused', reason: why }
    this.runs.settler.add({ ...item, started: undefined, outcome })
  }

  /** Losing a race was an answer. This is the world: the name waits visibly, and is tried again later. */
  #cannotStart(entry: Entry, error: unknown, now: Millis): void {
    if (!(error instanceof QueueIoError)) throw error
    if (isDiskTrouble(error)) this.trouble(error)
    if (isShortage(error)) this.#shortUntil = now + SHORTAGE_PAUSE
    if (error.code === 'ENOENT') ensureQueue(this.options.queue, this.config.shared)
    const failures = (this.unavailable.get(entry.raw)?.failures ?? 0) + 1
    const retryMs = Math.min(UNAVAILABLE_MAX, 1000 * 2 ** (failures - 1))
    this.unavailable.set(entry.raw, { problem: error.message, failures, until: now + retryMs })
    this.intake.schedule.postpone(entry, now + retryMs)
    this.options.emit({ kind: 'item-unavailable', name: entry.raw, problem: error.message, retryMs })
  }

  #context(): StartContext {
    const { queue, queueName, newId } = this.options
    return { queue, queueName, config: this.config, readiness: this.#readiness, newId }
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

  /** The disk refuses: nothing new is started until a verdict has arrived. */
  trouble(error: QueueIoError): void {
    const { operation, path, code } = error
    if (isDiskTrouble(error)) {
      this.diskProblem = error.message
      setTimeout(() => this.#tryDisk(), 1000).unref()
    }
    this.options.emit({ kind: 'disk-trouble', operation, path, code })
  }

  #tryDisk(): void {
    if (this.runs.settler.isTroubled) return
    this.well()
    this.pump()
  }

  well(): void {
    if (this.diskProblem === undefined) return
    this.diskProblem = undefined
    this.options.emit({ kind: 'disk-well' })
  }

  /** Nothing to do until an event or a time; tells the supervisor, which may let us go. */
  #rest(): void {
    clearTimeout(this.#timer)
    const now = Date.now()
    const next = Math.min(
      this.intake.schedule.nextTime(),
      this.facts().brokenHandler?.until ?? Number.POSITIVE_INFINITY,
      now < this.#shortUntil ? this.#shortUntil : Number.POSITIVE_INFINITY,
    )
    if (Number.isFinite(next) && this.stopping === undefined) {
      // A clock that is set moves what is due; look at least once a minute.
      this.#timer = setTimeout(() => this.pump(), Math.min(60_000, Math.max(1, next - now)))
    }
    const idle = !this.runs.isBusy && !this.intake.isScanning && this.intake.schedule.readySize === 0
    this.#tellIdle(idle, Number.isFinite(next) ? next : null)
  }

  /** When it changes; a due time that moves by less than a second is no news. */
  #tellIdle(idle: boolean, nextDue: number | null): void {
    const moved = Math.abs((nextDue ?? 0) - (this.#toldDue ?? 0)) >= 1000
    if (idle === this.#isIdle && !(idle && moved)) return
    this.#isIdle = idle
    this.#toldDue = nextDue
    this.options.tell(idle ? { type: 'idle', nextDue } : { type: 'busy' })
  }

  get isIdle(): boolean {
    return this.#isIdle
  }

  /** Back in que/ after a verdict: known at once, whatever the watch says. */
  requeued(raw: string, until: Millis | undefined): void {
    const name = parseItemName(raw)
    const now = Date.now()
    this.intake.add(raw as Entry['raw'], now)
    if (until !== undefined && name.due === undefined) this.#timer?.refresh()
  }

  reload(): void {
    const loaded = load(this.options.root)
    this.configProblem = loaded.problem
    if (loaded.config !== undefined) {
      this.config = loaded.config
      this.runs.reconfigure(loaded.config, loaded.root)
      this.options.emit({ kind: 'config-loaded', slots: loaded.config.slots })
    } else {
      this.options.emit({ kind: 'config-bad', problem: loaded.problem ?? '' })
    }
    this.pump()
  }

  /** A change beside the states: flags, configuration, handler. */
  adminChanged(name: string): void {
    if (name === 'config.json') this.reload()
    else {
      this.flags = readFlags()
      this.handler.look(this.config.handler[0] ?? '', Date.now(), true)
      this.pump()
    }
  }

  pathOf(raw: string): string {
    return place(this.options.queue, 'que', raw)
  }
}
