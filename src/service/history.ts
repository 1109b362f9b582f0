/** A queue's history as it is on the disk: `_stats/`, and what its worker has not written yet. */
import type { Millis } from '../domain/name.ts'
import { DAY, dayFile, dayOf, decodeDay, decodeRecord, HOUR, isWritten, type StatsRecord } from '../domain/stats.ts'
import type { QueueDir } from '../fsqueue/place.ts'
import { endOfStatFile, readStatFile, statFileMark, statFiles } from '../fsqueue/stat-files.ts'
import { statusFile } from './worker-status.ts'

/** Sixty lines, with many buckets each. */
const LAST_HOUR_BYTES = 128 * 1024

/** All records that begin at `since` or later, or in whose span it lies. */
export function historyOf(queue: QueueDir, since: Millis): StatsRecord[] {
  const files = statFiles(queue).filter((file) => (dayOf(file) ?? Number.NEGATIVE_INFINITY) + DAY > since)
  const written = files.flatMap((file) => decodeDay(readStatFile(queue, file) ?? '').records)
  const unwritten = snapshotOf(queue).filter((record) => !isWritten(record, written))
  return [...written, ...unwritten].filter(({ from, span }) => from + span > since)
}

/** The minutes that its worker last had in mind. */
export function snapshotOf(queue: QueueDir): StatsRecord[] {
  return snapshotIn(statusFile(queue))
}

export function snapshotIn(status: Readonly<Record<string, unknown>> | undefined): StatsRecord[] {
  const history = status?.['history']
  if (!Array.isArray(history)) return []
  return history.flatMap((value: unknown) => decodeRecord(JSON.stringify(value)) ?? [])
}

/** The minutes of the last hour that are written, by a look at the ends of at most two files. */
export function lastHour(queue: QueueDir, now: Millis): StatsRecord[] {
  return hourFiles(now)
    .flatMap((file) => decodeDay(endOfStatFile(queue, file, LAST_HOUR_BYTES) ?? '').records)
    .filter(({ from, span }) => from + span > now - HOUR)
}

/** Another one when there may be more in them. */
export function lastHourKey(queue: QueueDir, now: Millis): string {
  return hourFiles(now)
    .map((file) => statFileMark(queue, file) ?? '')
    .join()
}

function hourFiles(now: Millis): string[] {
  return [...new Set([dayFile(now - HOUR), dayFile(now)])]
}
