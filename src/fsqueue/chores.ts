/** When a queue's chores are due. The times of their files are the memory: a worker may come and go between them. */
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
