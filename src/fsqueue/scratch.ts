/**
 * Where what is to be removed goes first: one rename into `_tmp/clean-…`, and from there it is removed in slices. Whatever
 * is found there later was decided upon, and its removal was cut short.
 */
import { displayName } from '../domain/name.ts'
import { QueueIoError } from './errors.ts'
import { rename } from './files.ts'
import { type BytePath, inQueue, look, makeDir, names, type QueueDir, requireDir } from './place.ts'
import { scanPages } from './scan.ts'
import { DEEPEST, openDir, removeOne, unlock } from './tree.ts'

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
  #count = 0
  #current = ''
  #told = 0
  /** The file system of what is being removed. */
  #dev = 0
  /** Renames so far. */
  moves = 0

  /** `stamp`: nobody else's, such as a new id. */
  constructor(queue: QueueDir, stamp: string, removal: Removal) {
    this.#queue = queue
    this.#name = `${PREFIX}${stamp}`
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
    if (depth === 0) this.#dev = stat.dev
    if (!stat.isDirectory()) {
      removeOne(path, stat)
      if (stat.nlink === 1) tally.bytes += stat.size
    } else if (stat.dev !== this.#dev) {
      // What a handler mounted there is not the queue's.
      this.#tell(path, 'another file system is mounted there')
      return
    } else if (depth >= DEEPEST) {
      const nearer = this.take(path)
      return nearer === undefined ? undefined : this.#remove(nearer, level, tally, 0)
    } else {
      // What a handler made read-only is its own to remove, as long as it is ours.
      if ((stat.mode & 0o700) !== 0o700) unlock(path)
      if (!(await this.#empty(path, level, tally, depth))) return
      removeOne(path, stat)
    }
    if (level === 0) tally.items += 1
  }

  /**
   * Is it empty now? A listing that is read while names go from it may miss some: again, as long as less is left each
   * time. Somebody who still writes into it would keep us here for ever.
   */
  async #empty(path: BytePath, level: number, tally: Tally, depth: number): Promise<boolean> {
    const dir = openDir(path)
    if (dir === undefined) return false
    const told = this.#told
    try {
      // A process of a handler may be in there still.
      dir.takeBack()
      for (let before = Number.POSITIVE_INFINITY; ; ) {
        for (const page of scanPages(dir.path, () => true)) {
          for (const name of page) await this.remove(dir.child(name), level - 1, tally, depth + 1)
        }
        const left = names(dir.path).length
        if (left === 0) return true
        if (left >= before) {
          if (told === this.#told) this.#tell(path, 'somebody writes into it')
          return false
        }
        before = left
      }
    } finally {
      dir.close()
    }
  }

  #next(): BytePath {
    const tmp = inQueue(this.#queue, '_tmp')
    makeDir(tmp)
    requireDir(tmp)
    this.#count += 1
    return inQueue(this.#queue, `_tmp/${this.#name}-${this.#count}`)
  }

  #complain(path: BytePath, error: unknown): void {
    if (!(error instanceof QueueIoError)) throw error
    this.#tell(path, `${error.operation} ${error.code}`)
  }

  #tell(path: BytePath, why: string): void {
    this.#told += 1
    // Inside a tree the path is a descriptor's, which tells nobody anything.
    const inside = /^\/proc\/self\/fd\/\d+\/(.*)$/s.exec(path)?.[1]
    const where = inside === undefined ? path : `${inside} in ${this.#current}`
    this.#removal.onProblem(`${displayName(where)} cannot be removed: ${why}`)
  }
}

/** Only of a real directory. */
export function tmpNames(queue: QueueDir): string[] {
  const tmp = inQueue(queue, '_tmp')
  return look(tmp)?.isDirectory() === true ? names(tmp) : []
}
