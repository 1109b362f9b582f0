/**
 * Where what is to be removed goes first: one rename into `_tmp/clean-…`, and from there it is removed in slices. Whatever
 * is found there later was decided upon, and its removal was cut short.
 */
import { displayName } from '../domain/name.ts'
import { QueueIoError } from './errors.ts'
import { removeEmptyDir, rename } from './files.ts'
import { type BytePath, inQueue, look, makeDir, names, type QueueDir, requireDir, within } from './place.ts'
import { scanPages } from './scan.ts'
import { DEEPEST, openDir, removeOne } from './tree.ts'

const PREFIX = 'clean-'

/** What was removed of one kind. `bytes`: of files that had no other name. */
export interface Tally {
  items: number
  bytes: number
}

export interface Removal {
  /** Called after each step; may wait. Throws when the caller is to stop. */
  readonly pace: () => Promise<void>
  /** What could not be removed stays where it is by then. */
  readonly onProblem: (text: string) => void
}

export class Scratch {
  readonly #queue: QueueDir
  readonly #name: string
  readonly #removal: Removal
  #made = false
  #count = 0
  #current = ''
  /** Renames so far. */
  moves = 0

  /** `stamp`: nobody else's, such as a new id. */
  constructor(queue: QueueDir, stamp: string, removal: Removal) {
    this.#queue = queue
    this.#name = `_tmp/${PREFIX}${stamp}`
    this.#removal = removal
  }

  /** Leftovers of cleaners that were killed. */
  static leftovers(queue: QueueDir): BytePath[] {
    return tmpNames(queue)
      .filter((name) => name.startsWith(PREFIX))
      .map((name) => inQueue(queue, `_tmp/${name}`))
  }

  /** Takes something away from where people see it: its new place, or undefined when it was gone or cannot be moved. */
  take(path: BytePath): BytePath | undefined {
    try {
      const to = this.#next()
      if (rename(path, to) === 'gone') return undefined
      this.moves += 1
      return to
    } catch (error) {
      this.#complain(path, error)
      return undefined
    }
  }

  /**
   * Removes a tree, what can be removed of it. `level`: how many directories are above the items in it; they are
   * counted in `tally`.
   */
  async remove(path: BytePath, level: number, tally: Tally, depth = 0): Promise<void> {
    if (depth === 0) this.#current = path
    try {
      await this.#remove(path, level, tally, depth)
    } catch (error) {
      this.#complain(path, error)
    }
    await this.#removal.pace()
  }

  async #remove(path: BytePath, level: number, tally: Tally, depth: number): Promise<void> {
    const stat = look(path)
    if (stat === undefined) return
    if (!stat.isDirectory()) {
      removeOne(path, stat)
      if (stat.nlink === 1) tally.bytes += stat.size
    } else if (depth >= DEEPEST) {
      const nearer = this.take(path)
      return nearer === undefined ? undefined : this.#remove(nearer, level, tally, 0)
    } else {
      if (!(await this.#empty(path, level, tally, depth))) return
      removeOne(path, stat)
    }
    if (level === 0) tally.items += 1
  }

  /** Is it empty now? A listing that is read while names go from it may miss some: again, as long as it helps. */
  async #empty(path: BytePath, level: number, tally: Tally, depth: number): Promise<boolean> {
    const dir = openDir(path)
    if (dir === undefined) return false
    try {
      for (let before = -1, left = 0; left !== before; ) {
        before = left
        for (const page of scanPages(dir.path, () => true)) {
          for (const name of page) await this.remove(dir.child(name), level - 1, tally, depth + 1)
        }
        left = names(dir.path).length
        if (left === 0) return true
      }
      return false
    } finally {
      dir.close()
    }
  }

  /** Nothing is left of it, unless something could not be removed. */
  close(): void {
    if (this.#made) removeEmptyDir(inQueue(this.#queue, this.#name))
  }

  #next(): BytePath {
    const dir = inQueue(this.#queue, this.#name)
    if (!this.#made) {
      const tmp = inQueue(this.#queue, '_tmp')
      makeDir(tmp)
      requireDir(tmp)
      makeDir(dir)
      this.#made = true
    }
    this.#count += 1
    return within(dir, String(this.#count))
  }

  #complain(path: BytePath, error: unknown): void {
    if (!(error instanceof QueueIoError)) throw error
    // Inside a tree the path is a descriptor's, which tells nobody anything.
    const inside = /^\/proc\/self\/fd\/\d+\/(.*)$/s.exec(path)?.[1]
    const where = inside === undefined ? path : `${inside} in ${this.#current}`
    this.#removal.onProblem(`${displayName(where)} cannot be removed: ${error.operation} ${error.code}`)
  }
}

/** Only of a real directory. */
export function tmpNames(queue: QueueDir): string[] {
  const tmp = inQueue(queue, '_tmp')
  return look(tmp)?.isDirectory() === true ? names(tmp) : []
}
