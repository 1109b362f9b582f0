/** A queue's history as it is on the disk: `_stats/`, and what its worker has not written yet. */
import { isRecord, parseJson } from '../domain/msg.ts'
import type { Millis } from '../domain/name.ts'
import { DAY, dayOf, decodeDay, decodeRecord, isWritten, type StatsRecord } from '../domain/stats.ts'
import { readRegular } from '../fsqueue/files.ts'
import { inQueue, type QueueDir } from '../fsqueue/place.ts'
import { readStatFile, statFiles } from '../fsqueue/stat-files.ts'

const LARGEST_STATUS = 16 * 1024 * 1024

/** All records that begin at `since` or later, or in whose span it lies. */
export function historyOf(queue: QueueDir, since: Millis): StatsRecord[] {
  const files = statFiles(queue).filter((file) => (dayOf(file) ?? Number.NEGATIVE_INFINITY) + DAY > since)
  const written = files.flatMap((file) => decodeDay(readStatFile(queue, file) ?? '').records)
  const unwritten = snapshotOf(queue).filter((record) => !isWritten(record, written))
  return [...written, ...unwritten].filter(({ from, span }) => from + span > since)
}

/** The minutes that its worker last had in mind. */
export function snapshotOf(queue: QueueDir): StatsRecord[] {
  const reading = readRegular(inQueue(queue, '_status.json'), LARGEST_STATUS)
  const status = reading.kind === 'text' ? parseJson(reading.text) : undefined
  if (!isRecord(status) || !Array.isArray(status['history'])) return []
  return status['history'].flatMap((value: unknown) => decodeRecord(JSON.stringify(value)) ?? [])
}
