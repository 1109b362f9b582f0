/** The queue's process: list → pick → claim → run → settle → move. Holds nothing that it cannot read again. */
import type { RootConfig } from '../config/config.ts'
import type { ItemId, Millis, RawName } from '../domain/name.ts'
import { type QueueFacts, queueGate } from '../domain/pick.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { entryOf } from '../domain/schedule.ts'
import type { FromWorker, StopMode } from '../domain/worker-protocol.ts'
import { isDiskTrouble, isShortage, type QueueIoError } from '../fsqueue/errors.ts'
import type { QueueDir } from '../fsqueue/place.ts'
import type { RqEvent } from '../log/events.ts'
import { type Flags, readFlags, slotEnvironment } from './admin.ts'
import { Alarm, type Wake } from './alarm.ts'
import { Configuration } from './configuration.ts'
import { DiskState } from './disk-state.ts'
import { Flow } from './flow.ts'
import { HandlerState } from './handler-state.ts'
import { Idleness } from './idleness.ts'
import { Intake } from './intake.ts'
import { recoverRuns } from './recovery.ts'
import { Runs } from './runs.ts'
import { Starting } from './starting.ts'

const BEHIND_OTHERS: Millis = 500
const SHORTAGE_PAUSE: Millis = 1000
/** Verdicts on their way to the disk, per slot, before nothing more is started. */
const UNSETTLED_PER_SLOT = 64

export interface WorkerOptions {
  readonly root: string
  readonly queueName: string
  readonly queue: QueueDir
  readonly config: QueueConfig
  readonly rootConfig: RootConfig
  readonly rootPaused: boolean
  readonly carefulUntil: Millis
  readonly newId: (from: string) => ItemId
  readonly emit: (event: RqEvent) => void
  readonly tell: (message: FromWorker) => void
  /** Its state directories have other names now: only a new worker can use them. */
  readonly onOtherDirs: () => void
}

export class Worker {
  readonly options: WorkerOptions
  readonly intake: Intake
  readonly runs: Runs
  readonly handler = new HandlerState()
  readonly starting: Starting
  readonly flow = new Flow(this)
  readonly configuration = new Configuration(this)
  root: RootConfig
  config: QueueConfig
  readonly disk: DiskState
  flags: Flags
  rootPaused: boolean
  stopping: StopMode | undefined
  /** What people may look at has changed. */
  onChange: () => void = () => undefined
  #shortage: QueueFacts['shortage']
  /** When this queue wants a worker, whatever happens: a retired one is started again for it. */
  readonly due: Wake[] = [() => this.intake.schedule.nextTime()]
  readonly #alarm: Alarm
  readonly #idleness: Idleness
  #pumping = false
  #hasRecovered = false

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
    this.root = options.rootConfig
    this.starting = new Starting(this)
    this.disk = new DiskState(this)
    this.#idleness = new Idleness(
      () => this.isIdle,
      () => this.#nextDue(Date.now()),
      options.tell,
    )
    this.#alarm = new Alarm(
      [
        (now) => this.#nextDue(now),
        (now) => this.handler.broken(this.command, now)?.until ?? Number.POSITIVE_INFINITY,
        (now) =>
          this.#shortage !== undefined && now < this.#shortage.until ? this.#shortage.until : Number.POSITIVE_INFINITY,
      ],
      () => this.#timeHasCome(),
    )
    this.runs = new Runs(this)
    this.flow.configure()
  }

  start(): void {
    if (this.configuration.problem === undefined) this.recover()
    this.options.emit({ kind: 'worker-started', pid: process.pid, adopted: this.runs.size })
    this.intake.open()
    this.pump()
  }

  /** Once, and by a configuration of the queue's own: it says what an end means, and where run/ is. */
  recover(): void {
    if (this.#hasRecovered) return
    this.#hasRecovered = true
    recoverRuns(this)
    this.runs.sweepFifos()
  }

  facts(): QueueFacts {
    const now = Date.now()
    const doubtful = this.handler.isDoubtful
    const busy = this.runs.size
    const limit = Math.min(doubtful ? 1 : this.config.slots, this.runs.pool.limit)
    const backlogged = this.runs.unsettled > this.config.slots * UNSETTLED_PER_SLOT
    return {
      stopping: this.stopping !== undefined && this.stopping !== 'retire',
      rootPaused: this.rootPaused,
      ...this.flags,
      configProblem: this.configuration.problem,
      brokenHandler: this.handler.broken(this.command, now),
      diskProblem: this.disk.problem,
      shortage: this.#shortage,
      slots: this.config.slots,
      freeSlots: backlogged ? 0 : Math.max(0, limit - busy),
    }
  }

  /** Starts what may start. Called after every event; cheap when there is nothing to do. */
  pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      for (;;) {
        // The usual answer first, and cheaply.
        if (this.runs.size >= this.config.slots) break
        const now = Date.now()
        if (queueGate(this.facts(), now) !== undefined) break
        const entry = this.intake.take(now)
        if (entry === undefined) break
        this.starting.start(entry, now)
      }
    } finally {
      this.#pumping = false
    }
    this.#rest()
  }

  /** The disk refuses: nothing new is started until a verdict has arrived. */
  trouble(error: QueueIoError): void {
    const { operation, path, code } = error
    if (isDiskTrouble(error)) this.disk.refused(error.message)
    if (isShortage(error)) this.shortage(error.message)
    this.options.emit({ kind: 'disk-trouble', operation, path, code })
  }

  well(): void {
    this.disk.well()
  }

  #nextDue(now: Millis): Millis {
    return Math.min(...this.due.map((wake) => wake(now)))
  }

  #timeHasCome(): void {
    // A hint of a flag may have been lost.
    this.flags = readFlags()
    this.pump()
  }

  /** Nothing to do until an event or a time; tells the supervisor, which may let us go. */
  #rest(): void {
    if (this.stopping !== undefined) this.#alarm.off()
    this.#alarm.set(Date.now())
    this.onChange()
    this.#idleness.look()
  }

  get isIdle(): boolean {
    if (this.runs.isBusy || this.intake.isScanning) return false
    // A paused queue needs no worker: the supervisor sees the pause end.
    return this.intake.schedule.readySize === 0 || this.rootPaused || this.flags.paused
  }

  /** Back in que/ after a verdict: known at once, whatever the watch says. */
  requeued(raw: RawName, behindOthers: boolean): void {
    const now = Date.now()
    const entry = entryOf(raw, now)
    // The handler is in doubt: another item is tried first.
    if (behindOthers) this.intake.schedule.postpone(entry, this.handler.until + BEHIND_OTHERS)
    else this.intake.schedule.add(entry, now)
  }

  /** argv[0] of the handler. */
  get command(): string {
    return this.config.handler[0] ?? ''
  }

  environment(): Record<string, string> {
    return slotEnvironment(this.config, this.options.root, this.options.queueName)
  }

  /** Does the handler's file fail its check now? */
  handlerFails(): boolean {
    return this.handler.look(this.command, Date.now(), true).kind === 'broken'
  }

  /** An exit may say that the handler is broken, not the item: then others are tried one at a time. */
  doubtHandler(id: ItemId, exit: number | undefined): void {
    if (exit === undefined) return
    const says = this.config.policy.exitCodes[String(exit)] === 'broken'
    if (!says && !((exit === 126 || exit === 127) && this.handlerFails())) return
    const problem = `exit ${exit} of ${id}`
    const retryMs = this.handler.fail(this.command, problem, Date.now())
    this.options.emit({ kind: 'handler-broken', problem, retryMs })
  }

  /** Descriptors or processes are short, and slots take both: fewer of them leave some for verdicts. */
  shortage(problem: string): void {
    this.runs.pool.shrink()
    this.pause(problem)
  }

  /** Something is short (processes, descriptors, room for a log): nothing is started for a moment. */
  pause(problem: string): void {
    this.#shortage = { problem, until: Date.now() + SHORTAGE_PAUSE }
  }

  reload(): void {
    this.configuration.reload()
  }

  /** A change beside the states: flags, configuration, handler. */
  adminChanged(name: string): void {
    if (name === 'config.json') this.reload()
    else {
      this.flags = readFlags()
      this.handler.look(this.command, Date.now(), true)
      this.pump()
    }
  }
}
