/** Numbers as people read them: short, and of the same width where it can be. Pure. */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `850 ms`, `4.2 s`, `3m 05s`, `2h 10m`, `3d 4h`. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`
  if (ms < SECOND) return `${Math.round(ms)} ms`
  if (ms < 9.95 * SECOND) return `${(ms / SECOND).toFixed(1)} s`
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m ${two(Math.floor((ms % MINUTE) / SECOND))}s`
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h ${two(Math.floor((ms % HOUR) / MINUTE))}m`
  return `${Math.floor(ms / DAY)}d ${Math.floor((ms % DAY) / HOUR)}h`
}

/** One unit: `42s`, `3m`, `2h`, `3d`. */
export function roughText(ms: number): string {
  const size = Math.abs(ms)
  if (size < MINUTE) return `${Math.floor(size / SECOND)}s`
  if (size < HOUR) return `${Math.floor(size / MINUTE)}m`
  if (size < 2 * DAY) return `${Math.floor(size / HOUR)}h`
  return `${Math.floor(size / DAY)}d`
}

/** `3m ago`, `in 2h`, `now`. */
export function agoText(time: number, now: number): string {
  const age = now - time
  if (Math.abs(age) < SECOND) return 'now'
  return age > 0 ? `${roughText(age)} ago` : `in ${roughText(age)}`
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

export function bytesText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[power] ?? 'B'}`
}

/** `12,345`; `10,000+` where counting stopped. Of whole numbers; by hand, as `Intl` takes its first caller 25 ms of each page. */
export function countText(count: number, isCapped = false): string {
  return `${String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')}${isCapped ? '+' : ''}`
}

/** Items a minute. */
export function rateText(rate: number): string {
  if (rate === 0) return '0'
  if (rate < 0.095) return '<0.1'
  return rate < 9.95 ? rate.toFixed(1) : countText(Math.round(rate))
}

/** `1 item`, `2 items`. */
export function itemsText(count: number): string {
  return `${countText(count)} ${count === 1 ? 'item' : 'items'}`
}

/** `2026-11-22 10:15:00`, in the browser's own time zone. */
export function clockText(time: number): string {
  const at = new Date(time)
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-')
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`
}
