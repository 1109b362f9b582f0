/** When a queue's chores are due. The times of their files are the memory: a worker may come and go between them. */
import { type AlertPolicy, mustLook, parseSaid } from '../domain/alerts.ts'
import { isRecord, parseJson } from '../domain/json.ts'
import type { Millis } from '../domain/name.ts'
import { hasRetention, type RetentionPolicy } from '../domain/retention.ts'
import { readRegular } from './files.ts'
import { inQueue, look, type QueueDir, stateDir } from './place.ts'

/** Held by the one cleaner of a queue; its time is when that began or ended. */
export const CLEAN_LOCK = '_clean.lock'
const SHORTEST: Millis = 1000

/** Ms since 1970; infinite for a queue that keeps everything. */
export function cleanDue(queue: QueueDir, policy: RetentionPolicy, now: Millis): Millis {
  if (!hasRetention(policy)) return Number.POSITIVE_INFINITY
  return lastTime(queue, CLEAN_LOCK, now) + Math.max(SHORTEST, policy.every)
}

/** A clock that was set back must not put off a chore for long. */
function lastTime(queue: QueueDir, name: string, now: Millis): Millis {
  return Math.min(now, look(inQueue(queue, name))?.mtimeMs ?? 0)
}

/** Held by whoever says what there is to say about a queue; its time is when that began. */
export const ALERTS_LOCK = '_alerts.lock'
export const ALERTS_FILE = '_alerts.json'
export const MOST_ALERT_BYTES = 32 * 1024 * 1024

/**
 * Ms since 1970; infinite where nobody is told, for the queue of the alerts themselves, and while nothing is known that
 * would have to be said.
 */
export function alertsDue(queue: QueueDir, name: string, policy: AlertPolicy, now: Millis): Millis {
  if (policy.to.length === 0 || policy.queue === name) return Number.POSITIVE_INFINITY
  if (!mustLook(policy) && !mayHaveNews(queue, policy, now)) return Number.POSITIVE_INFINITY
  return lastTime(queue, ALERTS_LOCK, now) + Math.max(SHORTEST, policy.every)
}

/** Something failed that was not said, something stands that was, or something said has not arrived. */
function mayHaveNews(queue: QueueDir, policy: AlertPolicy, now: Millis): boolean {
  const reading = readRegular(inQueue(queue, ALERTS_FILE), MOST_ALERT_BYTES)
  const value = reading.kind === 'text' ? parseJson(reading.text) : undefined
  const said = parseSaid(isRecord(value) ? value['said'] : undefined, policy.every, now)
  const failed = (look(stateDir(queue, '_err'))?.mtimeMs ?? 0) > said.failuresUntil
  const stands = Object.values(said.standing).some(({ over }) => !over)
  const outgoing = isRecord(value) ? value['outgoing'] : undefined
  const isDown = policy.down && look(inQueue(queue, '_down')) !== undefined
  return (
    (failed && (policy.failed || policy.gaveUp)) || stands || isDown || (Array.isArray(outgoing) && outgoing.length > 0)
  )
}
