/** How long it takes to do things a few at a time. Pure. */
import { itemsText } from './format.ts'

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000 } as const
export type PaceUnit = keyof typeof UNITS
export const PACE_UNITS: Readonly<Record<PaceUnit, string>> = { s: 'seconds', m: 'minutes', h: 'hours' }

export interface Pace {
  readonly count: number
  readonly every: number
  readonly unit: PaceUnit
}

/** As `slow` takes it: `10/1m`. */
export function paceWord({ count, every, unit }: Pace): string {
  return `${count}/${every}${unit}`
}

/** undefined: it makes no sense. */
export function lastAfter(total: number, { count, every, unit }: Pace): number | undefined {
  if (!(Number.isInteger(count) && count > 0 && count < 1_000_000 && Number.isFinite(every) && every > 0))
    return undefined
  return (Math.ceil(total / count) - 1) * every * UNITS[unit]
}

/** `12 items, the last in 2m 00s`. */
export function paceText(total: number, pace: Pace, durationText: (ms: number) => string): string {
  const last = lastAfter(total, pace)
  if (last === undefined) return 'Say how many, and each how long after the other.'
  return last <= 0
    ? `${itemsText(total)}: all of them at once.`
    : `${itemsText(total)}: the first ${pace.count} at once, the last in ${durationText(last)}.`
}
