/** Does a daemon run on this root? Asked without disturbing one that is just starting. */
import { closeSync } from 'node:fs'
import { errnoOf } from '../os/errno.ts'
import { livingHolder, lockPath, readHolder } from '../os/holder.ts'
import { bootId } from '../os/process.ts'

export async function daemonRuns(root: string): Promise<boolean> {
  if (livingHolder(root) !== undefined) return true
  const holder = readHolder(root)
  // No note: it was stopped in order. Another boot: whatever it was, it is over.
  if (holder === undefined || holder.boot !== bootId()) return false
  // It died without a word, or it lives where we see no processes, as in a container: its lock tells.
  const { tryLock } = await import('../os/lock.ts')
  try {
    const fd = tryLock(lockPath(root))
    if (fd === undefined) return true
    closeSync(fd)
  } catch (error) {
    // A read-only mount, for one. Nothing that can be seen from here holds it.
    if (errnoOf(error) === undefined) throw error
  }
  return false
}
