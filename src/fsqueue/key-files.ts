/** `_keys/`: which item a key was injected with last. Small files, found by name; nobody scans que/ for a key. */

import { formatKeyEntry, type KeyEntry, type KeyPlace, parseKeyEntry } from '../domain/keys.ts'
import type { Millis } from '../domain/name.ts'
import { readRegular, removeFile, rename, writeNew } from './files.ts'
import { type BytePath, inQueue, makeDir, type QueueDir, within } from './place.ts'
import { type Located, scanPages } from './scan.ts'
import { syncInOrder } from './sync.ts'
import { isOpen, whereabouts } from './whereabouts.ts'

const LIMIT = 64 * 1024
const NAME = /^[0-9a-f]{64}$/
/** An item that was renamed by hand is not found by its name: its key is kept for a day longer. */
const GRACE: Millis = 86_400_000

function keyFile(queue: QueueDir, hash: string): BytePath {
  return inQueue(queue, `_keys/${hash}`)
}

export function readKey(queue: QueueDir, hash: string): KeyEntry | undefined {
  const reading = readRegular(keyFile(queue, hash), LIMIT)
  return reading.kind === 'text' ? parseKeyEntry(reading.text) : undefined
}

/** Whole or not at all, and on the disk where `durable`. Only whoever holds the lock of the key writes. */
export async function writeKey(queue: QueueDir, hash: string, entry: KeyEntry, durable: boolean): Promise<void> {
  const dir = inQueue(queue, '_keys')
  const isNew = makeDir(dir)
  const staged = within(dir, `${hash}.new`)
  removeFile(staged)
  writeNew(staged, formatKeyEntry(entry))
  if (durable) await syncInOrder([staged])
  rename(staged, keyFile(queue, hash))
  if (durable) await syncInOrder(isNew ? [dir, queue.base] : [dir])
}

export function removeKey(queue: QueueDir, hash: string): void {
  removeFile(keyFile(queue, hash))
}

export function keyPlace(found: Located | undefined): KeyPlace {
  if (found === undefined) return 'gone'
  if (!isOpen(found)) return 'ended'
  return found.state === 'run' ? 'running' : 'waiting'
}

/** Is this entry of no use any more? What is old is looked for where it may wait or run, and nowhere else. */
export function isSpent(queue: QueueDir, entry: KeyEntry, now: Millis): boolean {
  if (now < entry.until) return false
  if (now >= entry.until + GRACE) return !isOpen(whereabouts(queue, entry, now, 'quick'))
  return keyPlace(whereabouts(queue, entry, now, 'named')) === 'ended'
}

/** Up to `count` keys of the first page of the directory, from some place in it on. */
export function someKeys(queue: QueueDir, count: number, random: number): string[] {
  for (const page of scanPages(inQueue(queue, '_keys'))) {
    const hashes = page.filter((name) => NAME.test(name))
    const from = Math.floor(random * hashes.length)
    return [...hashes.slice(from), ...hashes.slice(0, from)].slice(0, count)
  }
  return []
}
