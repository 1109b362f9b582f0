/** When a schedule comes: a cron expression in a time zone, or a fixed grid. Pure. */
import { Cron } from 'croner'
import type { Millis } from './name.ts'

export type Timing =
  /** `zone` undefined: the zone of the process. */
  | { readonly kind: 'cron'; readonly expression: string; readonly zone: string | undefined }
  /** At every multiple of `every` since 1970, moved by `offset`: a restart changes nothing about it. */
  | { readonly kind: 'every'; readonly every: Millis; readonly offset: Millis }
  | { readonly kind: 'by-hand' }

/** The first instant after that one, ms since 1970; infinite when there is none. */
export type Clock = (after: Millis) => Millis

/** Where every search for an instant begins that needs no certain one. */
const LONG_AGO = new Date(0)

function parseCron(expression: string, zone: string | undefined): Cron {
  return new Cron(expression, {
    paused: true,
    mode: '5-or-6-parts',
    ...(zone === undefined ? {} : { timezone: zone }),
  })
}

/** What is wrong with a time zone, or undefined. */
export function zoneProblem(zone: string): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return undefined
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return 'is no known time zone: write one as in "Europe/Berlin", or "UTC"'
  }
}

/** What is wrong with a cron expression, or undefined. */
export function cronProblem(expression: string): string | undefined {
  try {
    const next = parseCron(expression, 'UTC').nextRun(LONG_AGO)
    return next === null ? 'names a day that never comes' : undefined
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof RangeError)) throw error
    return `is no cron expression of 5 or 6 fields: ${error.message.replace(/^CronPattern: /, '')}`
  }
}

/** Of a timing whose expression and zone are right. */
export function clockOf(timing: Timing): Clock {
  switch (timing.kind) {
    case 'cron': {
      const cron = parseCron(timing.expression, timing.zone)
      return (after) => cron.nextRun(new Date(after))?.getTime() ?? Number.POSITIVE_INFINITY
    }
    case 'every': {
      const { every, offset } = timing
      return (after) => (Math.floor((after - offset) / every) + 1) * every + offset
    }
    case 'by-hand':
      return () => Number.POSITIVE_INFINITY
  }
}

/** Two timings of one text have the same instants. */
export function timingText(timing: Timing): string {
  switch (timing.kind) {
    case 'cron':
      return `cron ${timing.expression} ${timing.zone ?? 'local'}`
    case 'every':
      return `every ${timing.every} ${timing.offset}`
    case 'by-hand':
      return 'by hand'
  }
}

/** The next `count` instants after that one. */
export function nextInstants(clock: Clock, after: Millis, count: number): Millis[] {
  const instants: Millis[] = []
  for (let at = clock(after); Number.isFinite(at) && instants.length < count; at = clock(at)) instants.push(at)
  return instants
}

/** The first look back, and how much farther each one goes than the one before. */
const FIRST_LOOK: Millis = 60_000
const FARTHER = 4

export interface Passed {
  /** The newest of them, rising. */
  readonly instants: readonly Millis[]
  /** There were more before these. */
  readonly more: boolean
}

/**
 * The newest `most` instants in (after, until]. In bounded work, however many came: where there are too many to be
 * counted from the beginning, it looks back farther and farther from the end.
 */
export function passedInstants(clock: Clock, after: Millis, until: Millis, most: number): Passed {
  const fromBeginning: Millis[] = []
  for (let at = clock(after); at <= until && fromBeginning.length <= most; at = clock(at)) fromBeginning.push(at)
  if (fromBeginning.length <= most) return { instants: fromBeginning, more: false }
  for (let back = FIRST_LOOK; ; back *= FARTHER) {
    const from = Math.max(after, until - back)
    const found: Millis[] = []
    for (let at = clock(from); at <= until; at = clock(at)) {
      found.push(at)
      if (found.length > 2 * most) found.splice(0, most)
    }
    if (found.length >= most || from === after) return { instants: found.slice(-most), more: true }
  }
}
