/** Merging what waits with an equal key into one run: which of them runs, and which are merged into it. */
import { compareArrival, type Entry } from './entry.ts'
import type { Msg } from './item.ts'
import type { Millis, RawName } from './name.ts'
import { type ItemId, parseItemId } from './name.ts'
import { keyOf } from './tags.ts'

export interface Coalesce {
  /** Name of a key: items with an equal tag `NAME:VALUE` are merged. */
  readonly by: string
  /** Which of them runs: the one whose turn it is, or the newest. */
  readonly keep: 'first' | 'last'
}

/** Merged at one start: each is a claim, and nothing else is done meanwhile. */
export const MOST_MERGED = 500
/** Kept in `msg`: the latest. */
export const MOST_KEPT = 10_000
/** Remembered by key; what finds no place is picked by itself, and is found then. */
const MOST_REMEMBERED = 100_000

/** What waits, by the key that it is merged by. Only hints: whoever merges one claims it. */
export class Peers {
  readonly #name: string
  readonly #most: number
  readonly #byKey = new Map<string, Map<RawName, Entry>>()
  #size = 0

  constructor(name: string, most = MOST_REMEMBERED) {
    this.#name = name
    this.#most = most
  }

  add(entry: Entry): void {
    const key = keyOf(entry.tags, this.#name)
    if (key === undefined) return
    const peers = this.#byKey.get(key) ?? new Map<RawName, Entry>()
    if (!peers.has(entry.raw)) {
      if (this.#size >= this.#most) return
      this.#size += 1
    }
    this.#byKey.set(key, peers.set(entry.raw, entry))
  }

  remove(entry: Entry): void {
    const key = keyOf(entry.tags, this.#name)
    const peers = key === undefined ? undefined : this.#byKey.get(key)
    if (key === undefined || peers?.delete(entry.raw) !== true) return
    this.#size -= 1
    if (peers.size === 0) this.#byKey.delete(key)
  }

  /** All that wait with the key of this entry. */
  of(entry: Entry): Entry[] {
    const key = keyOf(entry.tags, this.#name)
    return key === undefined ? [] : [...(this.#byKey.get(key)?.values() ?? [])]
  }

  clear(): void {
    this.#byKey.clear()
    this.#size = 0
  }
}

/** Those that are merged with the picked one: the earliest first, none that waits for a time of its own. */
export function companions(picked: Entry, peers: readonly Entry[], now: Millis, most = MOST_MERGED): Entry[] {
  return peers
    .filter(({ raw, notBefore }) => raw !== picked.raw && notBefore <= now)
    .sort(compareArrival)
    .slice(0, most)
}

/** The order in which one may run in the picked one's stead: newest first, those that came before it never. */
export function replacements({ keep }: Coalesce, picked: Entry, others: readonly Entry[]): Entry[] {
  if (keep === 'first') return []
  return others.filter((entry) => compareArrival(entry, picked) > 0).toReversed()
}

/** What is newer than the newest that can run says more than it, and is not merged into it. */
export function mergeable({ keep }: Coalesce, survivor: Entry, others: readonly Entry[]): Entry[] {
  const rest = others.filter(({ raw }) => raw !== survivor.raw)
  return keep === 'first' ? rest : rest.filter((entry) => compareArrival(entry, survivor) < 0)
}

/** The ids that an item's message says were merged into it; anything else that stands there is left out. */
export function mergedIds({ merged }: Msg): ItemId[] {
  if (!Array.isArray(merged)) return []
  return merged.flatMap((id: unknown) => (typeof id === 'string' ? (parseItemId(id) ?? []) : []))
}

/** The survivor's message; what had been merged into the others is merged into it, too. */
export function withMerged(msg: Msg, others: readonly { readonly id: ItemId; readonly msg: Msg }[]): Msg {
  const ids = new Set(mergedIds(msg))
  for (const other of others) for (const id of [...mergedIds(other.msg), other.id]) ids.add(id)
  return { ...msg, merged: [...ids].slice(-MOST_KEPT) }
}
