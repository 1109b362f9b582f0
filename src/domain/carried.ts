/**
 * What days counted whose history is gone: `_stats/carried.json`. With it the sums of a queue never get smaller, which is
 * what a counter of Prometheus promises. Pure.
 */
import { isRecord, parseJson } from './json.ts'
import type { Millis } from './name.ts'
import { DAY, dayFile, dayOf, decodeRecord, emptyTally, encodeRecord, mergeRecords, type StatsRecord } from './stats.ts'

export const CARRIED = 'carried.json'

export interface Carried {
  /** The last day of it, by its beginning: files of it and of earlier days count no more. */
  readonly through: Millis
  readonly sum: StatsRecord
}

export function sumOf(records: readonly StatsRecord[], from: Millis = 0): StatsRecord {
  const nothing: StatsRecord = { ...emptyTally(from), from }
  return records.reduce(mergeRecords, nothing)
}

export function carried(before: Carried | undefined, day: Millis, records: readonly StatsRecord[]): Carried {
  return { through: day, sum: sumOf(before === undefined ? records : [before.sum, ...records], day) }
}

export function encodeCarried({ through, sum }: Carried): string {
  // Of a sum only what was counted and measured is of interest.
  const record = encodeRecord({ ...sum, from: through, span: DAY, until: through + DAY })
  return `${JSON.stringify({ through: dayFile(through).slice(0, 8), sum: parseJson(record) })}\n`
}

/** undefined: there is none, or none of ours. */
export function decodeCarried(text: string): Carried | undefined {
  const value = parseJson(text)
  if (!isRecord(value) || typeof value['through'] !== 'string') return undefined
  const through = dayOf(`${value['through']}.jsonl`)
  const sum = decodeRecord(JSON.stringify(value['sum'] ?? null))
  return through === undefined || sum === undefined ? undefined : { through, sum }
}
