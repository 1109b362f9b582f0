/**
 * Where a listing goes on: opaque text that whoever lists gets with a page and hands back for the next one. It holds names
 * and numbers that are compared with what is found, never a path; what comes back may be anything, and is read so.
 */
import { STATES, type State } from '../domain/item.ts'
import { ExactNumber, isRecord, parseJson } from '../domain/json.ts'
import type { Millis, RawName } from '../domain/name.ts'

/** A value that rows are sorted by; null: it has none. */
export type Key = string | number | null

/** A row in a sorted listing. */
export interface KeyMark {
  readonly kind: 'key'
  readonly key: Key
  readonly queue: string
  readonly state: State
  readonly bucket: string | undefined
  readonly raw: RawName
}

/** In a listing state by state: how far it is within one state of one queue. */
export type Spot =
  /** Nothing of it was shown. */
  | { readonly kind: 'begin' }
  /** Behind this name, in the order in which items will run. */
  | { readonly kind: 'order'; readonly raw: RawName }
  /** Behind this one, in the order of what ended, the last first. */
  | { readonly kind: 'ended'; readonly bucket: string; readonly entered: Millis; readonly raw: RawName }
  /** Behind the last of these names, in the order of the directory; if all of them have left, behind so many. */
  | {
      readonly kind: 'found'
      readonly bucket: string | undefined
      readonly last: readonly RawName[]
      readonly count: number
    }

export interface PlaceMark {
  readonly kind: 'place'
  readonly queue: string
  readonly state: State
  readonly spot: Spot
}

export interface Cursor {
  /** Of which listing: what was asked, as a number. */
  readonly about: number
  /** When the first page was made: what is due or not stays so for the pages that follow. */
  readonly now: Millis
  readonly mark: KeyMark | PlaceMark
}

const VERSION = 1
const LONGEST = 16_384
/** So many names are kept of the last that were looked at. */
export const NAMES_KEPT = 8

export function writeCursor({ about, now, mark }: Cursor): string {
  return Buffer.from(JSON.stringify({ v: VERSION, about, now, mark })).toString('base64url')
}

/** undefined: it is none of ours, or not whole. */
export function readCursor(text: string): Cursor | undefined {
  if (text.length > LONGEST || !/^[\w-]+$/.test(text)) return undefined
  const value = parseJson(Buffer.from(text, 'base64url').toString())
  if (!isRecord(value) || value['v'] !== VERSION) return undefined
  const { about, now } = value
  const mark = markOf(value['mark'])
  return isNumber(about) && isNumber(now) && mark !== undefined ? { about, now, mark } : undefined
}

/** What was asked, as 32 bits (FNV-1a): a cursor of another listing is refused rather than misread. */
export function aboutOf(asked: readonly (string | boolean | undefined)[]): number {
  let hash = 0x811c9dc5
  for (const char of Buffer.from(JSON.stringify(asked))) hash = Math.imul(hash ^ char, 0x01000193)
  return hash >>> 0
}

function markOf(value: unknown): KeyMark | PlaceMark | undefined {
  if (!isRecord(value)) return undefined
  const { kind, queue, bucket, raw } = value
  const key = asDouble(value['key'])
  const state = STATES.find((known) => known === value['state'])
  if (typeof queue !== 'string' || queue.length > 128 || state === undefined) return undefined
  if (kind === 'place') {
    const spot = spotOf(value['spot'])
    return spot === undefined ? undefined : { kind, queue, state, spot }
  }
  if (kind !== 'key' || !isKey(key) || !isName(raw) || !isBucket(bucket)) return undefined
  return { kind, key, queue, state, bucket, raw }
}

function spotOf(value: unknown): Spot | undefined {
  if (!isRecord(value)) return undefined
  const { kind, raw, bucket, last, count } = value
  const entered = asDouble(value['entered'])
  if (kind === 'begin') return { kind }
  if (kind === 'order') return isName(raw) ? { kind, raw } : undefined
  if (kind === 'ended')
    return isName(raw) && isBucket(bucket) && bucket !== undefined && isNumber(entered)
      ? { kind, bucket, entered, raw }
      : undefined
  if (kind !== 'found' || !isBucket(bucket) || !Array.isArray(last) || last.length > NAMES_KEPT) return undefined
  if (!last.every(isName) || !isNumber(count) || !Number.isSafeInteger(count) || count < 0) return undefined
  return { kind, bucket, last, count }
}

/** It was written as one, of more digits than an exact number may have. */
function asDouble(value: unknown): unknown {
  return value instanceof ExactNumber ? value.toNumber() : value
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function isKey(value: unknown): value is Key {
  return value === null || isNumber(value) || (typeof value === 'string' && value.length <= 1024)
}

/** The bytes of a directory entry, as nothing else. */
function isName(value: unknown): value is RawName {
  return typeof value === 'string' && /^[\x01-\x2e\x30-\xff]{1,255}$/.test(value)
}

function isBucket(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && /^\d{8}\/\d{4}$/.test(value))
}
