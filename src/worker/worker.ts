/** The queue's process: list → pick → claim → run → settle → move. Holds nothing that it cannot read again. */
import type { RootConfig } from '../config/config.ts'
import { entryOf } from '../domain/entry.ts'
import type { ItemId, Millis, RawName } from '../domain/name.ts'
import { queueGate } from '../domain/pick.ts'
import type { QueueConfig } from '../domain/policy.ts'
import type { FromWorker, StopMode } from '../domain/worker-protocol.ts'
import { isDiskTrouble, isShortage, type QueueIoError } from '../fsqueue/errors.ts'
import type { QueueDir } from '../fsqueue/place.ts'
import type { Identity } from '../launch/run-as.ts'
import type { RqEvent } from '../log/events.ts'
import { type Flags, readFlags, slotEnvironment } from './admin.ts'
import { Alarm, type Wake } from './alarm.ts'
import { Configuration } from './configuration.ts'
import { DiskState } from './disk-state.ts'
import { queueFacts } from './facts.ts'
import { Flow } from './flow.ts'
import { HandlerState } from './handler-state.ts'
import { History } from './history.ts'
import { Hooks, takeIdentity } from './hooks.ts'
import { Housekeeping } from './housekeeping.ts'
import { Idleness } from './idleness.ts'
import { Intake } from './intake.ts'
import { Permits } from './permits.ts'
import { Gauge } from './pressure.ts'
import { recoverRuns } from './recovery.ts'
import { Runs } from './runs.ts'
import { Scheduler } from './scheduler.ts'
import { Shortage } from './shortage.ts'
import { Starting } from './starting.ts'

const BEHIND_OTHERS: Millis = 500

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
  /** As the supervisor says. */
  readonly pool: string | undefined
  /** Its state directories have other names now: only a new worker can use them. */
  readonly onOtherDirs: () => void
}

export class Worker {
  readonly options: WorkerOptions
  readonly intake: Intake
  readonly runs: Runs
  readonly handler = new HandlerState()
  readonly hooks = new Hooks(this)
  identity: Identity
  readonly starting: Starting
  readonly shortage = new Shortage(this)
  readonly flow = new Flow(this)
  readonly permits: Permits
  readonly configuration = new Configuration(this)
  readonly housekeeping = new Housekeeping(this)
  readonly scheduler = new Scheduler(this)
  readonly history = new History(this)
  root: RootConfig
  config: QueueConfig
  readonly disk: DiskState
  flags: Flags
  rootPaused: boolean
  stopping: StopMode | undefined
  /** What people may look at has changed. */
  onChange: () => void = () => undefined
  /** When this queue wants a worker, whatever happens: a retired one is started again for it. */
  readonly due: Wake[] = [
    () => this.intake.schedule.nextTime(),
    () => this.housekeeping.next(),
    (now) => this.scheduler.nextLook(now),
  ]
  readonly gauge = new Gauge(() => this.config.holdWhen)
  readonly #alarm: Alarm
  readonly #idleness: Idleness
  #pumping = false
  #hasRecovered = false

  constructor(options: WorkerOptions) {
    this.options = this.housekeeping.listening(options)
    this.config = options.config
    this.identity = takeIdentity(this)
    this.rootPaused = options.rootPaused
    this.flags = readFlags()
    this.intake = new Intake(options.queue, {
      onNews: () => this.pump(),
      onScan: (scan) => options.emit({ kind: 'scan', ...scan, ms: Math.round(scan.ms) }),
      onTrouble: (error) => this.trouble(error),
      onArrival: (raw) => this.history.arrived(raw),
      onFound: (entry, since) => this.history.found(entry, since),
    })
    this.root = options.rootConfig
    this.starting = new Starting(this)
    this.permits = new Permits(this, options.pool)
    this.disk = new DiskState(this)
    this.#idleness = new Idleness(
      () => this.isIdle,
      () => this.#nextDue(Date.now()),
      options.tell,
    )
    this.#alarm = new Alarm(
      [
        (now) => this.#nextDue(now),
        (now) => this.hooks.broken(now)?.until ?? Number.POSITIVE_INFINITY,
        (now) => this.shortage.endsAfter(now),
        // Only while something waits for it.
        () => (this.intake.schedule.readySize > 0 ? this.gauge.nextLook : Number.POSITIVE_INFINITY),
      ],
      () => this.#timeHasCome(),
    )
    this.runs = new Runs(this)
    this.flow.configure()
  }

  start(): void {
    this.history.open()
    if (this.configuration.problem === undefined) this.recover()
    this.options.emit({ kind: 'worker-started', pid: process.pid, adopted: this.runs.size })
    this.intake.open()
    this.housekeeping.start()
    this.scheduler.look()
    this.pump()
  }

  /** Once, and by a configuration of the queue's own: it says what an end means, and where run/ is. */
  recover(): void {
    if (this.#hasRecovered) return
    this.#hasRecovered = true
    recoverRuns(this)
    this.runs.sweepFifos()
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
        if (queueGate(queueFacts(this, now), now) !== undefined) break
        const entry = this.intake.take(now)
        if (entry === undefined) break
        this.starting.start(entry, now)
      }
    } finally {
      this.#pumping = false
    }
    if (this.#hasRecovered) this.permits.tell()
    this.#rest()
  }

  /** The disk refuses: nothing new is started until a verdict has arrived. */
  trouble(error: QueueIoError): void {
    const { operation, path, code } = error
    if (isDiskTrouble(error)) this.disk.refused(error.message)
    if (isShortage(error)) this.shortage.happened(error.message)
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
    this.housekeeping.run()
    this.scheduler.look()
    this.pump()
  }

  /** Nothing to do until an event or a time; tells the supervisor, which may let us go. */
  #rest(): void {
    if (this.stopping !== undefined) this.#alarm.off()
    this.#alarm.set(Date.now())
    this.onChange()
    this.hooks.rested()
    this.#idleness.look()
  }

  get isIdle(): boolean {
    const { runs, intake, housekeeping, scheduler, hooks } = this
    if (runs.isBusy || intake.isScanning || housekeeping.isBusy || scheduler.isBusy || hooks.isBusy) return false
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
    return slotEnvironment(this.config, this.options.root, this.options.queueName, this.identity)
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

  reload(): void {
    this.configuration.reload()
  }

  /** A change beside the states: flags, configuration, handler. */
  adminChanged(name: string): void {
    if (name === 'config.json') this.reload()
    else {
      this.flags = readFlags()
      this.hooks.look()
      this.handler.look(this.command, Date.now(), true)
      this.pump()
    }
  }
}
