/** When a queue without a worker wants one, though no item does. */
import { basename } from 'node:path'
import { loadQueueConfig, type RootConfig } from '../config/config.ts'
import type { Millis } from '../domain/name.ts'
import { alertsDue, cleanDue } from '../fsqueue/chores.ts'
import type { QueueDir } from '../fsqueue/place.ts'

/** Ms since 1970; infinite when it has no chores, or no configuration that can be used. */
export function choresDue(path: string, queue: QueueDir, root: RootConfig, now: Millis): Millis {
  const loaded = loadQueueConfig(path, root)
  if (loaded.kind === 'bad') return Number.POSITIVE_INFINITY
  const { retention, alerts } = loaded.config
  return Math.min(cleanDue(queue, retention, now), alertsDue(queue, basename(path), alerts, now))
}
