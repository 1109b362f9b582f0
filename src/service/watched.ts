/** Is a directory still what it was when it was read? Its mark tells, unless it was read within a second of its last change. */
import type { BytePath } from '../fsqueue/place.ts'
import { type DirectoryMark, directoryMark } from '../fsqueue/scan.ts'

/** A directory changed within this of its scan may have changed behind it unseen. */
const MTIME_DOUBT_NS = 1_000_000_000n

export class Watched {
  #mark: DirectoryMark | undefined
  #isKnown = false

  isChanged(path: BytePath): boolean {
    return !this.#isKnown || !isSame(directoryMark(path), this.#mark)
  }

  /** To be called before it is read. */
  isRead(path: BytePath): void {
    this.#mark = directoryMark(path)
    this.#isKnown = this.#mark === undefined || BigInt(Date.now()) * 1_000_000n - this.#mark.mtime >= MTIME_DOUBT_NS
  }
}

function isSame(a: DirectoryMark | undefined, b: DirectoryMark | undefined): boolean {
  return a?.mtime === b?.mtime && a?.inode === b?.inode
}
