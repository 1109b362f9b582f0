/**
 * What happened in this queue, counted: an increment for each event, and one line in `_stats/` for each minute in which
 * something happened or waited (domain/stats.ts, docs/STATS.md). Nothing is decided by it, and no work waits for it.
 */

import type { Entry } from '../domain/entry.ts'
import { parseJson } from '../domain/json.ts'
import { idTime, type Millis, type RawName } from '../domain/name.ts'
import {
  type Counter, count, dayFile, emptyTally, encodeRecord, MINUTE, measure, type StatsRecord,
  startOf, type Tally,
} from '../domain/stats.ts' // biome-ignore format: one import
import { QueueIoError } from '../fsqueue/errors.ts'
import type { Moved } from '../fsqueue/move.ts'
import { look, place } from '../fsqueue/place.ts'
import { appendStats } from '../fsqueue/stat-files.ts'
import { compactStats } from './history-compaction.ts'
import { type CountedBefore, countedBefore, NOTHING_COUNTED } from './history-recovery.ts'
import type { Settled } from './verdict.ts'
import type { Worker } from './worker.ts'

/** Minutes kept while the disk refuses them. */
const MOST_UNWRITTEN = 1440
/** Dropped files that a scan looks at for their age. */
const MOST_LOOKS = 1000
const MOST_EXPECTED = 10_000

export class History {
  readonly #worker: Worker
  #tally: Tally = emptyTally(0)
  #before: StatsRecord | undefined
  #counted: CountedBefore = NOTHING_COUNTED
  readonly #unwritten: StatsRecord[] = []
  #isRefused = false
  #looks = 0
  /** Names that we put back into que/ ourselves, and of which the watch will tell. */
  readonly #expected = new Set<RawName>()
  #timer: NodeJS.Timeout | undefined

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Goes on where the worker before us stopped counting. */
  open(): void {
    try {
      this.#counted = countedBefore(this.#worker.options.queue, Date.now())
      this.#unwritten.push(...this.#counted.unwritten)
      // A worker may be gone again before its first line of the day is written.
      if (this.#counted.isNewDay) compactStats(this.#worker)
    } catch (error) {
      this.#refused(error)
    }
    this.#write()
    process.once('exit', () => {
      this.#flush(Date.now())
      this.#write()
    })
  }

  /** A name appeared in que/, and it was not we who put it there. */
  arrived(raw: RawName): void {
    if (this.#expected.delete(raw) || this.#isMarker(raw)) return
    this.#count('enqueued')
  }

  /** A scan found a name of which no watch may have told since `since`. */
  found(entry: Entry, since: Millis): void {
    if (this.#isMarker(entry.raw)) return
    // What waits is written of, even if nothing happens.
    this.#wake()
    const { until, ahead, at } = this.#counted
    if (Math.max(since, until, ahead) === 0) this.#count('enqueued')
    else {
      const arrival = this.#arrival(entry)
      if (arrival > Math.max(since, arrival > at ? ahead : until)) this.#count('enqueued')
    }
  }

  /** By its id, or by its ctime: whatever mtime it brought along, it came by a rename or was made here. */
  #arrival(entry: Entry): Millis {
    if (entry.id !== undefined) return idTime(entry.id)
    this.#looks += 1
    if (this.#looks > MOST_LOOKS) return 0
    return look(place(this.#worker.options.queue, 'que', entry.raw))?.ctimeMs ?? 0
  }

  #isMarker(raw: RawName): boolean {
    const { marker } = this.#worker.config
    return marker !== undefined && raw.endsWith(marker)
  }

  /** Back into que/ by a verdict: the watch will tell of it, but it is no arrival. */
  moved(moved: Moved): void {
    if (moved.kind !== 'moved' || moved.at.state !== 'que' || moved.queue !== undefined) return
    if (this.#expected.size >= MOST_EXPECTED) this.#expected.clear()
    this.#expected.add(moved.at.raw)
  }

  started(entry: Entry, attempt: number): void {
    const now = Date.now()
    this.#count('started', now)
    // Of one that comes again at once nobody knows since when it waited.
    if (attempt === 1 || entry.id === undefined || entry.at !== idTime(entry.id))
      measure(this.#tally, 'wait', now - entry.at)
  }

  ended(settled: Settled): void {
    const { ended, record } = settled
    // It went back before anything was started.
    if (record === undefined && ended.started === undefined && settled.move.to === 'que') return
    const now = Date.now()
    this.#count(counterOf(settled), now)
    if (record?.cause === 'lost') this.#count('lost', now)
    if (record?.started !== undefined && record.ended !== undefined)
      measure(this.#tally, 'run', Date.parse(record.ended) - Date.parse(record.started))
  }

  /** This minute so far, and the one before: for people, and for the worker after us. */
  lately(): readonly unknown[] {
    // What the disk refuses is among the unwritten already, and would be counted twice.
    const records = new Set([...this.#unwritten, this.#before ?? this.#tally, this.#tally])
    return [...records]
      .filter(({ until, from }) => until > from)
      .slice(-MOST_UNWRITTEN)
      .map(asValue)
  }

  #count(counter: Counter, now: Millis = Date.now()): void {
    const { from } = this.#tally
    if (now < from || now >= from + MINUTE) this.#turn(now)
    count(this.#tally, counter, now)
    this.#wake()
  }

  /** Another minute: the one before is written. */
  #turn(now: Millis): void {
    this.#flush(now)
    this.#tally = emptyTally(now)
  }

  #wake(): void {
    if (this.#timer !== undefined) return
    const rest = startOf(Date.now(), MINUTE) + MINUTE - Date.now()
    this.#timer = setTimeout(() => this.#minuteEnded(), rest)
    this.#timer.unref()
  }

  #minuteEnded(): void {
    this.#timer = undefined
    const now = Date.now()
    // A timer may be early by a little.
    if (now >= this.#tally.from + MINUTE) this.#turn(now)
    else this.#write()
    const { intake, runs } = this.#worker
    if (intake.schedule.readySize > 0 || runs.size > 0 || this.#tally.until > this.#tally.from) this.#wake()
  }

  #flush(now: Millis): void {
    const tally = this.#tally
    const { intake, runs } = this.#worker
    const waiting = intake.schedule.ready()
    if (tally.from === 0 || (tally.until === tally.from && waiting.length === 0 && runs.size === 0)) return
    const end = Math.min(now, tally.from + MINUTE)
    tally.peaks.waiting = waiting.length
    tally.peaks.oldest = Math.max(0, Math.round(end - waiting.reduce((oldest, { at }) => Math.min(oldest, at), end)))
    tally.peaks.running = runs.size
    if (tally.until === tally.from) tally.until = Math.max(tally.from, end)
    this.#before = tally
    this.#unwritten.push(tally)
    this.#tally = emptyTally(now)
    this.#write()
  }

  #write(): void {
    if (this.#unwritten.length === 0) return
    this.#unwritten.splice(0, Math.max(0, this.#unwritten.length - MOST_UNWRITTEN))
    const { queue } = this.#worker.options
    try {
      for (const record of [...this.#unwritten]) {
        const isNewDay = appendStats(queue, dayFile(record.from), `${encodeRecord(record)}\n`)
        this.#unwritten.shift()
        // Once a day is enough, and the disk has room just now.
        if (isNewDay) compactStats(this.#worker)
      }
      this.#isRefused = false
    } catch (error) {
      this.#refused(error)
    }
  }

  /** Said once; the minutes stay, and are written when the disk takes them. */
  #refused(error: unknown): void {
    if (!(error instanceof QueueIoError)) throw error
    const { operation, path, code } = error
    if (!this.#isRefused) this.#worker.options.emit({ kind: 'disk-trouble', operation, path, code })
    this.#isRefused = true
    this.#wake()
  }
}

function counterOf({ move, verdict, record }: Settled): Counter {
  switch (move.to) {
    case 'done':
      return 'done'
    case '_err':
      return 'failed'
    case 'relay':
      return verdict.kind === 'relay' && verdict.givenUp === true ? 'failed' : 'relayed'
    case 'relayed':
      return 'relayed'
    case 'que': {
      const kind = record?.verdict ?? verdict.kind
      return kind === 'interrupted' || kind === 'broken' ? 'interrupted' : 'retried'
    }
  }
}

function asValue(record: StatsRecord): unknown {
  return parseJson(encodeRecord(record))
}
