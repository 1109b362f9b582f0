/** What stands in a log: events of the closed union (log/events.ts), one JSON object a line. */
import { isRecord, parseJson } from '../domain/json.ts'
import type { Millis } from '../domain/name.ts'
import { type LogFile, type LogMark, logMark, readLog } from '../fsqueue/log-files.ts'
import { type BytePath, inQueue, type QueueDir } from '../fsqueue/place.ts'
import { type EventKind, LEVELS, type Level } from '../log/events.ts'

/** As it was written, with the queue that it is about. What it says beside these hangs on its kind. */
export interface LogEntry {
  /** ISO 8601. */
  readonly time: string
  readonly level: Level
  readonly kind: EventKind
  /** null: of the daemon itself. */
  readonly queue: string | null
  readonly [field: string]: unknown
}

/** A longer line is nobody's. */
const LONGEST_LINE = 256 * 1024
/** So much of a log's end is looked through for its last words. */
const LAST_WORDS = 64 * 1024

/** undefined: torn, or not ours, or of a newer program. `queue`: of the log, unless it is the daemon's. */
export function readEntry(line: string, queue: string | undefined): LogEntry | undefined {
  if (line.length > LONGEST_LINE) return undefined
  const fields = parseJson(line)
  if (!isRecord(fields)) return undefined
  const { time, kind, level, queue: about, ...says } = fields
  if (typeof kind !== 'string' || !isEventKind(kind)) return undefined
  if (typeof time !== 'string' || Number.isNaN(Date.parse(time))) return undefined
  const known = Object.values(LEVELS).find((one) => one === level) ?? LEVELS[kind]
  return { time, level: known, kind, queue: queue ?? (typeof about === 'string' ? about : null), ...says }
}

export function isEventKind(word: string): word is EventKind {
  return Object.hasOwn(LEVELS, word)
}

/** The last events of a queue, as far as they stand near the end of its log. */
export function lastEvents(queue: QueueDir, name: string, bytes: number): LogEntry[] {
  const path = inQueue(queue, '_log')
  const mark = logMark(path)
  if (mark === undefined) return []
  const from = Math.max(0, mark.size - bytes)
  const text = readLog(path, mark, from, bytes)?.toString() ?? ''
  return text.split('\n').flatMap((line) => readEntry(line, name) ?? [])
}

export function lastEvent(queue: QueueDir, name: string, kinds: readonly EventKind[]): LogEntry | undefined {
  return lastEvents(queue, name, LAST_WORDS).findLast(({ kind }) => kinds.includes(kind))
}

const STEP = 16 * 1024

/** Where the first line stands that was written at `since` or later, by halving: lines stand in the order of their times. */
export function offsetSince(path: BytePath, mark: LogMark, since: Millis): number {
  let low = 0
  let high = mark.size
  while (high - low > STEP) {
    const middle = Math.floor((low + high) / 2)
    const found = timeAfter(path, mark, middle)
    if (found === undefined || found >= since) high = middle
    else low = middle
  }
  // A line begins behind a newline, or with the file.
  return low === 0 ? 0 : low + newlineIn(readLog(path, mark, low, LONGEST_LINE))
}

function newlineIn(data: Buffer | undefined): number {
  return (data?.indexOf(10) ?? -1) + 1
}

/** The time of the first whole line behind an offset. */
function timeAfter(path: BytePath, file: LogFile, offset: number): Millis | undefined {
  const text = readLog(path, file, offset, STEP)?.toString() ?? ''
  for (const line of text.split('\n').slice(1, -1)) {
    const entry = readEntry(line, undefined)
    if (entry !== undefined) return Date.parse(entry.time)
  }
  return undefined
}
