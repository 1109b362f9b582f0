/** The workers there are: forked, told to stop, restarted with growing delay. What to do is `plan`'s decision. */
import type { Millis } from '../domain/name.ts'
import { restartDelay, type Worker } from '../domain/plan.ts'
import type { FromWorker, StopMode, ToWorker } from '../domain/worker-protocol.ts'
import type { RqEvent } from '../log/events.ts'
import { countRuns, Permits } from './permits.ts'
import type { FoundQueue } from './queues.ts'
import { forkWorker, type WorkerEnd, type WorkerProcess, type WorkerStart } from './worker-process.ts'

/** A worker that ran this long was well: its next failure is the first again. */
const HEALTHY_MS = 60_000
/** Not ready by then: something holds it, and a new one may fare better. */
const READY_WITHIN_MS = 60_000
/** How long a worker may take to let go of its handlers. */
const DETACH_WITHIN_MS = 10_000

export interface IdleWord {
  readonly since: Millis
  readonly nextDue: number | null
}

interface Entry {
  readonly queue: FoundQueue
  readonly child: WorkerProcess
  readonly startedAt: Millis
  state: 'starting' | 'running' | 'stopping'
  stopMode: StopMode | undefined
  idle: IdleWord | undefined
  timer: NodeJS.Timeout | undefined
}

interface Waiting {
  readonly queue: FoundQueue
  /** `asked`: nothing failed, so there is nothing to wait for. */
  readonly until: Millis | 'asked'
}

export interface WorkersOptions {
  readonly emit: (event: RqEvent) => void
  readonly ring: () => void
  readonly startOf: (queue: FoundQueue) => Omit<WorkerStart, 'pool'>
  /** A queue has no worker any more. `idle`: it was retired, with these as its last words. */
  readonly onEnded: (queue: FoundQueue, idle: IdleWord | undefined) => void
  readonly onIdle: (queue: FoundQueue) => void
  readonly monotonic: () => Millis
  readonly random: () => number
}

/** All times in here are monotonic: a clock that is set must not hold up a restart. */
export class Workers {
  readonly #options: WorkersOptions
  readonly #living = new Map<string, Entry>()
  readonly #waiting = new Map<string, Waiting>()
  readonly #failures = new Map<string, number>()
  readonly permits = new Permits({
    isAlive: (inode) => this.isAlive(inode),
    send: (inode, message) => this.#living.get(inode)?.child.send(message),
    countRuns,
  })

  constructor(options: WorkersOptions) {
    this.#options = options
  }

  start(queue: FoundQueue): void {
    this.#waiting.delete(queue.inode)
    const child = forkWorker(
      { ...this.#options.startOf(queue), pool: this.permits.started(queue) },
      (message) => this.#onMessage(entry, message),
      (end) => this.#onEnd(entry, end),
    )
    const entry: Entry = {
      queue,
      child,
      startedAt: this.#options.monotonic(),
      state: 'starting',
      stopMode: undefined,
      idle: undefined,
      timer: undefined,
    }
    killAfter(entry, READY_WITHIN_MS)
    this.#living.set(queue.inode, entry)
    if (child.pid !== undefined) this.#options.emit({ kind: 'worker-forked', queue: queue.name, pid: child.pid })
  }

  stop(inode: string, mode: StopMode): void {
    const entry = this.#living.get(inode)
    if (entry === undefined) return
    entry.state = 'stopping'
    entry.stopMode = mode
    entry.child.send({ type: 'stop', mode })
    if (mode === 'detach') killAfter(entry, DETACH_WITHIN_MS)
    else clearTimeout(entry.timer)
  }

  stopAll(mode: StopMode): void {
    this.#waiting.clear()
    for (const inode of [...this.#living.keys()]) this.stop(inode, mode)
  }

  killAll(): void {
    for (const entry of this.#living.values()) entry.child.kill()
  }

  tellAll(message: ToWorker): void {
    for (const entry of this.#living.values()) entry.child.send(message)
  }

  /** Forgets a queue that waits for its restart. */
  forget(inode: string): void {
    this.#waiting.delete(inode)
    this.#failures.delete(inode)
  }

  isAlive(inode: string): boolean {
    return this.#living.has(inode)
  }

  get count(): number {
    return this.#living.size
  }

  /** As `plan` wants them; `now` is its clock. */
  view(now: Millis): Worker[] {
    return viewOf(this.#living, this.#waiting, now - this.#options.monotonic())
  }

  /** When the next restart after `after` is due, both monotonic; infinite when none waits. */
  nextRestart(after: Millis): Millis {
    const times = [...this.#waiting.values()].map(({ until }) => until).filter((until) => until !== 'asked')
    return Math.min(...times.filter((until) => until > after))
  }

  #onMessage(entry: Entry, message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        if (entry.state === 'starting') {
          entry.state = 'running'
          clearTimeout(entry.timer)
        }
        break
      case 'busy':
        entry.idle = undefined
        // Told to retire, it found something to do and stays.
        if (entry.state === 'stopping' && entry.stopMode === 'retire') entry.state = 'running'
        break
      case 'idle':
        entry.idle = { since: this.#options.monotonic(), nextDue: message.nextDue }
        this.#options.onIdle(entry.queue)
        break
      case 'permits':
        // Of a dead worker its words count no more: run/ was looked at after them.
        if (this.#living.get(entry.queue.inode) === entry) this.permits.said(entry.queue, message)
        return
    }
    this.#options.ring()
  }

  #onEnd(entry: Entry, end: WorkerEnd): void {
    const { queue } = entry
    clearTimeout(entry.timer)
    this.#living.delete(queue.inode)
    this.permits.ended(queue)
    const wasAsked = entry.state === 'stopping'
    const isRetired = wasAsked && entry.stopMode === 'retire' && end.kind === 'asked'
    const isAgain = !wasAsked && end.kind === 'again'
    if (wasAsked || isAgain) this.#failures.delete(queue.inode)
    else this.#restartLater(entry, end)
    if (isAgain) this.#waiting.set(queue.inode, { queue, until: 'asked' })
    if (isRetired) this.#options.emit({ kind: 'worker-retired', queue: queue.name })
    else if (wasAsked || isAgain) this.#options.emit({ kind: 'worker-left', queue: queue.name, how: describe(end) })
    this.#options.onEnded(queue, isRetired ? entry.idle : undefined)
    this.#options.ring()
  }

  #restartLater(entry: Entry, end: WorkerEnd): void {
    const { queue } = entry
    const wasWell = this.#options.monotonic() - entry.startedAt > HEALTHY_MS
    const count = (wasWell ? 0 : (this.#failures.get(queue.inode) ?? 0)) + 1
    this.#failures.set(queue.inode, count)
    const delay = restartDelay(count, this.#options.random())
    this.#waiting.set(queue.inode, { queue, until: this.#options.monotonic() + delay })
    this.#options.emit({ kind: 'worker-ended', queue: queue.name, how: describe(end), restartMs: delay })
  }
}

function killAfter(entry: Entry, ms: Millis): void {
  clearTimeout(entry.timer)
  entry.timer = setTimeout(() => entry.child.kill(), ms)
  entry.timer.unref()
}

function viewOf(living: ReadonlyMap<string, Entry>, waiting: ReadonlyMap<string, Waiting>, toWall: Millis): Worker[] {
  const alive = [...living.values()].map(({ queue: { name, inode }, state, idle }): Worker => {
    if (state === 'stopping') return { state, name, inode }
    return { state, name, inode, idleSince: idle === undefined ? undefined : idle.since + toWall }
  })
  const resting = [...waiting.values()].map(({ queue: { name, inode }, until }): Worker => {
    if (until === 'asked') return { state: 'restarting', name, inode }
    return { state: 'waiting', name, inode, until: until + toWall }
  })
  return [...alive, ...resting]
}

function describe(end: WorkerEnd): string {
  switch (end.kind) {
    case 'asked':
      return 'ended'
    case 'later':
      return 'asks to be started again later'
    case 'again':
      return 'makes room for a new one, as its _restart asks'
    case 'crashed':
      return end.how
  }
}
