/**
 * What waits in que/: hints from the watch, the truth from scans. Keeps two bounded sets (domain/schedule.ts) and
 * can be dropped and rebuilt at any time.
 */

import { type Entry, entryOf } from '../domain/entry.ts'
import type { Millis, RawName } from '../domain/name.ts'
import { isVisible } from '../domain/name.ts'
import { Schedule } from '../domain/schedule.ts'
import type { QueueIoError } from '../fsqueue/errors.ts'
import { look, place, type QueueDir, stateDir } from '../fsqueue/place.ts'
import { type DirectoryMark, directoryMark, scanPages } from '../fsqueue/scan.ts'
import { watchNames } from '../fsqueue/watch.ts'
import { ClockWatch } from './clock-watch.ts'
import type { IntakeEvents } from './intake-events.ts'

/** Below this many ready entries a scan that left something out is repeated. */
const LOW_WATER = 2000
/** Node drops an overflow of the kernel's 16,384 events silently: this many in one turn are suspicious. */
const SUSPICIOUS_BURST = 8000
/** A scan may take one part in twenty of the time. */
const SCAN_SHARE = 20
const NOWHERE: DirectoryMark = { mtime: 0n, inode: 0n }
const QUIET_POLL: Millis = 60_000
const MIN_SCAN_GAP: Millis = 1000
/** A directory changed within this of its scan may have changed behind it unseen. */
const MTIME_DOUBT_NS = 1_000_000_000n

export class Intake {
  schedule = new Schedule()
  readonly #queue: QueueDir
  readonly #events: IntakeEvents
  readonly #clock = new ClockWatch()
  /** Names that we moved ourselves: their events are no news. */
  readonly #own = new Set<RawName>()
  #watch: { close(): void } | undefined
  #scan: Generator<RawName[], void, void> | undefined
  #isDeaf = false
  #watched = 0n
  #scanned = { began: 0n, at: 0, cost: 0 }
  #dirty = true
  #burst = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(queue: QueueDir, events: IntakeEvents) {
    this.#queue = queue
    this.#events = events
  }

  /** Watches first, then scans: what comes in between is seen twice rather than never. */
  open(): void {
    this.#listen()
    this.scan('start')
  }

  #listen(): void {
    this.#watch?.close()
    this.#isDeaf = false
    this.#watched = this.#mark().inode
    this.#watch = watchNames(
      stateDir(this.#queue, 'que'),
      (raw) => this.#hint(raw),
      (error) => {
        // No watch to be had (inotify limits): looks at the directory's mtime instead.
        this.#isDeaf = true
        this.#events.onTrouble(error)
      },
    )
  }

  close(): void {
    this.#closed = true
    this.#watch?.close()
    this.#scan?.return()
    clearTimeout(this.#timer)
  }

  get isScanning(): boolean {
    return this.#scan !== undefined
  }

  /** The next entry that may run, taken out of the set. */
  take(now: Millis): Entry | undefined {
    this.#heedClock(now)
    this.#scanIfLow(now)
    let entry = this.schedule.take(now)
    while (entry === undefined && this.#clearTheWay(this.schedule.lateInTheWay())) entry = this.schedule.take(now)
    // What was ready may have been parked, all of it, and others left out for it: looked for while its key is shut.
    if (entry === undefined) this.#scanIfLow(now)
    return entry
  }

  /** How many could be taken, as far as it is known; at least 1 if any could. */
  ready(now: Millis): number {
    this.#heedClock(now)
    this.#scanIfLow(now)
    return this.schedule.ripen(now)
  }

  /** Set back: what was put off until a time of the old clock would wait for as long as it was set back by. */
  #heedClock(now: Millis): void {
    if (!this.#clock.isSetBack(now)) return
    this.schedule.clear()
    this.#scanAnew('clock')
  }

  #scanIfLow(now: Millis): void {
    if (this.#scan === undefined && this.schedule.needsScan(now, LOW_WATER)) this.scan('low')
  }

  /** A rename of ours makes an event, too. */
  ownMove(raw: RawName): void {
    if (this.#own.size > 50_000) this.#own.clear()
    this.#own.add(raw)
  }

  add(raw: RawName, now = Date.now()): void {
    this.schedule.add(entryOf(raw, now), now)
  }

  scan(why: string): void {
    if (this.#scan !== undefined || this.#closed) return
    clearTimeout(this.#timer)
    const began = performance.now()
    const unheardSince = this.#unheardSince(why)
    let count = 0
    this.schedule.beginScan()
    this.#dirty = false
    const mark = this.#mark()
    // Somebody put another directory in its place.
    if (mark.inode !== this.#watched) this.#listen()
    this.#scanned = { began: mark.mtime, at: Date.now(), cost: 0 }
    const scan = scanPages(stateDir(this.#queue, 'que'))
    this.#scan = scan

    const step = () => {
      // Another has begun, or none shall.
      if (this.#scan !== scan || this.#closed) return
      const stepBegan = performance.now()
      try {
        const page = scan.next()
        const now = Date.now()
        if (page.done !== true) {
          count += page.value.length
          for (const raw of page.value) if (!this.schedule.has(raw)) this.#found(entryOf(raw, now), now, unheardSince)
        }
        this.#scanned.cost += performance.now() - stepBegan
        if (page.done === true) this.#scanEnded(count, performance.now() - began, why)
        else setImmediate(step)
      } catch (error) {
        this.#scan = undefined
        this.#dirty = true
        this.#later()
        this.#events.onTrouble(error as QueueIoError)
        return
      }
      this.#events.onNews()
    }
    step()
  }

  #found(entry: Entry, now: Millis, unheardSince: Millis | undefined): void {
    if (unheardSince !== undefined) this.#events.onFound(entry, unheardSince)
    this.schedule.add(entry, now)
  }

  /** From when on the watch may have missed something that this scan will find. */
  #unheardSince(why: string): Millis | undefined {
    if (why === 'start') return 0
    return why === 'overflow' || this.#isDeaf ? this.#scanned.at : undefined
  }

  #scanEnded(names: number, ms: number, why: string): void {
    this.#scan = undefined
    this.schedule.endScan(Date.now())
    this.#clearTheWay(this.schedule.inTheWay())
    const moved = this.#mark().mtime
    const young = BigInt(this.#scanned.at) * 1_000_000n - moved < MTIME_DOUBT_NS
    this.#dirty ||= moved !== this.#scanned.began || young
    this.#events.onScan({ names, ms, why })
    this.#later()
  }

  /** Nothing tells of a name that was removed or renamed: where others wait for it, it is looked at. */
  #clearTheWay(suspects: readonly Entry[]): boolean {
    try {
      const gone = suspects.filter(({ raw }) => look(place(this.#queue, 'que', raw)) === undefined)
      if (gone.length > 0) this.schedule.drop(gone, Date.now())
      return gone.length > 0
    } catch (error) {
      this.#events.onTrouble(error as QueueIoError)
      return false
    }
  }

  #mark(): DirectoryMark {
    try {
      return directoryMark(stateDir(this.#queue, 'que')) ?? NOWHERE
    } catch (error) {
      this.#events.onTrouble(error as QueueIoError)
      return NOWHERE
    }
  }

  /** Dirty: scan again, but not for more than a share of the time. Clean: look at the mtime now and then. */
  #later(): void {
    clearTimeout(this.#timer)
    if (this.#closed) return
    const calm = this.#isDeaf ? MIN_SCAN_GAP : QUIET_POLL
    const gap = this.#dirty ? Math.max(MIN_SCAN_GAP, this.#scanned.cost * SCAN_SHARE) : calm
    this.#timer = setTimeout(() => {
      const mark = this.#mark()
      if (this.#dirty || mark.mtime !== this.#scanned.began || mark.inode !== this.#watched) this.scan('poll')
      else this.#later()
    }, gap)
    this.#timer.unref()
  }

  #hint(raw: RawName): void {
    this.#burst += 1
    if (this.#burst === 1) {
      setImmediate(() => {
        const overflowed = this.#burst >= SUSPICIOUS_BURST
        this.#burst = 0
        if (overflowed) this.#scanAnew('overflow')
      })
    }
    if (!this.#own.delete(raw) && isVisible(raw)) {
      if (!this.schedule.has(raw)) this.#events.onArrival(raw)
      this.add(raw)
      this.#events.onNews()
    }
    if (this.#dirty) return
    this.#dirty = true
    if (this.#scan === undefined) this.#later()
  }

  /** What decides the order has changed: all is read again into another schedule. */
  replace(schedule: Schedule): void {
    this.schedule = schedule
    if (this.#scanned.at > 0) this.#scanAnew('config')
  }

  #scanAnew(why: string): void {
    this.#scan?.return()
    this.#scan = undefined
    this.scan(why)
  }
}
