/** When a queue without a worker wants one, though no item does: for its schedules, to be cleaned, to send alerts. */
import type { Millis } from '../domain/name.ts'
import { alertsDue, cleanDue } from '../fsqueue/chores.ts'
import { nextScheduled } from '../fsqueue/schedule-files.ts'
import type { FoundQueue, QueueSetup } from './queues.ts'

/** Ms since 1970; infinite when it has no chores, or no configuration that can be used. */
export function choresDue({ name }: FoundQueue, { dir, config }: QueueSetup, now: Millis): Millis {
  if (config === undefined) return Number.POSITIVE_INFINITY
  const { schedules, retention, alerts } = config
  // Also of a paused queue: what comes by itself waits there.
  return Math.min(nextScheduled(dir, schedules, now), cleanDue(dir, retention, now), alertsDue(dir, name, alerts, now))
}
