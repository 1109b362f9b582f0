/** One key, one item: what an inject with a key does while there is an earlier one of the same key. Pure. */
import { isRecord, parseJson } from './json.ts'
import { type ItemId, type Millis, parseItemId } from './name.ts'

export type KeyWish =
  /** Not a second one for so long, nor while the first has not ended. */
  | { readonly how: 'unique'; readonly for: Millis }
  /** One that waits is to wait until then, unix seconds. */
  | { readonly how: 'delay'; readonly due: number }
  /** The new one takes the place of one that waits. */
  | { readonly how: 'replace' }

/** Where the item of a key is. Held is waiting; removed, or never published, is gone. */
export type KeyPlace = 'waiting' | 'running' | 'ended' | 'gone'

export type KeyDecision = 'publish' | 'keep' | 'delay' | 'replace'

/** `at`: when the earlier one was published. A clock that was set back ends a window as one that went on does. */
export function decideKey(wish: KeyWish, place: KeyPlace, at: Millis, now: Millis): KeyDecision {
  switch (wish.how) {
    case 'unique':
      if (place === 'ended') return Math.abs(now - at) < wish.for ? 'keep' : 'publish'
      return place === 'gone' ? 'publish' : 'keep'
    case 'delay':
      return place === 'waiting' ? 'delay' : 'publish'
    case 'replace':
      return place === 'waiting' ? 'replace' : 'publish'
  }
}

interface Kept {
  readonly id: ItemId
  /** Its name in que/. */
  readonly name: string
}

/** `_keys/<sha256 of the key>`. */
export interface KeyEntry extends Kept {
  readonly key: string
  readonly at: Millis
  /** The entry is of no use to anybody after this, once its item has ended. */
  readonly until: Millis
  /** The one that this one takes the place of, until that is done. */
  readonly before?: Kept
}

export function formatKeyEntry(entry: KeyEntry): string {
  return `${JSON.stringify(entry)}\n`
}

/** undefined: it is none of ours. */
export function parseKeyEntry(text: string): KeyEntry | undefined {
  const value = parseJson(text)
  const kept = parseKept(value)
  if (kept === undefined || !isRecord(value)) return undefined
  const { key, at, until } = value
  if (typeof key !== 'string' || typeof at !== 'number' || typeof until !== 'number') return undefined
  const before = parseKept(value['before'])
  return { ...kept, key, at, until, ...(before === undefined ? {} : { before }) }
}

function parseKept(value: unknown): Kept | undefined {
  if (!isRecord(value) || typeof value['id'] !== 'string' || typeof value['name'] !== 'string') return undefined
  // A name leads nowhere else.
  if (value['name'].includes('/') || value['name'].includes('\0')) return undefined
  const id = parseItemId(value['id'])
  return id === undefined ? undefined : { id, name: value['name'] }
}
