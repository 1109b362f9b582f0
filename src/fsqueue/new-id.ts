/** Ids: unique without asking anybody, and in the order in which one process made them. */
import { type ItemId, type Millis, makeId } from '../domain/name.ts'

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz'
/** The largest multiple of the alphabet's length in a byte: above it, the first letters would be likelier. */
const FAIR = 252
const pool = Buffer.alloc(4096)
let at = pool.length

/** Makes ids that rise even within one microsecond; `from` is the file's own name, whose safe end they keep. */
export function idMaker(now: () => Millis = preciseNow): (from?: string) => ItemId {
  let last = 0
  return (from = '') => {
    last = Math.max(Math.floor(now() * 1000), last + 1)
    return makeId(Math.floor(last / 1000), last % 1000, randomText(6), from)
  }
}

/** Milliseconds since 1970 with microseconds behind the point; follows the wall clock when that is set. */
function preciseNow(): Millis {
  return Date.now() + ((performance.now() * 1000) % 1000) / 1000
}

/** So many of [0-9a-z]. */
export function randomText(length: number): string {
  let text = ''
  while (text.length < length) {
    if (at >= pool.length) {
      // node:crypto is loaded by the first id, not by every command.
      crypto.getRandomValues(pool)
      at = 0
    }
    const byte = pool[at] ?? FAIR
    at += 1
    if (byte < FAIR) text += ALPHABET[byte % ALPHABET.length]
  }
  return text
}
