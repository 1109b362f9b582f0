/** `_alerts.json`: what was said when, and what is on its way to the alerts queue. Droppable, and read with suspicion. */
import type { Alert } from '../domain/alert-text.ts'
import { type AlertPolicy, parseSaid, type Said } from '../domain/alerts.ts'
import { isRecord, parseJson } from '../domain/json.ts'
import { type ItemId, type Millis, parseItemId } from '../domain/name.ts'
import { ALERTS_FILE, MOST_ALERT_BYTES } from '../fsqueue/chores.ts'
import { readRegular, removeFile, rename, writeNew } from '../fsqueue/files.ts'
import { inQueue, makeDir, type QueueDir } from '../fsqueue/place.ts'

/** An item of the alerts queue that may not be there yet: its id is known before it is published. */
export interface Outgoing {
  readonly id: ItemId
  readonly to: string
  readonly alert: Alert
}

export interface Memory {
  readonly said: Said
  readonly outgoing: readonly Outgoing[]
}

/** An alerts queue that takes nothing must not fill the disk by that. */
const MOST_OUTGOING = 200

export function readMemory(queue: QueueDir, policy: AlertPolicy, now: Millis): Memory {
  const reading = readRegular(inQueue(queue, ALERTS_FILE), MOST_ALERT_BYTES)
  const value = reading.kind === 'text' ? parseJson(reading.text) : undefined
  const outgoing = isRecord(value) && Array.isArray(value['outgoing']) ? value['outgoing'].filter(isOutgoing) : []
  return { said: parseSaid(isRecord(value) ? value['said'] : undefined, policy.every, now), outgoing }
}

function isOutgoing(value: unknown): value is Outgoing {
  if (!isRecord(value)) return false
  const { id, to, alert } = value
  return typeof id === 'string' && parseItemId(id) !== undefined && typeof to === 'string' && isRecord(alert)
}

export function writeMemory(queue: QueueDir, memory: Memory): void {
  makeDir(inQueue(queue, '_tmp'))
  const fresh = inQueue(queue, '_tmp/alerts.new')
  removeFile(fresh)
  writeNew(fresh, `${JSON.stringify({ ...memory, outgoing: memory.outgoing.slice(-MOST_OUTGOING) })}\n`)
  rename(fresh, inQueue(queue, ALERTS_FILE))
}
