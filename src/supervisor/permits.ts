/**
 * Hands out the permits of the pools (domain/permits.ts). In doubt a permit counts as used: of a queue without a worker,
 * and of a worker that has not spoken yet, all that lies in run/ may be a handler that runs on.
 */
import { DEFAULT_ROOT_CONFIG, type RootConfig } from '../config/config.ts'
import { allot, type Pool, poolOf } from '../domain/permits.ts'
import type { FromWorker, ToWorker } from '../domain/worker-protocol.ts'
import { type BytePath, look, stateDir, toBytes } from '../fsqueue/place.ts'
import { scanPages } from '../fsqueue/scan.ts'
import { errnoOf } from '../os/errno.ts'
import { type FoundQueue, setupOf } from './queues.ts'

type Told = Extract<FromWorker, { readonly type: 'permits' }>

export interface PermitsOptions {
  readonly isAlive: (inode: string) => boolean
  readonly send: (inode: string, message: ToWorker) => void
  /** How many names lie in the queue's run/; undefined when that cannot be told. */
  readonly countRuns: (queue: FoundQueue, config: RootConfig) => number | undefined
}

interface Member {
  found: FoundQueue
  queue: string
  /** undefined: it was in one before. */
  pool: string | undefined
  /** 0 for a new process, and another for each pool that it was told of since. */
  epoch: number
  /** Granted in this epoch. */
  sent: number
  /** What counts for it, permits that are on their way to it included. */
  held: number
  wants: number
}

export class Permits {
  readonly #options: PermitsOptions
  readonly #members = new Map<string, Member>()
  #config: RootConfig = DEFAULT_ROOT_CONFIG
  #present: ReadonlySet<string> = new Set()
  #epochs = 0

  constructor(options: PermitsOptions) {
    this.#options = options
  }

  /** The pools and the queues there are now. */
  arrange(config: RootConfig, queues: readonly FoundQueue[]): void {
    const { pools } = config
    this.#config = config
    if (pools.length === 0 && this.#members.size === 0) return
    for (const queue of queues) this.#place(queue, poolOf(pools, queue.name)?.name)
    this.#present = new Set(queues.map(({ inode }) => inode))
    for (const [inode, { pool }] of this.#members) {
      const isThere = this.#present.has(inode) && pool !== undefined
      // A worker that is told to end holds what it holds until then.
      if (!isThere && !this.#options.isAlive(inode)) this.#members.delete(inode)
    }
    for (const pool of pools) this.#allot(pool)
  }

  #place(found: FoundQueue, pool: string | undefined): void {
    const { inode, name } = found
    const known = this.#members.get(inode)
    if (known !== undefined) Object.assign(known, { found, queue: name })
    if (known?.pool === pool) return
    const isAlive = this.#options.isAlive(inode)
    const epoch = isAlive ? ++this.#epochs : 0
    // Outside of a pool it says nothing, and what was on its way to it then may have been used.
    const held = Math.max(known?.held ?? 0, this.#options.countRuns(found, this.#config) ?? 0)
    this.#members.set(inode, { found, queue: name, pool, epoch, sent: 0, held, wants: 0 })
    if (isAlive) this.#options.send(inode, { type: 'permits', epoch, pool: pool ?? null, more: 0 })
  }

  /** A worker is about to be forked for it: the name of its pool. */
  started(queue: FoundQueue): string | undefined {
    const member = this.#members.get(queue.inode)
    if (member === undefined) return undefined
    Object.assign(member, { epoch: 0, sent: 0, wants: 0 })
    return member.pool
  }

  said(queue: FoundQueue, { epoch, held, received, wants }: Told): void {
    const member = this.#members.get(queue.inode)
    // It speaks of a pool that it does not belong to any more.
    if (member === undefined || member.epoch !== epoch) return
    member.held = held + member.sent - received
    member.wants = wants
    this.#allotOf(member)
  }

  /** It has no worker any more. */
  ended(queue: FoundQueue): void {
    const member = this.#members.get(queue.inode)
    if (member === undefined) return
    Object.assign(member, { sent: 0, wants: 0 })
    if (this.#present.has(queue.inode)) member.held = this.#options.countRuns(member.found, this.#config) ?? member.held
    else this.#members.delete(queue.inode)
    this.#allotOf(member)
  }

  #allotOf(member: Member): void {
    const pool = this.#config.pools.find(({ name }) => name === member.pool)
    if (pool !== undefined) this.#allot(pool)
  }

  #allot(pool: Pool): void {
    const members = [...this.#members.values()].filter((member) => member.pool === pool.name)
    for (const { to, more } of allot(pool, members)) {
      to.sent += more
      to.held += more
      this.#options.send(to.found.inode, { type: 'permits', epoch: to.epoch, pool: pool.name, more })
    }
  }
}

/** undefined when the queue is somewhere else by now, or cannot be read. */
export function countRuns({ path, inode }: FoundQueue, config: RootConfig): number | undefined {
  try {
    const stat = look(toBytes(path) as BytePath)
    const setup = setupOf(path, config)
    if (stat === undefined || `${stat.dev}:${stat.ino}` !== inode || setup.config === undefined) return undefined
    let count = 0
    for (const page of scanPages(stateDir(setup.dir, 'run'))) count += page.length
    return count
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}
