/** Syncs of many moves at once: each directory once, those that items went to before those that they left. */
import { QueueIoError } from '../fsqueue/errors.ts'
import type { BytePath } from '../fsqueue/place.ts'
import { syncInOrder } from '../fsqueue/sync.ts'

/** So many moves share a sync; what is not yet acknowledged stays few. */
const FULL = 256

export class SyncGroup {
  #targets = new Set<BytePath>()
  #sources = new Map<BytePath, () => void>()
  #moves = 0

  get isFull(): boolean {
    return this.#moves >= FULL
  }

  /** `after`: what may be done once the source is on the disk; the last of each source counts. */
  add(targets: readonly BytePath[], source: BytePath, after: () => void): void {
    for (const target of targets) this.#targets.add(target)
    this.#sources.set(source, after)
    this.#moves += 1
  }

  /** What went wrong, in words; then nothing of the group is known to be on the disk. */
  async flush(): Promise<string | undefined> {
    const [targets, sources] = [this.#targets, this.#sources]
    this.#targets = new Set()
    this.#sources = new Map()
    this.#moves = 0
    if (sources.size === 0) return undefined
    try {
      await syncInOrder([...targets, ...[...sources.keys()].filter((source) => !targets.has(source))])
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      return error.message
    }
    for (const after of sources.values()) after()
    return undefined
  }
}
