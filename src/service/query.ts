/** A query as a command gives it: its words read with our durations, sizes and times. */
import { nearest } from '../config/near.ts'
import { parseDuration, parseSize } from '../config/units.ts'
import type { Millis } from '../domain/name.ts'
import type { Query, Readers } from '../domain/query.ts'
import { parseQuery } from '../domain/query-parse.ts'
import { type Problem, problem } from './answer.ts'
import { makeRegex } from './regex.ts'
import { parseTime } from './values.ts'

export function readersAt(now: Millis): Readers {
  return {
    duration: parseDuration,
    size: parseSize,
    time: (text) => parseTime(text, now),
    near: nearest,
    regex: makeRegex,
  }
}

/** Several words are one query: all of them must hold. */
export function readQuery(words: readonly string[], now: Millis): Query | Problem {
  const text = words.join(' ')
  const parsed = parseQuery(text, readersAt(now))
  return parsed.ok ? parsed.query : problem('usage', `query: ${parsed.problem}`)
}

/** No kind of a problem is one of a query. */
export function isQuery(read: Query | Problem): read is Query {
  return read.kind === 'and' || read.kind === 'or' || read.kind === 'not' || read.kind === 'word'
}
