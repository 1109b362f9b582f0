/**
 * Names: the schedule of a queue is written in its directory's names (docs/PROTOCOL.md, "Names").
 *
 * A raw name is the bytes of a directory entry, one character per byte (latin1), so that names which
 * are not UTF-8 survive and comparing strings compares bytes.
 */

/** The bytes of one directory entry, one character per byte. */
export type RawName = string & { readonly brand: 'RawName' }
/** `20261122T101500.123456-x7f2k9[-tail]`, at most 150 bytes. Made only by `parseItemId` and `makeId`. */
export type ItemId = string & { readonly brand: 'ItemId' }
/** A queue directory's name. Made only by `parseQueueName`. */
export type QueueName = string & { readonly brand: 'QueueName' }
/** Milliseconds since 1970, UTC. */
export type Millis = number

export const DEFAULT_PRIORITY = 5
const MAX_ID_BYTES = 150
/** NAME_MAX of every file system that we know. */
const MAX_NAME_BYTES = 255
const PRIORITY = /^p\d$/
const DUE = /^t\d{1,11}$/
const MAX_DUE = 99_999_999_999
const ID = /^\d{8}T\d{6}\.\d{6}-[0-9a-z]{6}(?:-[A-Za-z0-9._-]+)?$/
const ID_HEAD_LENGTH = '20261122T101500.123456-x7f2k9'.length
const TAG = /^[A-Za-z0-9_.:@-]{1,64}$/

/** What a name says. `base` is the name without suffixes; `.msg` is still on it. */
export interface ItemName {
  readonly base: string
  readonly id: ItemId | undefined
  /** `<id>.msg`: the entry is the message itself. */
  readonly isMessage: boolean
  readonly priority: number
  /** Not before, unix seconds. */
  readonly due: number | undefined
  readonly tags: readonly string[]
}

/** Dotfiles, `*.tmp` and `*.part` are somebody's work in progress and no items. */
export function isVisible(raw: string): boolean {
  if (raw.charCodeAt(0) === 46) return false
  const base = raw.includes(',') ? parseItemName(raw).base : raw
  return !(base.endsWith('.tmp') || base.endsWith('.part'))
}

/**
 * Reads `NAME[,p<0-9>][,t<unix seconds>][,+<tag>]...` from the right. The first suffix that does not
 * parse, or says again what was already said, is part of the name.
 */
export function parseItemName(raw: string): ItemName {
  let base = raw
  let priority: number | undefined
  let due: number | undefined
  const tags: string[] = []

  for (;;) {
    const comma = base.lastIndexOf(',')
    if (comma <= 0) break
    const suffix = base.slice(comma + 1)
    if (priority === undefined && PRIORITY.test(suffix)) priority = Number(suffix.slice(1))
    else if (due === undefined && DUE.test(suffix)) due = Number(suffix.slice(1))
    else if (suffix.charCodeAt(0) === 43 && TAG.test(suffix.slice(1))) tags.unshift(suffix.slice(1))
    else break
    base = base.slice(0, comma)
  }

  const isMessage = base.endsWith('.msg') && base.length > 4
  const id = parseItemId(isMessage ? base.slice(0, -4) : base)
  return { base, id, isMessage, priority: priority ?? DEFAULT_PRIORITY, due, tags }
}

/**
 * The canonical name: suffixes in one order, defaults left out. Inverse of `parseItemName`. Tags that would make
 * it longer than a directory takes are left out: an item with a verdict must be movable.
 */
export function formatItemName(name: {
  readonly base: string
  readonly priority?: number | undefined
  readonly due?: number | undefined
  readonly tags?: readonly string[] | undefined
}): RawName {
  let out = name.base
  // A base such as `a,p1`, of `a,p1,p5`, needs the suffix that keeps its own end from being read as one.
  const end = out.lastIndexOf(',') > 0 ? out.slice(out.lastIndexOf(',') + 1) : ''
  const priority = name.priority ?? DEFAULT_PRIORITY
  const due = name.due ?? (DUE.test(end) ? 0 : undefined)
  if (priority !== DEFAULT_PRIORITY || PRIORITY.test(end)) out += `,p${priority}`
  if (due !== undefined) out += `,t${Math.min(Math.max(0, Math.ceil(due)), MAX_DUE)}`
  for (const tag of name.tags ?? []) {
    if (out.length + tag.length + 2 > MAX_NAME_BYTES) break
    out += `,+${tag}`
  }
  return out as RawName
}

export function isTag(text: string): boolean {
  return TAG.test(text)
}

export function parseItemId(text: string): ItemId | undefined {
  return text.length <= MAX_ID_BYTES && ID.test(text) && !isReserved(text) ? (text as ItemId) : undefined
}

/** An id must not read as something else: a message file, or somebody's temporary file. */
function isReserved(text: string): boolean {
  return /\.(?:msg|tmp|part)$/.test(text)
}

/**
 * A new id: UTC to the microsecond, six random characters, and what is safe of the file's name.
 * `random` is six characters of [0-9a-z]; `micros` is 0-999.
 */
export function makeId(now: Millis, micros: number, random: string, from = ''): ItemId {
  const stamp = new Date(now).toISOString().replace(/[-:]/g, '').slice(0, 19)
  const head = `${stamp}${String(micros).padStart(3, '0')}-${random}`
  const tail = safeTail(from)
  return (tail === '' ? head : `${head}-${tail}`) as ItemId
}

/** The part of a dropped file's name that may stand in an id: ASCII, short, not reserved. */
export function safeTail(name: string): string {
  const ascii = name.replace(/[^A-Za-z0-9._-]+/g, '_')
  const room = MAX_ID_BYTES - ID_HEAD_LENGTH - 1
  // The end of a name says what it is (.csv), so a long one loses its beginning.
  const short = ascii.length > 60 ? ascii.slice(-Math.min(60, room)) : ascii
  const tail = short.replace(/^[.-]+/, '')
  return isReserved(tail) ? tail.replace(/\.(msg|tmp|part)$/, '_$1') : tail
}

/** The name's own part of an id, `report.csv` of `…-x7f2k9-report.csv`, or ''. */
export function idTail(id: ItemId): string {
  return id.slice(ID_HEAD_LENGTH + 1)
}

/** When the id was made, in ms. */
export function idTime(id: ItemId): Millis {
  const iso = `${id.slice(0, 4)}-${id.slice(4, 6)}-${id.slice(6, 8)}T${id.slice(9, 11)}:${id.slice(11, 13)}:${id.slice(13, 19)}Z`
  const time = Date.parse(iso)
  return Number.isNaN(time) ? 0 : time
}

/** The stamp and random of an id without its tail: two names of one message share it. */
export function idHead(id: ItemId): string {
  return id.slice(0, ID_HEAD_LENGTH)
}

/** A queue's name: UTF-8, up to 128 bytes; blanks are fine, '/', control characters and a leading dot are not. */
export function parseQueueName(text: string): QueueName | undefined {
  // The cheap look first: what somebody writes for a queue's name may be very long.
  if (text === '' || text.length > 128 || text.startsWith('.') || rawName(text).length > 128) return undefined
  // U+FFFD is what a decoder makes of bytes that are not UTF-8; half a surrogate pair has no bytes.
  return /[/\ufffd\p{Cc}\p{Cs}]/u.test(text) ? undefined : (text as QueueName)
}

/** `done/YYYYMMDD/HHMM`, UTC: where an item that finished at `now` lies. */
export function minuteBucket(now: Millis): string {
  const iso = new Date(now).toISOString()
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}/${iso.slice(11, 13)}${iso.slice(14, 16)}`
}

/** The name to show a person and to hand to JSON: UTF-8 where it is, percent-encoded where it is not. */
export function displayName(raw: string): string {
  if (/^[\x20-\x7e]*$/.test(raw)) return raw
  const bytes = Uint8Array.from(raw, (c) => c.charCodeAt(0))
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return raw.replace(/[^\x20-\x7e]|%/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`)
  }
}

/** The bytes of a text as a raw name. */
export function rawName(text: string): RawName {
  if (/^[\x00-\x7f]*$/.test(text)) return text as RawName
  let bytes = ''
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte)
  return bytes as RawName
}

/** Why these bytes cannot name a file in a directory, or undefined: all others can, and are kept as they are. */
export function fileNameProblem(raw: string): string | undefined {
  if (raw === '') return 'a name is empty'
  if (raw === '.' || raw === '..') return `"${raw}" is no name of a file`
  if (raw.includes('/')) return 'a name holds no "/"'
  if (raw.includes('\0')) return 'a name holds no NUL'
  return raw.length > MAX_NAME_BYTES ? `a name has at most ${MAX_NAME_BYTES} bytes` : undefined
}
