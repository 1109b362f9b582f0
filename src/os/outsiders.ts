/** Processes that left the group of the slot that started them: `timeout` and `setsid` do. Their environment tells. */
import { environmentOf, type ProcessStat } from './process.ts'

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
