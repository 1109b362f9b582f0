/** Names that are ids without suffixes. */
import type { RawName } from '../domain/name.ts'

const MOST_DAYS = 4_000
const PLAIN = /^\d{8}T(?:[01]\d|2[0-3])[0-5]\d[0-5]\d\.\d{6}-[0-9a-z]{6}(?:\.msg)?$/

/**
 * Most names are ids without suffixes, and the order of two such is that of their bytes: in a million names that is told
 * from a look at each, ten times as fast as by reading it.
 */
export class PlainNames {
  readonly #days = new Map<string, boolean>()

  isPlain(raw: RawName): boolean {
    return PLAIN.test(raw) && this.#isDay(raw.slice(0, 8))
  }

  /** 30 February has no time, and its name no place among the others. */
  #isDay(day: string): boolean {
    const known = this.#days.get(day)
    if (known !== undefined) return known
    const iso = `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`
    const time = Date.parse(`${iso}T00:00:00Z`)
    const isDay = !Number.isNaN(time) && new Date(time).toISOString().startsWith(iso)
    if (this.#days.size >= MOST_DAYS) this.#days.clear()
    this.#days.set(day, isDay)
    return isDay
  }
}
