/**
 * Where the workers before us stopped counting: what stands in `_stats/`, and in the last snapshot. Their clock may have
 * been another than ours is now.
 */
import { isRecord, parseJson } from '../domain/json.ts'
import type { Millis } from '../domain/name.ts'
import { dayFile, dayOf, decodeDay, decodeRecord, isWritten, type StatsRecord } from '../domain/stats.ts'
import { readRegular } from '../fsqueue/files.ts'
import { inQueue, type QueueDir } from '../fsqueue/place.ts'
import { readStatFile, statFiles } from '../fsqueue/stat-files.ts'

const LARGEST_STATUS = 16 * 1024 * 1024

export interface CountedBefore {
  /** Minutes that are in no file yet. */
  readonly unwritten: readonly StatsRecord[]
  /** When this was looked up. What came before it is counted until here; */
  readonly at: Millis
  readonly until: Millis
  /** and what came after it until here: by a worker whose clock was ahead. */
  readonly ahead: Millis
  /** Nothing is written of today. */
  readonly isNewDay: boolean
}

export const NOTHING_COUNTED: CountedBefore = { unwritten: [], at: 0, until: 0, ahead: 0, isNewDay: false }

export function countedBefore(queue: QueueDir, now: Millis): CountedBefore {
  const today = dayFile(now)
  const days = statFiles(queue)
    .filter((file) => dayOf(file) !== undefined)
    .toSorted()
  const snapshot = lastSnapshot(queue)
  const wanted = [...snapshot.map(({ from }) => dayFile(from)), days.findLast((day) => day <= today), days.at(-1)]
  const written = days
    .filter((day) => wanted.includes(day))
    .flatMap((day) => decodeDay(readStatFile(queue, day) ?? '').records)
  const unwritten = snapshot.filter((record) => !isWritten(record, written))
  const ends = [...written, ...unwritten].map(({ until }) => until)
  return {
    unwritten,
    at: now,
    until: latest(ends.filter((end) => end <= now)),
    ahead: latest(ends.filter((end) => end > now)),
    isNewDay: days.length > 0 && !days.includes(today),
  }
}

function latest(times: readonly Millis[]): Millis {
  return times.reduce((last, time) => Math.max(last, time), 0)
}

/** What the last worker here had counted when it last wrote its snapshot. */
function lastSnapshot(queue: QueueDir): StatsRecord[] {
  const reading = readRegular(inQueue(queue, '_status.json'), LARGEST_STATUS)
  const status = reading.kind === 'text' ? parseJson(reading.text) : undefined
  if (!isRecord(status) || !Array.isArray(status['history'])) return []
  return status['history'].flatMap((value: unknown) => decodeRecord(JSON.stringify(value)) ?? [])
}
