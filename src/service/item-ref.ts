/** How an item is written and recognised: whole ids, parts of ids, names of dropped files. Pure. */
import { displayName, parseItemName, type RawName } from '../domain/name.ts'
import { bytesOf } from './values.ts'

/** Where the six random characters of an id stand. */
const RANDOM = { from: 23, to: 29 } as const
const SHORTEST_PART = 4

/** A name that a person can type and a terminal can bear: what is no plain text is percent-encoded. */
export function spell(raw: RawName): string {
  const text = displayName(raw)
  if (!/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/.test(text)) return text
  return raw.replace(/[^\x20-\x7e]|%/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`)
}

/** What to call an item: its id, or the dropped file's name. */
export function callName(raw: RawName): string {
  const { id, base } = parseItemName(raw)
  return id ?? spell(base as RawName)
}

export type Match = 'exact' | 'part' | 'none'

/** Asks of names whether they are meant by `ref`. A whole name beats a part of one. */
export function matcher(ref: string): (raw: RawName) => Match {
  const bytes: string = bytesOf(ref)
  const isRandom = /^[0-9a-z]{6}$/.test(ref)
  return (raw) => {
    if (raw === bytes) return 'exact'
    const { id, base } = parseItemName(raw)
    if (id === undefined) {
      if (base === bytes || spell(base as RawName) === ref || spell(raw) === ref) return 'exact'
    } else if (id === bytes || (isRandom && id.slice(RANDOM.from, RANDOM.to) === ref)) {
      return 'exact'
    }
    return bytes.length >= SHORTEST_PART && base.includes(bytes) ? 'part' : 'none'
  }
}
