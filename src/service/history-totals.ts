/** All that a queue ever counted: what is kept, what was carried on from days that are gone, and what is not written yet. */
import { CARRIED, decodeCarried, sumOf } from '../domain/carried.ts'
import { dayOf, decodeDay, isWritten, type StatsRecord, type Written } from '../domain/stats.ts'
import type { QueueDir } from '../fsqueue/place.ts'
import { readStatFile, statFileMark, statFiles } from '../fsqueue/stat-files.ts'
import { snapshotOf } from './history.ts'

interface Summed {
  /** Tells that the file is as it was. */
  readonly mark: string
  readonly sum: StatsRecord
  readonly lines: readonly Written[]
}

/** Asked again, it reads only the files that changed: of all days but today none does. */
export class HistoryTotals {
  readonly #queues = new Map<string, Map<string, Summed>>()

  of(queue: QueueDir): StatsRecord {
    const before = this.#queues.get(queue.base) ?? new Map<string, Summed>()
    const gone = decodeCarried(readStatFile(queue, CARRIED) ?? '')
    const days = new Map<string, Summed>()
    for (const file of statFiles(queue)) {
      const day = dayOf(file)
      if (day === undefined || (gone !== undefined && day <= gone.through)) continue
      const summed = summedNow(queue, file, before.get(file))
      if (summed !== undefined) days.set(file, summed)
    }
    this.#queues.set(queue.base, days)
    const lines = [...days.values()].flatMap((one) => one.lines)
    const unwritten = snapshotOf(queue).filter((record) => !isWritten(record, lines))
    return sumOf([...(gone === undefined ? [] : [gone.sum]), ...[...days.values()].map(({ sum }) => sum), ...unwritten])
  }
}

function summedNow(queue: QueueDir, file: string, before: Summed | undefined): Summed | undefined {
  const mark = statFileMark(queue, file)
  if (mark === undefined || mark === before?.mark) return before?.mark === mark ? before : undefined
  const { records } = decodeDay(readStatFile(queue, file) ?? '')
  return { mark, sum: sumOf(records), lines: records.map(({ from, span, until }) => ({ from, span, until })) }
}
