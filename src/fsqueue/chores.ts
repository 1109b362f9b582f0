/** When a queue's chores are due. The times of their files are the memory: a worker may come and go between them. */
import type { AlertPolicy } from '../domain/alerts.ts'
import type { Millis } from '../domain/name.ts'
import { hasRetention, type RetentionPolicy } from '../domain/retention.ts'
import { inQueue, look, type QueueDir } from './place.ts'

/** Held by the one cleaner of a queue; its time is when that began or ended. */
export const CLEAN_LOCK = '_clean.lock'
const SHORTEST: Millis = 1000

/** Ms since 1970; infinite for a queue that keeps everything. */
export function cleanDue(queue: QueueDir, policy: RetentionPolicy): Millis {
  if (!hasRetention(policy)) return Number.POSITIVE_INFINITY
  return (look(inQueue(queue, CLEAN_LOCK))?.mtimeMs ?? 0) + Math.max(SHORTEST, policy.every)
}

/** Held by whoever says what there is to say about a queue; its time is when that began. */
export const ALERTS_LOCK = '_alerts.lock'

/** Ms since 1970; infinite where nobody is told, and for the queue of the alerts themselves. */
export function alertsDue(queue: QueueDir, name: string, policy: AlertPolicy): Millis {
  if (policy.to.length === 0 || policy.queue === name) return Number.POSITIVE_INFINITY
  return (look(inQueue(queue, ALERTS_LOCK))?.mtimeMs ?? 0) + Math.max(SHORTEST, policy.every)
}
