/** `rq inject --key`: one item of a key at a time, by debounce or for a window. Whoever has the key's lock decides. */
import { createHash } from 'node:crypto'
import { decideKey, type KeyDecision, type KeyEntry, type KeyWish } from '../domain/keys.ts'
import { formatItemName, parseItemName, type RawName } from '../domain/name.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { giveWay } from '../fsqueue/give-way.ts'
import { isSpent, keyPlace, readKey, removeKey, someKeys, writeKey } from '../fsqueue/key-files.ts'
import { moveItem } from '../fsqueue/move.ts'
import { place, stateDir } from '../fsqueue/place.ts'
import type { Draft } from '../fsqueue/publish.ts'
import type { Located } from '../fsqueue/scan.ts'
import { syncInOrder } from '../fsqueue/sync.ts'
import { locating } from '../fsqueue/whereabouts.ts'
import { loadNative } from '../os/native.ts'
import { type Answer, ok, refuse } from './answer.ts'
import type { Context } from './context.ts'
import type { Injected } from './inject.ts'
import { makeDurable } from './inject-once.ts'
import type { Queue } from './spool.ts'
import { inTurns } from './turns.ts'
import { withLock } from './with-lock.ts'

export interface Keyed {
  readonly context: Context
  readonly queue: Queue
  readonly config: QueueConfig
  readonly key: string
  readonly wish: KeyWish
  /** What is published if it comes to that; its id and name are known before. */
  readonly draft: Pick<Draft, 'id' | 'priority' | 'due' | 'tags'> & { readonly isMessage: boolean }
  readonly publish: () => Promise<Answer<Injected>>
}

/** So many keys are looked at for each inject, and so many removed that are of no use any more. */
const SWEPT = 8
const REMOVED = 2
/** A turn takes some ten milliseconds, most of it the disk's. */
const PATIENCE = 600

export async function injectKeyed(keyed: Keyed): Promise<Answer<Injected>> {
  const { queue, key } = keyed
  const hash = createHash('sha256').update(key).digest('hex')
  const answer = await withLock(lockOf(queue, hash), PATIENCE, () => holdingKey(keyed, hash))
  if (answer === 'busy') return refuse('busy', `key ${JSON.stringify(key)} is being injected by somebody else`)
  await sweep(keyed, hash)
  return answer
}

function lockOf(queue: Queue, hash: string) {
  return place(queue.dir, 'prep', `.inject-key-${hash}`)
}

interface Earlier {
  readonly entry: KeyEntry
  readonly found: Located | undefined
}

async function holdingKey(keyed: Keyed, hash: string): Promise<Answer<Injected>> {
  const { context, wish } = keyed
  for (;;) {
    const earlier = await earlierOf(keyed, hash)
    if (earlier === undefined) return publishNew(keyed, hash, undefined)
    const { entry, found } = earlier
    const decision: KeyDecision = decideKey(wish, keyPlace(found), entry.at, context.now())
    switch (decision) {
      case 'publish':
        return publishNew(keyed, hash, undefined)
      case 'replace':
        return publishNew(keyed, hash, entry)
      case 'keep':
        return existing(keyed, entry, found)
      case 'delay': {
        const delayed = found === undefined ? undefined : await delay(keyed, hash, entry, found)
        // A worker was faster: it runs now.
        if (delayed !== undefined) return delayed
      }
    }
  }
}

/** The item of the key. An inject that was killed may have left two of them, or named one that never came. */
async function earlierOf(keyed: Keyed, hash: string): Promise<Earlier | undefined> {
  const { queue, key, context } = keyed
  const entry = readKey(queue.dir, hash)
  // Another key of the same hash would be a wonder, and a mistake to mix up with this one.
  if (entry === undefined || entry.key !== key) return undefined
  const found = await inTurns(locating(queue.dir, entry, context.now(), 'thorough'))
  if (entry.before === undefined) return { entry, found }
  const { before, ...rest } = entry
  if (found !== undefined) {
    await removeEarlier(keyed, before)
    return { entry: rest, found }
  }
  const other = await inTurns(locating(queue.dir, before, context.now(), 'thorough'))
  return { entry: { ...rest, ...before }, found: other }
}

/** The key first, then the item: an item without its key would be published twice. */
async function publishNew(keyed: Keyed, hash: string, before: KeyEntry | undefined): Promise<Answer<Injected>> {
  const { context, queue, config, key, wish, draft } = keyed
  const { id, priority, due, tags, isMessage } = draft
  const name = formatItemName({ base: isMessage ? `${id}.msg` : id, priority, due, tags })
  const at = context.now()
  const entry: KeyEntry = { key, id, name, at, until: at + (wish.how === 'unique' ? wish.for : 0) }
  const durable = config.durability !== 'none'
  const replacing = before === undefined ? {} : { before: { id: before.id, name: before.name } }
  await writeKey(queue.dir, hash, { ...entry, ...replacing }, durable)
  const answer = await keyed.publish()
  if (before === undefined || answer.value?.published !== 1) return answer
  await removeEarlier(keyed, before)
  await writeKey(queue.dir, hash, entry, durable)
  return answer
}

/** Of one that runs by now nothing is removed: it was too late to be replaced. */
async function removeEarlier({ context, queue }: Keyed, item: Pick<KeyEntry, 'id' | 'name'>): Promise<void> {
  const now = context.now()
  if (keyPlace(await inTurns(locating(queue.dir, item, now, 'thorough'))) !== 'waiting') return
  const native = await loadNative()
  await syncInOrder(giveWay(queue.dir, item, { now, newId: context.newId, native, runs: 'leave' }).dirs)
}

async function existing(keyed: Keyed, entry: KeyEntry, found: Located | undefined): Promise<Answer<Injected>> {
  const { context, queue } = keyed
  // Whoever published it may have been killed before it was on the disk.
  if (found !== undefined) await makeDurable(queue, found)
  context.tell({ kind: 'item', id: entry.id })
  return ok({ queue: queue.name, published: 0, existed: 1 })
}

async function delay(
  keyed: Keyed,
  hash: string,
  entry: KeyEntry,
  found: Located,
): Promise<Answer<Injected> | undefined> {
  const { context, queue, config, wish } = keyed
  const due = wish.how === 'delay' ? wish.due : undefined
  const parsed = parseItemName(found.raw)
  let raw: RawName = formatItemName({ ...parsed, due })
  if (raw !== found.raw) {
    const how = { now: context.now(), newId: context.newId, native: await loadNative() }
    const moved = moveItem(queue.dir, found, { state: found.state, due }, how)
    if (moved.kind === 'gone') return undefined
    raw = moved.at.raw
    await syncInOrder([stateDir(queue.dir, found.state)])
    await writeKey(queue.dir, hash, { ...entry, name: raw }, config.durability !== 'none')
  }
  return existing(keyed, entry, { ...found, raw })
}

/** What nobody will ask for again goes, a little with each inject. Only under its own lock: it may be used anew just now. */
async function sweep({ context, queue }: Keyed, own: string): Promise<void> {
  const now = context.now()
  const isUseless = (hash: string) => {
    const entry = readKey(queue.dir, hash)
    return entry !== undefined && isSpent(queue.dir, entry, now)
  }
  const random = Number.parseInt(own.slice(0, 8), 16) / 2 ** 32
  const useless = someKeys(queue.dir, SWEPT, random).filter((hash) => hash !== own && isUseless(hash))
  for (const hash of useless.slice(0, REMOVED)) {
    await withLock(lockOf(queue, hash), 1, () => {
      if (isUseless(hash)) removeKey(queue.dir, hash)
    })
  }
}
