/** One process at a time does a chore of a queue; the lock's time tells the next one when that was. */
import { closeSync, futimesSync } from 'node:fs'
import { join } from 'node:path'
import { queuePath } from '../config/root.ts'
import { errnoOf } from '../os/errno.ts'
import { tryLock } from '../os/lock.ts'
import { type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import type { Queue } from './spool.ts'

export interface ChoreLock {
  /** The chore was done now, or begun. */
  touch(): void
  close(): void
}

/** `taken`: what to say when another one has it. */
export function lockChore(context: Context, queue: Queue, name: string, taken: string): ChoreLock | Problem {
  const path = join(queuePath(context.root, queue.name), name)
  try {
    const fd = tryLock(path)
    if (fd === undefined) return problem('busy', taken)
    const touch = () => futimesSync(fd, context.now() / 1000, context.now() / 1000)
    touch()
    return { touch, close: () => closeSync(fd) }
  } catch (error) {
    // Another user's, for one: root was here by hand.
    if (errnoOf(error) === undefined || !(error instanceof Error)) throw error
    return problem('failed', `${path} cannot be locked: ${error.message}`)
  }
}
