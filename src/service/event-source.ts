/** One log and how far it was read: through its rotation, and never beyond its last whole line. */
import type { Millis } from '../domain/name.ts'
import { isSameLog, type LogMark, logMark, olderLog, readLog } from '../fsqueue/log-files.ts'
import type { BytePath } from '../fsqueue/place.ts'
import type { LogPosition } from './event-cursor.ts'
import { type LogEntry, offsetSince, readEntry } from './event-log.ts'

/** Read at once; no line of ours is longer. */
const CHUNK = 256 * 1024
const NEWLINE = 10

/** `end`: what comes from now on; a time: what was written then or later. */
export type Begin = 'end' | Millis

/** What a reading takes: as much as it may, and what it wants. */
export interface Reading {
  readonly events: LogEntry[]
  readonly wants: (entry: LogEntry) => boolean
  readonly limit: number
  /** Bytes that may still be read. */
  bytes: number
  /** Lines that are no event. */
  skipped: number
  /** Logs of which something was rotated away unread. */
  gaps: number
  /** The limit was reached: there may be more. */
  more: boolean
}

export class EventSource {
  readonly #path: BytePath
  readonly #queue: string | undefined
  #at: LogPosition | undefined

  /** `queue`: undefined for the daemon's. `at`: undefined to read all that there is. */
  constructor(path: BytePath, queue: string | undefined, at: LogPosition | undefined) {
    this.#path = path
    this.#queue = queue
    this.#at = at
  }

  get position(): LogPosition | undefined {
    return this.#at
  }

  begin(begin: Begin): void {
    const current = logMark(this.#path)
    if (begin === 'end') {
      if (current !== undefined) this.#at = { ...current, offset: current.size }
      return
    }
    const older = logMark(olderLog(this.#path))
    if (older !== undefined && older.written >= begin)
      this.#at = start(older, offsetSince(olderLog(this.#path), older, begin))
    else if (current !== undefined) this.#at = start(current, offsetSince(this.#path, current, begin))
  }

  /** A look at one inode when nothing has come. */
  read(reading: Reading): void {
    while (reading.events.length < reading.limit && reading.bytes > 0) {
      if (this.#step(reading) === 'done') return
    }
    reading.more = true
  }

  /** One piece of the file that is due, or the turn to the next one. */
  #step(reading: Reading): 'done' | 'again' {
    const current = logMark(this.#path)
    const at = this.#at
    if (at !== undefined && current !== undefined && isSameLog(current, at)) {
      // Cut to nothing by hand, and written anew.
      if (current.size < at.offset) this.#at = start(current, 0)
      else if (current.size === at.offset) return 'done'
      return this.#take(this.#path, reading, false)
    }
    const older = logMark(olderLog(this.#path))
    if (at !== undefined && older !== undefined && isSameLog(older, at) && at.offset < older.size)
      // What nobody will write on any more ends here, whole or torn.
      return this.#take(olderLog(this.#path), reading, true)
    const isUnread = older !== undefined && (at === undefined || !isSameLog(older, at))
    const next = isUnread ? older : current
    if (next === undefined) return 'done'
    if (at !== undefined && isUnread) reading.gaps += 1
    this.#at = start(next, 0)
    return 'again'
  }

  #take(path: BytePath, reading: Reading, isClosed: boolean): 'done' | 'again' {
    const at = this.#at
    const data = at === undefined ? undefined : readLog(path, at, at.offset, Math.min(CHUNK, reading.bytes))
    // Renamed between two looks: the next one sees where it is.
    if (at === undefined || data === undefined || data.length === 0) return 'done'
    reading.bytes -= data.length
    const end = data.lastIndexOf(NEWLINE) + 1
    // A line without an end is left for later, unless nothing more can come, or it is nobody's by its length.
    if (end === 0 && !isClosed && data.length < CHUNK) return 'done'
    const used = end === 0 ? data.length : this.#lines(data.subarray(0, end), reading)
    if (end === 0) reading.skipped += 1
    this.#at = { ...at, offset: at.offset + used }
    return 'again'
  }

  /** How many bytes were used: as many as the limit allows. */
  #lines(data: Buffer, reading: Reading): number {
    let from = 0
    while (from < data.length && reading.events.length < reading.limit) {
      const end = data.indexOf(NEWLINE, from)
      const line = data.toString('utf8', from, end)
      from = end + 1
      if (line === '') continue
      const entry = readEntry(line, this.#queue)
      if (entry === undefined) reading.skipped += 1
      else if (reading.wants(entry)) reading.events.push(entry)
    }
    return from
  }
}

function start({ inode, born }: LogMark, offset: number): LogPosition {
  return { inode, born, offset }
}
