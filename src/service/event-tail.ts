/**
 * What happens in the queues and in the daemon, as it is written to their logs: asked again and again, it gives what is new.
 * Cheap while nothing happens: one look at an inode for each queue, and one at the directory of the queues.
 */
import { join } from 'node:path'
import { queuePath } from '../config/root.ts'
import type { Millis } from '../domain/name.ts'
import { type BytePath, toBytes } from '../fsqueue/place.ts'
import { type DirectoryMark, directoryMark } from '../fsqueue/scan.ts'
import type { EventKind } from '../log/events.ts'
import { DAEMON_LOG, encodeCursor, type LogPosition } from './event-cursor.ts'
import type { LogEntry } from './event-log.ts'
import { type Begin, EventSource, type Reading } from './event-source.ts'
import { queueNames } from './spool.ts'

/** Read for one answer, so that none takes long. */
const MOST_BYTES = 8 * 1024 * 1024

const SETTLED_MS = 1000

export interface TailOptions {
  /** None: all there are, also those that come later. */
  readonly queues: readonly string[]
  /** None: all. */
  readonly kinds: readonly EventKind[]
  /** From where, of logs that `after` says nothing of. `all`: from their beginning. */
  readonly begin: Begin | 'all'
  /** A decoded cursor. */
  readonly after?: ReadonlyMap<string, LogPosition>
}

export interface Polled {
  /** Of each queue in the order of its log; of several by time. */
  readonly events: readonly LogEntry[]
  /** There may be more at once. */
  readonly more: boolean
  /** Lines that are no event. */
  readonly skipped: number
  /** Logs of which something was rotated away before it was read. */
  readonly gaps: number
}

export class EventTail {
  readonly #root: string
  readonly #options: TailOptions
  readonly #since: Millis
  readonly #sources = new Map<string, EventSource>()
  #listed: DirectoryMark | undefined
  #turn = 0

  constructor(root: string, options: TailOptions) {
    this.#root = root
    this.#options = options
    this.#since = typeof options.begin === 'number' ? options.begin : Number.NEGATIVE_INFINITY
    this.#add(DAEMON_LOG, join(root, 'rqd.log'), undefined, options.begin)
    for (const name of options.queues) this.#add(name, this.#pathOf(name), name, options.begin)
    this.#list(options.begin)
  }

  /** What is new, at most so many events. */
  poll(limit: number): Polled {
    this.#list('all')
    const reading: Reading = {
      events: [], wants: (entry) => this.#wants(entry), limit, bytes: MOST_BYTES, skipped: 0, gaps: 0, more: false,
    } // biome-ignore format: a record
    const ordered: { readonly entry: LogEntry; readonly at: Millis }[] = []
    for (const source of this.#inTurn()) {
      const before = reading.events.length
      source.read(reading)
      ordered.push(...rising(reading.events.slice(before)))
      if (reading.more) break
    }
    const events = ordered.toSorted((a, b) => a.at - b.at).map(({ entry }) => entry)
    const { more, skipped, gaps } = reading
    return { events, more, skipped, gaps }
  }

  /** Where to go on (`decodeCursor`): what was polled so far is behind it. */
  cursor(): string {
    return encodeCursor(
      new Map([...this.#sources].flatMap(([log, { position }]) => (position === undefined ? [] : [[log, position]]))),
    )
  }

  /** A different log is the first each time: under a flood in one the others have their turn. */
  #inTurn(): EventSource[] {
    const all = [...this.#sources.values()]
    const first = this.#turn % Math.max(1, all.length)
    this.#turn += 1
    return [...all.slice(first), ...all.slice(0, first)]
  }

  #wants(entry: LogEntry): boolean {
    const { kinds, queues } = this.#options
    if (kinds.length > 0 && !kinds.includes(entry.kind)) return false
    if (queues.length > 0 && (entry.queue === null || !queues.includes(entry.queue))) return false
    return Date.parse(entry.time) >= this.#since
  }

  /** Queues that came and went; nothing is listed while the directory is as it was. */
  #list(begin: Begin | 'all'): void {
    if (this.#options.queues.length > 0) return
    const mark = directoryMark(toBytes(join(this.#root, 'queue')) as BytePath)
    if (mark !== undefined && mark.inode === this.#listed?.inode && mark.mtime === this.#listed.mtime) return
    // What comes within the same tick of the clock changes no time of the directory.
    const isSettled = mark !== undefined && BigInt(Date.now() - SETTLED_MS) * 1_000_000n > mark.mtime
    this.#listed = isSettled ? mark : undefined
    const names = new Set<string>(queueNames(this.#root))
    for (const name of names) if (!this.#sources.has(name)) this.#add(name, this.#pathOf(name), name, begin)
    for (const name of this.#sources.keys()) if (name !== DAEMON_LOG && !names.has(name)) this.#sources.delete(name)
  }

  #pathOf(name: string): string {
    return join(queuePath(this.#root, name), '_log')
  }

  #add(log: string, path: string, queue: string | undefined, begin: Begin | 'all'): void {
    const at = this.#options.after?.get(log)
    const source = new EventSource(toBytes(path) as BytePath, queue, at)
    // Of a log that a cursor does not know all is new.
    if (this.#options.after === undefined && begin !== 'all') source.begin(begin)
    this.#sources.set(log, source)
  }
}

/** A clock that was set back reorders nothing within a log. */
function rising(entries: readonly LogEntry[]): { readonly entry: LogEntry; readonly at: Millis }[] {
  let latest = Number.NEGATIVE_INFINITY
  return entries.map((entry) => {
    latest = Math.max(latest, Date.parse(entry.time))
    return { entry, at: latest }
  })
}
