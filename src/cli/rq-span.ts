import { formatDuration } from '../config/units.ts'

/** The largest unit or two of a time: "3m 20s", "2d 4h". */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  return formatDuration(seconds * 1000)
    .split(' ')
    .slice(0, 2)
    .join(' ')
}
