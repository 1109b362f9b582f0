/**
 * The loop: see which queues there are, plan, carry it out, sleep until something rings. Signals, hints and words
 * of workers only set what the loop reads.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_ROOT_CONFIG, formatProblem, loadRootConfig, type RootConfig } from '../config/config.ts'
import type { Millis } from '../domain/name.ts'
import { type PlanAction, plan } from '../domain/plan.ts'
import { hasFlag } from '../fsqueue/layout.ts'
import { type BytePath, toBytes, within } from '../fsqueue/place.ts'
import type { RqEvent } from '../log/events.ts'
import { errnoOf } from '../os/errno.ts'
import { type Bell, makeBell } from './bell.ts'
import { type Ending, stronger } from './ending.ts'
import { Hints } from './hints.ts'
import type { FoundQueue } from './queues.ts'
import { Roster } from './roster.ts'
import { killSlots } from './slots.ts'
import type { WorkerStart } from './worker-process.ts'
import { Workers } from './workers.ts'

/** Hints are the rule; this is for the ones that the kernel dropped. */
const POLL_MS = 30_000
/** A poll of a thousand queues takes some 50 ms of a core: the more there are, the slower it is. */
const POLL_PER_QUEUE_MS = 30
const POLL_WITHOUT_HINTS_MS = 1_000
/** After trouble (out of descriptors, a disk that fails) the loop tries again. */
const TROUBLE_MS = 1_000
/** A configuration being written is read when it has been still for a moment. */
const CONFIG_STILL_MS = 200

export interface SupervisorOptions {
  /** Absolute and without links. */
  readonly root: string
  readonly workerProgram: string
  readonly emit: (event: RqEvent) => void
  readonly carefulUntil: Millis | undefined
  /** Locks again what was removed; false: the root is not ours any more. */
  readonly keepLock: () => boolean
  readonly onReload: () => void
}

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #bell: Bell = makeBell()
  readonly #roster: Roster
  readonly #workers: Workers
  readonly #hints: Hints
  #config: RootConfig = DEFAULT_ROOT_CONFIG
  #wish: Ending | undefined
  #granted: Ending | undefined
  #isListStale = true
  #isRootStale = true
  #reloadAt = Number.POSITIVE_INFINITY
  #nextPoll = 0

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#roster = new Roster({ root: options.root, emit: options.emit, now: Date.now }, this.#config)
    this.#workers = new Workers({
      emit: options.emit,
      ring: () => this.#bell.ring(),
      startOf: (queue) => this.#startOf(queue),
      onEnded: (queue, idle) => this.#roster.noteEnded(queue.inode, idle),
      onIdle: (queue) => this.#roster.noteIdle(queue.inode),
      monotonic: () => performance.now(),
      random: Math.random,
    })
    this.#hints = new Hints(options.root, {
      onQueues: () => {
        this.#isListStale = true
        this.#bell.ring()
      },
      onQueue: (inode) => {
        this.#roster.doubt(inode)
        this.#bell.ring()
      },
      onRoot: (name) => this.#onRoot(name),
      onTrouble: (what) => {
        options.emit({ kind: 'trouble', what: `${what}; looking once a second` })
        this.#nextPoll = 0
        this.#bell.ring()
      },
    })
  }

  /** Asks for the end; for signal handlers. */
  stop(how: Ending): void {
    this.#wish = stronger(this.#wish, how)
    this.#bell.ring()
  }

  get isTerminating(): boolean {
    return this.#wish === 'term'
  }

  /** Asks to read all configuration anew; for signal handlers. */
  reload(): void {
    this.#reloadAt = 0
    this.#bell.ring()
  }

  /** Runs until it is asked to end and no worker is left. `onReady`: watching, and the first plan is carried out. */
  async run(onReady: (queues: number) => void): Promise<Ending> {
    this.#loadConfig()
    await this.#hints.watch()
    let wait = this.#turn()
    onReady(this.#roster.size)
    for (;;) {
      await this.#bell.wait(wait)
      const ending = this.#grantWish()
      if (ending !== undefined && this.#workers.count === 0) break
      wait = ending === undefined ? this.#turn() : POLL_MS
    }
    await this.#hints.close()
    return this.#granted ?? 'term'
  }

  #onRoot(name: string): void {
    this.#isRootStale = true
    if (name === 'queue') this.#isListStale = true
    if (name === 'config.json') this.#reloadAt = performance.now() + CONFIG_STILL_MS
    this.#bell.ring()
  }

  #grantWish(): Ending | undefined {
    if (this.#wish === this.#granted || this.#wish === undefined) return this.#granted
    this.#granted = this.#wish
    this.#options.emit({ kind: 'daemon-stopping', how: this.#granted })
    if (this.#granted === 'kill') {
      // The workers first: they must not take what we kill for handlers that failed.
      this.#workers.killAll()
      killSlots(this.#options.root)
    } else {
      this.#workers.stopAll(this.#granted)
    }
    return this.#granted
  }

  /** One turn of the loop; how long to sleep after it. */
  #turn(): Millis {
    try {
      const started = performance.now()
      this.#lookAround()
      const isAwake = (inode: string) => this.#workers.isAlive(inode)
      // Watch first, then look: what comes between is seen twice, never missed.
      this.#hints.sleepers(this.#roster.sleepers(isAwake))
      const queues = this.#roster.wanted(isAwake)
      const now = Date.now()
      const limits = { warmWorkers: this.#config.warmWorkers, startAtOnce: Math.max(2, availableParallelism()) }
      for (const action of plan(queues, this.#workers.view(now), limits, now)) this.#carryOut(action)
      return this.#untilNext(started, now)
    } catch (error) {
      // The world is broken, for now: nothing is given up, nothing is stopped for it.
      if (errnoOf(error) === undefined || !(error instanceof Error)) throw error
      this.#options.emit({ kind: 'trouble', what: error.message })
      this.#isListStale = true
      return TROUBLE_MS
    }
  }

  #lookAround(): void {
    const now = performance.now()
    if (now >= this.#nextPoll) {
      const slow = POLL_MS + POLL_PER_QUEUE_MS * this.#roster.size
      this.#nextPoll = now + (this.#hints.mend() ? slow : POLL_WITHOUT_HINTS_MS)
      this.#isListStale = true
      this.#isRootStale = true
      this.#roster.poll((inode) => this.#workers.isAlive(inode))
    }
    if (now >= this.#reloadAt) this.#reloadNow()
    if (this.#isRootStale) this.#lookAtRoot()
    if (this.#isListStale) {
      this.#roster.refresh()
      this.#workers.permits.arrange(this.#config, this.#roster.queues())
    }
    this.#isListStale = false
  }

  #lookAtRoot(): void {
    this.#isRootStale = false
    if (!this.#options.keepLock()) {
      this.#options.emit({ kind: 'trouble', what: 'another daemon has taken this root' })
      this.stop('detach')
    }
    const isPaused = hasFlag(within(toBytes(this.#options.root) as BytePath, '_paused'))
    if (isPaused === this.#roster.isRootPaused) return
    this.#roster.isRootPaused = isPaused
    this.#roster.doubtAll()
    this.#workers.tellAll({ type: 'root-paused', paused: isPaused })
  }

  #reloadNow(): void {
    this.#reloadAt = Number.POSITIVE_INFINITY
    this.#options.emit({ kind: 'reloading' })
    this.#loadConfig()
    this.#options.onReload()
    this.#isListStale = true
    this.#roster.doubtAll()
    this.#workers.tellAll({ type: 'reload' })
  }

  /** What cannot be read changes nothing; it is said, and the queues say it too. */
  #loadConfig(): void {
    const loaded = loadRootConfig(this.#options.root)
    if (loaded.kind === 'bad') {
      for (const problem of loaded.problems) this.#options.emit({ kind: 'config-bad', problem: formatProblem(problem) })
      return
    }
    this.#config = loaded.config
    this.#roster.config = loaded.config
  }

  #carryOut(action: PlanAction): void {
    const queue = this.#roster.find(action.inode)
    switch (action.do) {
      case 'start':
        if (queue !== undefined) this.#workers.start(queue)
        break
      case 'stop':
        // Renamed: its handlers run on for the worker of the new name. Gone: nobody would settle them.
        this.#workers.stop(action.inode, action.why === 'retire' ? 'retire' : queue === undefined ? 'term' : 'detach')
        break
      case 'forget':
        this.#workers.forget(action.inode)
        break
    }
  }

  #startOf(queue: FoundQueue): Omit<WorkerStart, 'pool'> {
    const { root, workerProgram, carefulUntil } = this.#options
    return {
      program: workerProgram,
      queuePath: join(root, 'queue', queue.name),
      root,
      carefulUntil: carefulUntil !== undefined && carefulUntil > Date.now() ? carefulUntil : undefined,
      rootPaused: this.#roster.isRootPaused,
    }
  }

  /** What was due when the turn began is in its plan; what is due later wakes the loop. `wall` is the plan's clock. */
  #untilNext(began: Millis, wall: Millis): Millis {
    const now = performance.now()
    const isAwake = (inode: string) => this.#workers.isAlive(inode)
    const due = this.#roster.nextDue(wall, isAwake) - Date.now()
    const restart = this.#workers.nextRestart(began) - now
    return Math.max(0, Math.min(this.#nextPoll - now, this.#reloadAt - now, restart, due))
  }
}
