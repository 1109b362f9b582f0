/** How many items a state holds, counted again only when its directory changed. */
import type { State } from '../domain/item.ts'
import type { Millis } from '../domain/name.ts'
import { type QueueDir, stateDir } from '../fsqueue/place.ts'
import { countItems, type DirectoryMark, directoryMark, itemsOf } from '../fsqueue/scan.ts'

export const MOST_COUNTED = 100_000
/** What comes within one tick of the clock changes no time of a directory. */
const SETTLED: Millis = 1000

interface Counted {
  readonly mark: DirectoryMark
  readonly count: number
}

export class StateCounts {
  readonly #known = new Map<string, Counted>()

  /** Of a state that is not sorted into minutes. */
  of(queue: QueueDir, state: Exclude<State, 'done' | 'relayed'>): number {
    const dir = stateDir(queue, state)
    const mark = directoryMark(dir)
    if (mark === undefined) return 0
    const known = this.#known.get(dir)
    if (known !== undefined && known.mark.inode === mark.inode && known.mark.mtime === mark.mtime) return known.count
    const count = countItems(itemsOf(queue, state), MOST_COUNTED)
    if (BigInt(Date.now() - SETTLED) * 1_000_000n > mark.mtime) this.#known.set(dir, { mark, count })
    else this.#known.delete(dir)
    return count
  }
}
