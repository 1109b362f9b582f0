/**
 * Hints from the kernel that something changed: chokidar on `queue/`, plain watches on the root and on the queues
 * that sleep. One process, so one inotify instance for all. Hints may be missing; the slow poll is the truth.
 */
import type { FSWatcher } from 'node:fs'
import { join } from 'node:path'
import type { FSWatcher as Chokidar } from 'chokidar'
import { type BytePath, fileMark, type QueueDir, toBytes, within } from '../fsqueue/place.ts'
import { errnoOf } from '../os/errno.ts'
import { type FoundQueue, SWITCHES } from './queues.ts'
import { Sleeper, watchPlainly } from './sleeper.ts'

export interface HintHandlers {
  /** Queues came, went or were renamed. */
  readonly onQueues: () => void
  readonly onQueue: (inode: string) => void
  /** `_paused` or `config.json` of the root, its lock, or `queue/` itself. */
  readonly onRoot: (name: string) => void
  /** Some hints will not come any more; said once until they all come again. */
  readonly onTrouble: (what: string) => void
}

const ROOT_NAMES = new Set(['_paused', 'config.json', '_lock', 'queue'])

export class Hints {
  readonly #root: string
  readonly #handlers: HintHandlers
  readonly #sleepers = new Map<string, Sleeper>()
  #queues: Chokidar | undefined
  #own: FSWatcher | undefined
  #renewal: Promise<void> = Promise.resolve()
  #config = ''
  #isTroubled = false
  #hasSaid = false

  constructor(root: string, handlers: HintHandlers) {
    this.#root = root
    this.#handlers = handlers
  }

  /** Resolves when changes in `queue/` are seen. */
  async watch(): Promise<void> {
    this.#watchOwn()
    this.#isOtherConfig()
    await this.#watchQueues()
  }

  /** Watches these sleeping queues and no others. */
  sleepers(queues: ReadonlyMap<string, { readonly found: FoundQueue; readonly dir: QueueDir }>): void {
    for (const [inode, sleeper] of this.#sleepers) {
      const queue = queues.get(inode)
      if (queue !== undefined && sleeper.isOf(queue.found, queue.dir)) continue
      sleeper.close()
      this.#sleepers.delete(inode)
    }
    for (const [inode, { found, dir }] of queues) {
      if (this.#sleepers.has(inode)) continue
      const sleeper = new Sleeper(found, dir, [...SWITCHES], {
        onHint: () => this.#handlers.onQueue(inode),
        onError: (error) => this.#trouble(`queue ${found.name}`, error),
      })
      this.#sleepers.set(inode, sleeper)
    }
  }

  /** Looks whether a hint was missed, and tries again to watch what could not be watched; false: something is still missing, poll faster. */
  mend(): boolean {
    if (this.#isOtherConfig()) this.#handlers.onRoot('config.json')
    if (!this.#isTroubled) {
      this.#hasSaid = false
      return true
    }
    this.#isTroubled = false
    if (this.#own === undefined) this.#watchOwn()
    if (this.#queues === undefined) void this.#watchQueues()
    for (const sleeper of this.#sleepers.values()) sleeper.mend()
    return !this.#isTroubled
  }

  async close(): Promise<void> {
    for (const sleeper of this.#sleepers.values()) sleeper.close()
    this.#own?.close()
    await this.#queues?.close()
  }

  #watchOwn(): void {
    const onName = (name: string | null) => {
      if (name === 'queue') void this.#watchQueues()
      if (name === 'config.json') this.#isOtherConfig()
      if (name !== null && ROOT_NAMES.has(name)) this.#handlers.onRoot(name)
    }
    this.#own = watchPlainly(this.#root, onName, (error) => {
      this.#own = undefined
      this.#trouble('the root', error)
    })
  }

  /** Than when it was last looked at. The lock and `_paused` are looked at anyway. */
  #isOtherConfig(): boolean {
    const now = fileMark(within(toBytes(this.#root) as BytePath, 'config.json'))
    const isOther = now !== this.#config
    this.#config = now
    return isOther
  }

  /** Anew when `queue/` itself came or went: a watch stays on the directory that it was set on. One at a time. */
  #watchQueues(): Promise<void> {
    this.#renewal = this.#renewal.then(() => this.#renewWatch())
    return this.#renewal
  }

  async #renewWatch(): Promise<void> {
    const { watch } = await import('chokidar')
    await this.#queues?.close()
    const watcher = watch(join(this.#root, 'queue'), { depth: 0, ignoreInitial: true })
    this.#queues = watcher
    watcher.on('all', this.#handlers.onQueues)
    await new Promise<void>((resolve) => {
      watcher.once('ready', resolve)
      watcher.on('error', (error) => {
        if (this.#queues === watcher) this.#queues = undefined
        void watcher.close()
        this.#trouble('queue/', error)
        resolve()
      })
    })
    this.#handlers.onQueues()
  }

  #trouble(what: string, error: unknown): void {
    this.#isTroubled = true
    if (this.#hasSaid) return
    this.#hasSaid = true
    this.#handlers.onTrouble(`no watch on ${what}: ${errnoOf(error) ?? String(error)}`)
  }
}
