/** How many names are in directories, counted again only when they may have changed. In steps: the next one may come later. */
import { type Millis, minuteBucket } from '../domain/name.ts'
import { DAY, MINUTE } from '../domain/stats.ts'
import { type BytePath, within } from '../fsqueue/place.ts'
import { daysIn, minutesIn, scanPages } from '../fsqueue/scan.ts'
import { Watched } from './watched.ts'

/** Counting one directory may take one part in twenty of the time. */
const COUNT_SHARE = 20
/** Items that ended come into the minute in which they did, or soon after. */
const YOUNG: Millis = 3 * MINUTE
/** Only by hand do older minutes change: of the last two days they are looked at so often, of earlier days so seldom. */
const RECENT: Millis = 2 * DAY
const RECENT_AGAIN_MS = 5 * 60_000
const OLD_AGAIN_MS = 6 * 3_600_000

const MINUTES_A_STEP = 64

export type Counting = Generator<undefined, void, void>

export class CountedDirectory {
  count = 0
  /** It was counted to its end, some time. */
  isWhole = false
  readonly #watched = new Watched()
  #notBefore = 0;

  *refresh(path: BytePath): Counting {
    if (performance.now() < this.#notBefore || !this.#watched.isChanged(path)) return
    this.#watched.isRead(path)
    let count = 0
    let cost = 0
    let began = performance.now()
    for (const page of scanPages(path)) {
      count += page.length
      cost += performance.now() - began
      if (!this.isWhole) this.count = Math.max(this.count, count)
      yield undefined
      began = performance.now()
    }
    this.count = count
    this.isWhole = true
    // What is small is counted whenever somebody looks.
    if (cost > 1) this.#notBefore = performance.now() + cost * COUNT_SHARE
  }
}

/** The first minute that may still grow, and the first day that is looked at often: `YYYYMMDD/HHMM`, `YYYYMMDD`. */
export interface Bounds {
  readonly young: string
  readonly recent: string
}

export function boundsAt(now: Millis): Bounds {
  return { young: minuteBucket(now - YOUNG), recent: minuteBucket(now - RECENT).slice(0, 8) }
}

/** What ended in one day. An earlier day is one number; of a recent one each minute is known. */
class CountedDay {
  isWhole = false
  readonly #watched = new Watched()
  readonly #minutes = new Map<string, CountedDirectory>()
  /** Of these it is asked each time; the others are in the sum. */
  readonly #open = new Set<string>()
  #sum = 0
  #again = 0

  get count(): number {
    let sum = this.#sum
    for (const minute of this.#open) sum += this.#minutes.get(minute)?.count ?? 0
    return sum
  }

  *refresh(path: BytePath, day: string, { young, recent }: Bounds): Counting {
    const isOld = day < recent
    const isDue = performance.now() >= this.#again
    if (isOld && !isDue) return
    if (isDue) this.#again = performance.now() + (isOld ? OLD_AGAIN_MS : RECENT_AGAIN_MS)
    if (isOld) yield* this.#sumUp(path)
    else yield* this.#each(path, day, young, isDue)
    this.isWhole = true
  }

  *#each(path: BytePath, day: string, young: string, isDue: boolean): Counting {
    if (isDue) this.#openAll()
    if (this.#watched.isChanged(path)) {
      this.#watched.isRead(path)
      const found = new Set(minutesIn(path))
      for (const minute of this.#minutes.keys()) if (!found.has(minute)) this.#drop(minute)
      for (const minute of found) if (!this.#minutes.has(minute)) this.#add(minute)
    }
    let looked = 0
    for (const minute of [...this.#open]) {
      const counted = this.#minutes.get(minute)
      if (counted === undefined) continue
      looked += 1
      if (looked % MINUTES_A_STEP === 0) yield undefined
      yield* counted.refresh(within(path, minute))
      if (counted.isWhole && `${day}/${minute}` < young && this.#open.delete(minute)) this.#sum += counted.count
    }
  }

  #openAll(): void {
    this.#sum = 0
    for (const minute of this.#minutes.keys()) this.#open.add(minute)
  }

  #add(minute: string): void {
    this.#minutes.set(minute, new CountedDirectory())
    this.#open.add(minute)
  }

  #drop(minute: string): void {
    if (!this.#open.delete(minute)) this.#sum -= this.#minutes.get(minute)?.count ?? 0
    this.#minutes.delete(minute)
  }

  *#sumUp(path: BytePath): Counting {
    let sum = 0
    for (const minute of minutesIn(path)) {
      for (const page of scanPages(within(path, minute))) sum += page.length
      yield undefined
    }
    this.#sum = sum
    this.#minutes.clear()
    this.#open.clear()
  }
}

/** Of done/ and relayed/. */
export class CountedDays {
  readonly #watched = new Watched()
  readonly #days = new Map<string, CountedDay>()

  get count(): number {
    let sum = 0
    for (const { count } of this.#days.values()) sum += count
    return sum
  }

  get isWhole(): boolean {
    for (const day of this.#days.values()) if (!day.isWhole) return false
    return true
  }

  *refresh(path: BytePath, bounds: Bounds): Counting {
    if (this.#watched.isChanged(path)) {
      this.#watched.isRead(path)
      const found = daysIn(path)
      for (const day of this.#days.keys()) if (!found.includes(day)) this.#days.delete(day)
      for (const day of found) if (!this.#days.has(day)) this.#days.set(day, new CountedDay())
    }
    for (const [day, counted] of this.#days) yield* counted.refresh(within(path, day), day, bounds)
  }
}
