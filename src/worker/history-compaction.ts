/** Old days of `_stats/` hour by hour, very old ones gone: once a day, one file at a time between other work. */
import { CARRIED, carried, decodeCarried, encodeCarried } from '../domain/carried.ts'
import type { Millis } from '../domain/name.ts'
import { compactDay, type DayFate, dayFate, dayOf, decodeDay, HOUR, type StatsPolicy } from '../domain/stats.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import type { QueueDir } from '../fsqueue/place.ts'
import { peekStatFile, readStatFile, removeStatFile, replaceStatFile, statFiles } from '../fsqueue/stat-files.ts'
import type { Worker } from './worker.ts'

const FIRST_LINE = 4096

export function compactStats(worker: Worker): void {
  const { queue, emit } = worker.options
  const step = (files: readonly string[]): void => {
    const [file, ...rest] = files
    if (file === undefined) return
    try {
      carryOut(queue, file, worker.config.stats)
      setImmediate(step, rest)
    } catch (error) {
      // Tomorrow is another day.
      if (!(error instanceof QueueIoError)) throw error
      const { operation, path, code } = error
      emit({ kind: 'disk-trouble', operation, path, code })
    }
  }
  // The oldest first: what is carried on counts for all days up to the last one of it.
  setImmediate(() => step(statFiles(queue).toSorted()))
}

function carryOut(queue: QueueDir, file: string, policy: StatsPolicy): void {
  const day = dayOf(file)
  const fate: DayFate = day === undefined ? 'keep' : dayFate(day, Date.now(), policy)
  switch (fate) {
    case 'keep':
      return
    case 'compact':
      compact(queue, file)
      return
    case 'remove':
      carryOn(queue, file, day ?? 0)
      removeStatFile(queue, file)
  }
}

/** What a day counted goes on in the sum of all days that are gone: on the disk before the day is. */
function carryOn(queue: QueueDir, file: string, day: Millis): void {
  const before = decodeCarried(readStatFile(queue, CARRIED) ?? '')
  const text = readStatFile(queue, file)
  // Carried already, by a worker that was killed before it removed the file.
  if (text === undefined || (before !== undefined && day <= before.through)) return
  replaceStatFile(queue, CARRIED, encodeCarried(carried(before, day, decodeDay(text).records)))
}

function compact(queue: QueueDir, file: string): void {
  const [first = ''] = (peekStatFile(queue, file, FIRST_LINE) ?? '').split('\n')
  // Done already: a file is replaced whole.
  if (decodeDay(first).records[0]?.span === HOUR) return
  const text = readStatFile(queue, file)
  if (text !== undefined) replaceStatFile(queue, file, compactDay(decodeDay(text)))
}
