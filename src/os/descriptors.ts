/** How many files this process may still open. */
import { closeSync, openSync } from 'node:fs'
import { errnoOf } from './errno.ts'

/**
 * Can so many more be opened now? Tried, as the limit is not all: the machine has one of its own.
 * To be asked before a spawn with pipes: one that fails for want of its last descriptor (EMFILE) leaves the
 * pipes it had made open for ever (Node 20 to 24), so that each try makes the next less likely.
 */
export function hasDescriptors(count: number): boolean {
  const opened: number[] = []
  try {
    while (opened.length < count) opened.push(openSync('/dev/null', 'r'))
    return true
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  } finally {
    for (const fd of opened) closeSync(fd)
  }
}
