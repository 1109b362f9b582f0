import { rmSync } from 'node:fs'
import { errnoOf } from '../../src/os/errno.ts'

/** Removes a directory that others still write into, as a person would: again, until it is gone. */
export function removeWhileWritten(path: string, deadlineMs = 10_000): void {
  const deadline = performance.now() + deadlineMs
  for (;;) {
    try {
      rmSync(path, { recursive: true, force: true })
      return
    } catch (error) {
      if (errnoOf(error) !== 'ENOTEMPTY' || performance.now() > deadline) throw error
    }
  }
}
