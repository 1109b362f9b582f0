/** The watches on one queue that has no worker: its waiting items, and what an administrator may switch. */
import { type FSWatcher, watch } from 'node:fs'
import { fsPath, type QueueDir, stateDir } from '../fsqueue/place.ts'
import { errnoOf } from '../os/errno.ts'
import type { FoundQueue } from './queues.ts'

export interface SleeperHandlers {
  readonly onHint: () => void
  readonly onError: (error: unknown) => void
}

export class Sleeper {
  readonly #path: string
  readonly #que: string
  readonly #quePath: string | Buffer
  readonly #switches: ReadonlySet<string>
  readonly #handlers: SleeperHandlers
  #items: FSWatcher | undefined
  #own: FSWatcher | undefined

  constructor(found: FoundQueue, dir: QueueDir, switches: readonly string[], handlers: SleeperHandlers) {
    this.#path = found.path
    this.#que = dir.dirs.que
    this.#quePath = fsPath(stateDir(dir, 'que'))
    this.#switches = new Set(switches)
    this.#handlers = handlers
    this.mend()
  }

  /** Is this still how that queue is to be watched? */
  isOf(found: FoundQueue, dir: QueueDir): boolean {
    return found.path === this.#path && dir.dirs.que === this.#que
  }

  /** Sets the watches that are not there. */
  mend(): void {
    this.#items ??= this.#watch(this.#quePath, this.#handlers.onHint)
    this.#own ??= this.#watch(this.#path, (name) => this.#onName(name))
  }

  close(): void {
    this.#items?.close()
    this.#own?.close()
  }

  #onName(name: string | null): void {
    if (name !== null && name !== this.#que && !this.#switches.has(name)) return
    // `que/` came, or was replaced: the old watch is on a directory that nobody drops into any more.
    if (name === null || name === this.#que) {
      this.#items?.close()
      this.#items = this.#watch(this.#quePath, this.#handlers.onHint)
    }
    this.#handlers.onHint()
  }

  #watch(path: string | Buffer, onName: (name: string | null) => void): FSWatcher | undefined {
    return watchPlainly(path, onName, (error) => {
      // A queue may vanish between the listing and the watch; the next listing says so.
      if (errnoOf(error) !== 'ENOENT') this.#handlers.onError(error)
    })
  }
}

/** undefined when the kernel gives no watch. */
export function watchPlainly(
  path: string | Buffer,
  onName: (name: string | null) => void,
  onError: (error: unknown) => void,
): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, (_event, name) => onName(name))
    return watcher.on('error', onError)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    onError(error)
    return undefined
  }
}
