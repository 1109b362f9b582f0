/** Processes that left the group of the slot that started them: `timeout` and `setsid` do. Their environment tells. */
import { statSync } from 'node:fs'
import { errnoOf } from './errno.ts'
import { environmentOf, type ProcessStat } from './process.ts'
import { fileKey } from './writers.ts'

/** As `outsidersByAttempt` names attempts. */
export function attemptKey(id: string, attempt: number | string | undefined): string {
  return `${id} ${attempt}`
}

/** By attempt; of `all` those that began at `since` (ticks) or later, and are in none of these groups. */
export function outsidersByAttempt(
  all: readonly ProcessStat[],
  since: number,
  groups: { has(group: number): boolean },
): Map<string, ProcessStat[]> {
  const found = new Map<string, ProcessStat[]>()
  for (const stat of all) {
    if (stat.start < since || groups.has(stat.group)) continue
    const id = environmentOf(stat.pid, 'RQ_MSG_ID')
    if (id === undefined) continue
    const key = attemptKey(id, environmentOf(stat.pid, 'RQ_ATTEMPT'))
    found.set(key, [...(found.get(key) ?? []), stat])
  }
  return found
}

/**
 * Does it work for an item of another queue than this (`dev:ino` of its directory)? Items of two queues may have one
 * id: people give the same, and so do schedules of one name. Of a process whose item is gone, or went with its queue to
 * another name, nobody knows: false.
 */
export function isElsewhere(pid: number, queue: string): boolean {
  const job = environmentOf(pid, 'RQ_MSG_DIR')
  if (job === undefined) return false
  try {
    return fileKey(statSync(Buffer.from(`${job}/../../..`, 'latin1'))) !== queue
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}
