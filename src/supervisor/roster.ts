/** The queues there are, and for those without a worker what the last look into them said. */
import type { RootConfig } from '../config/config.ts'
import type { Millis } from '../domain/name.ts'
import type { WantedQueue } from '../domain/plan.ts'
import type { QueueDir } from '../fsqueue/place.ts'
import type { RqEvent } from '../log/events.ts'
import { errnoOf } from '../os/errno.ts'
import { choresDue } from './chores.ts'
import { type FoundQueue, listQueues, lookAtQueue, type QueueLook, setupOf, signatureOf } from './queues.ts'
import type { IdleWord } from './workers.ts'

interface Known {
  readonly found: FoundQueue
  dir: QueueDir
  look: QueueLook | undefined
  /** The signature when its worker last said idle; undefined when that was too fresh to mean anything. */
  idleSignature: string | undefined
  hasTrouble: boolean
}

export interface RosterOptions {
  readonly root: string
  readonly emit: (event: RqEvent) => void
  readonly now: () => Millis
}

export class Roster {
  readonly #options: RosterOptions
  readonly #known = new Map<string, Known>()
  readonly #ignored = new Set<string>()
  #isFirst = true
  #polledAt = 0
  config: RootConfig
  isRootPaused = false

  constructor(options: RosterOptions, config: RootConfig) {
    this.#options = options
    this.config = config
  }

  /** Lists `queue/` anew. Throws when it cannot be read; then what was known stays. */
  refresh(): void {
    const { queues, ignored } = listQueues(this.#options.root)
    for (const { name, why } of ignored) {
      if (this.#ignored.has(name)) continue
      this.#ignored.add(name)
      this.#options.emit({ kind: 'queue-ignored', name, why })
    }
    const found = new Map(queues.map((queue) => [queue.inode, queue]))
    for (const [inode, known] of this.#known) {
      if (found.get(inode)?.name === known.found.name) continue
      this.#known.delete(inode)
      this.#options.emit({ kind: 'queue-gone', queue: known.found.name })
    }
    for (const queue of queues) {
      if (this.#known.has(queue.inode)) continue
      this.#known.set(queue.inode, this.#learn(queue))
      if (!this.#isFirst) this.#options.emit({ kind: 'queue-appeared', queue: queue.name })
    }
    this.#isFirst = false
  }

  #learn(found: FoundQueue): Known {
    return {
      found,
      dir: setupOf(found.path, this.config).dir,
      look: undefined,
      idleSignature: undefined,
      hasTrouble: false,
    }
  }

  get size(): number {
    return this.#known.size
  }

  find(inode: string): FoundQueue | undefined {
    return this.#known.get(inode)?.found
  }

  queues(): FoundQueue[] {
    return [...this.#known.values()].map(({ found }) => found)
  }

  /** Something happened there: what is known of it is worth nothing. */
  doubt(inode: string): void {
    const known = this.#known.get(inode)
    if (known !== undefined) known.look = undefined
  }

  doubtAll(): void {
    for (const known of this.#known.values()) known.look = undefined
  }

  /** The slow poll: doubts the sleepers that changed though no hint came, and all of them when the clock was set back. */
  poll(isAwake: (inode: string) => boolean): void {
    const now = this.#options.now()
    if (now < this.#polledAt) this.doubtAll()
    this.#polledAt = now
    for (const [inode, known] of this.#known) {
      if (isAwake(inode) || known.look === undefined) continue
      if (known.look.isFresh || this.#signature(known)?.signature !== known.look.signature) known.look = undefined
    }
  }

  #signature(known: Known): Pick<QueueLook, 'signature' | 'isFresh'> | undefined {
    try {
      return signatureOf(known.dir, this.#options.now())
    } catch (error) {
      this.#trouble(known, error)
      return undefined
    }
  }

  /** A worker said that there is nothing to do; remembers how the queue looked then. */
  noteIdle(inode: string): void {
    const known = this.#known.get(inode)
    if (known === undefined) return
    const now = this.#signature(known)
    known.idleSignature = now?.isFresh === false ? now.signature : undefined
  }

  /**
   * A worker ended. What it said when it was idle holds if nothing changed since; it knows better than a look
   * what waits for a reason. Otherwise the queue is looked at once more.
   */
  noteEnded(inode: string, idle: IdleWord | undefined): void {
    const known = this.#known.get(inode)
    if (known === undefined) return
    known.look = undefined
    if (idle === undefined || known.idleSignature === undefined) return
    if (this.#signature(known)?.signature !== known.idleSignature) return
    const nextDue = idle.nextDue ?? Number.POSITIVE_INFINITY
    known.look = { hasWork: false, nextDue, signature: known.idleSignature, isFresh: false }
  }

  sleepers(isAwake: (inode: string) => boolean): Map<string, { found: FoundQueue; dir: QueueDir }> {
    return new Map([...this.#known].filter(([inode]) => !isAwake(inode)))
  }

  /** For `plan`; looks into the sleepers that are in doubt. */
  wanted(isAwake: (inode: string) => boolean): WantedQueue[] {
    return [...this.#known.values()].map((known) => {
      const { name, inode } = known.found
      // Of a queue with a worker only the existence counts.
      if (isAwake(inode)) return { name, inode, hasWork: false, nextDue: Number.POSITIVE_INFINITY }
      known.look ??= this.#look(known)
      return { name, inode, hasWork: known.look.hasWork, nextDue: known.look.nextDue }
    })
  }

  #look(known: Known): QueueLook {
    try {
      const setup = setupOf(known.found.path, this.config)
      known.dir = setup.dir
      const now = this.#options.now()
      const look = lookAtQueue(setup.dir, this.isRootPaused, now)
      const chores = choresDue(known.found, setup, now)
      known.hasTrouble = false
      return { ...look, nextDue: Math.min(look.nextDue, chores) }
    } catch (error) {
      this.#trouble(known, error)
      // Fresh: the next poll looks again.
      return { hasWork: false, nextDue: Number.POSITIVE_INFINITY, signature: '', isFresh: true }
    }
  }

  #trouble(known: Known, error: unknown): void {
    if (errnoOf(error) === undefined || !(error instanceof Error)) throw error
    if (!known.hasTrouble) this.#options.emit({ kind: 'trouble', what: `queue ${known.found.name}: ${error.message}` })
    known.hasTrouble = true
  }

  /** When the next sleeper is due after `after`, ms since 1970; infinite when none is. */
  nextDue(after: Millis, isAwake: (inode: string) => boolean): Millis {
    let next = Number.POSITIVE_INFINITY
    for (const [inode, { look }] of this.#known) {
      if (look !== undefined && look.nextDue > after && !isAwake(inode)) next = Math.min(next, look.nextDue)
    }
    return next
  }
}
