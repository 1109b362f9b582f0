/** Reading what people write on a command line: times, durations, tags. What is wrong is a sentence. */
import { parseDuration } from '../config/units.ts'
import { isTag, type Millis, parseItemId } from '../domain/name.ts'
import type { BytePath } from '../fsqueue/place.ts'
import type { Values, ValueType } from './verb.ts'

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string }

type Parser<T> = (text: string, now: Millis) => T | undefined

const text: Parser<string> = (given) => given

const PARSERS: {
  readonly [T in Exclude<ValueType, 'flag'>]: { readonly parse: Parser<Values[T]>; readonly expects: string }
} = {
  text: { parse: text, expects: 'a text' },
  queue: { parse: (given) => given || undefined, expects: "a queue's name" },
  item: { parse: (given) => given || undefined, expects: 'an id' },
  query: { parse: text, expects: 'a query' },
  path: { parse: (given) => (given === '' || given.includes('\0') ? undefined : bytesOf(given)), expects: 'a path' },
  id: { parse: parseItemId, expects: 'an id such as 20261122T101500.123456-x7f2k9 (make one with `rq new-id`)' },
  priority: { parse: (given) => (/^\d$/.test(given) ? Number(given) : undefined), expects: '0 (first) to 9 (last)' },
  count: { parse: (given) => (/^\d{1,9}$/.test(given) ? Number(given) : undefined), expects: 'a whole number' },
  bytes: { parse: (given) => (/^\d{1,15}$/.test(given) ? Number(given) : undefined), expects: 'a number of bytes' },
  duration: { parse: (given) => parseDuration(given), expects: 'a duration such as 90s, 5m or 1h30m' },
  time: { parse: parseTime, expects: 'a time such as 2026-11-22T10:15, 10:15 or @1795342500' },
  tag: { parse: (given) => (isTag(given) ? given : undefined), expects: 'letters, digits and _ . : @ - (at most 64)' },
  pair: { parse: parsePair, expects: 'KEY=VALUE' },
}

/** Reads one given text as what its specification says. */
export function parseValue(type: Exclude<ValueType, 'flag'>, given: string, now: Millis): Parsed<Values[ValueType]> {
  const { parse, expects } = PARSERS[type]
  const value = parse(given, now)
  return value === undefined ? { ok: false, problem: `expected ${expects}` } : { ok: true, value }
}

function parsePair(given: string): readonly [string, string] | undefined {
  const equals = given.indexOf('=')
  return equals <= 0 ? undefined : [given.slice(0, equals), given.slice(equals + 1)]
}

const LAST_SECOND = 99_999_999_999

/** ISO 8601 (local time unless it names a zone), `HH:MM` (the next one), or `@` and unix seconds. */
export function parseTime(given: string, now: Millis): Millis | undefined {
  const trimmed = given.trim()
  const unix = /^@(\d{1,11})$/.exec(trimmed)?.[1]
  if (unix !== undefined) return Number(unix) * 1000
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(trimmed)
  if (clock !== null) return nextClock(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), now)
  if (!/^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/.test(trimmed))
    return undefined
  // A date alone would be read as UTC, and with a time as local; people mean local in both.
  const time = Date.parse(trimmed.length === 10 ? `${trimmed}T00:00` : trimmed.replace(' ', 'T'))
  return Number.isNaN(time) || time < 0 || time / 1000 > LAST_SECOND ? undefined : time
}

function nextClock(hours: number, minutes: number, seconds: number, now: Millis): Millis | undefined {
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined
  const time = new Date(now)
  time.setHours(hours, minutes, seconds, 0)
  if (time.getTime() <= now) time.setDate(time.getDate() + 1)
  return time.getTime()
}

/**
 * A text that came from a command line, as bytes. A byte that was not UTF-8 stands in it as U+DC80 and above,
 * alone: no other text is written so.
 */
export function bytesOf(given: string): BytePath {
  if (/^[\x00-\x7f]*$/.test(given)) return given as BytePath
  const pieces = given.split(/([\udc80-\udcff])(?<![\ud800-\udbff][\udc80-\udcff])/)
  return pieces
    .map((piece, index) =>
      index % 2 === 1 ? String.fromCharCode(piece.charCodeAt(0) - 0xdc00) : Buffer.from(piece).toString('latin1'),
    )
    .join('') as BytePath
}
