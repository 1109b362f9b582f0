/** Durations and sizes as people write them: "1h 30m", "250ms", "64M". Pure. */

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const BYTES = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 } as const

export const DURATION_PATTERN = /^\s*(?:\d+(?:\.\d+)?\s*(?:ms|s|m|h|d|w)\s*)+$|^\s*\d+(?:\.\d+)?\s*$/
export const SIZE_PATTERN = /^\s*\d+(?:\.\d+)?\s*(?:[KMGTkmgt](?:i?[Bb])?|[Bb])?\s*$/

/** Beyond this nobody means it, and dates lose their sense. */
const MAX_DURATION = 100 * 365 * MS.d

/** Milliseconds of `"90s"`, `"1h 30m"` or bare seconds; undefined when it is none. */
export function parseDuration(text: string | number): number | undefined {
  const ms = typeof text === 'number' ? text * 1000 : durationOf(text)
  return Number.isFinite(ms) && ms >= 0 && ms <= MAX_DURATION ? Math.round(ms) : undefined
}

function durationOf(text: string): number {
  if (!DURATION_PATTERN.test(text)) return Number.NaN
  let total = 0
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?/g)) {
    total += Number(number) * MS[(unit ?? 's') as keyof typeof MS]
  }
  return total
}

/** Bytes of `"64M"`, `"1.5 GiB"` or a bare number; undefined when it is none. Units are powers of 1024. */
export function parseSize(text: string | number): number | undefined {
  const bytes = typeof text === 'number' ? text : sizeOf(text)
  return Number.isSafeInteger(Math.round(bytes)) && bytes >= 0 ? Math.round(bytes) : undefined
}

function sizeOf(text: string): number {
  if (!SIZE_PATTERN.test(text)) return Number.NaN
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?)/i.exec(text) ?? []
  return Number(number) * BYTES[(unit ?? '').toUpperCase() as keyof typeof BYTES]
}

/** The shortest exact text of a duration: `90000` is `1m 30s`. Inverse of `parseDuration`. */
export function formatDuration(ms: number): string {
  const parts: string[] = []
  let rest = Math.round(ms)
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / MS[unit])
    rest -= count * MS[unit]
    if (count > 0) parts.push(`${count}${unit}`)
  }
  return parts.length === 0 ? '0s' : parts.join(' ')
}
