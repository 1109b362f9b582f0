/**
 * que→run. One rename lets exactly one contender win; losing is an answer. No fsync here on purpose: if the
 * power fails now, the item is back in que/ and runs again. Only publish and settle promise something.
 */
import type { Stats } from 'node:fs'
import { spentAttempts } from '../domain/attempts.ts'
import type { Msg } from '../domain/item.ts'
import { displayName, formatItemName, type ItemId, idTail, parseItemName, type RawName } from '../domain/name.ts'
import { highestNumber, newestAttempt, removeAttemptFiles } from './attempt.ts'
import { clearName, freeName, moveNew, removeEmptyDir, rename } from './files.ts'
import { type Attachments, attachments, readMsg } from './message.ts'
import { type BytePath, look, makeDir, names, place, type QueueDir, within } from './place.ts'

/** Beyond any life: numbers this high are somebody's invention. */
const MOST_ATTEMPTS = 900_000

export type EntryKind = 'file' | 'message' | 'directory' | 'special'

export function kindOf(raw: RawName, stat: Stats): EntryKind {
  if (stat.isDirectory()) return 'directory'
  if (!stat.isFile()) return 'special'
  return parseItemName(raw).isMessage ? 'message' : 'file'
}

export interface Claimed {
  readonly id: ItemId
  /** The name in run/: the id and its suffixes, without a due time. */
  readonly name: RawName
  readonly msg: Msg
  readonly attachments: readonly RawName[]
  /** A message without attachments has its parameters only; a one-file item has its payload on stdin. */
  readonly isOneFile: boolean
  /** The number of the attempt that begins. */
  readonly attempt: number
  /** Counted attempts of this budget before this one. */
  readonly spent: number
  /** It must not run, and why: what lies in it cannot be taken. */
  readonly refusal: string | undefined
  /** Refused because its message does not parse: it may still be being written. */
  readonly isTorn: boolean
}

export type Claim =
  | { readonly kind: 'won'; readonly item: Claimed }
  | { readonly kind: 'lost' }
  /** run/ has an item of this id: it is live, or waits for recovery. */
  | { readonly kind: 'occupied' }

const NO_FILE = 'is not a file or directory: links, FIFOs, sockets and devices are not taken'

/** Claims `que/<raw>`. `newId` makes an id from a file's own name, for an entry that has none. */
export function claim(queue: QueueDir, raw: RawName, stat: Stats, newId: (from: string) => ItemId): Claim {
  const parsed = parseItemName(raw)
  const kind = kindOf(raw, stat)
  const from = place(queue, 'que', raw)
  const id = parsed.id ?? newId(parsed.base)
  const name = formatItemName({ base: id, priority: parsed.priority, tags: parsed.tags })
  const item = place(queue, 'run', name)

  switch (kind) {
    case 'directory': {
      if (look(item) !== undefined) return { kind: 'occupied' }
      const refusal = refuseDirectory(from, stat)
      if (refusal !== undefined) return wrap(from, item, id, name, parsed.base, refusal)
      if (rename(from, item) === 'gone') return { kind: 'lost' }
      if (!isOwnDirectory(item)) return putBack(item, from, () => place(queue, 'que', newId(parsed.base)))
      return orBack(item, from, () => openItem(item, id, name, parsed.id === undefined ? parsed.base : undefined))
    }
    case 'message':
      return wrapMessage(from, item, id, name, parsed.id === undefined ? parsed.base.slice(0, -4) : undefined)
    case 'file':
      return wrap(
        from,
        item,
        id,
        name,
        parsed.id === undefined ? parsed.base : idTail(parsed.id) || 'payload',
        undefined,
      )
    case 'special':
      return wrap(from, item, id, name, parsed.base, NO_FILE)
  }
}

function refuseDirectory(from: BytePath, stat: Stats): string | undefined {
  if (look(within(from, 'msg')) === undefined)
    return 'directory without msg: drop files, or write msg (JSON) into it last'
  // Its owner could exchange what is in it between our look and our use.
  return isOwn(stat) ? undefined : `directory of another user (uid ${stat.uid}): use rq inject, or drop a file`
}

function isOwn(stat: Stats): boolean {
  const self = process.getuid?.()
  return self === undefined || stat.uid === self
}

/** Is it still what we looked at in que/? Nothing may be read or written through a link. */
function isOwnDirectory(item: BytePath): boolean {
  const stat = look(item)
  return stat?.isDirectory() === true && isOwn(stat)
}

/** Exchanged since we looked at it: the next look will refuse it. */
function putBack(item: BytePath, from: BytePath, elsewhere: () => BytePath): Claim {
  if (moveNew(item, from) === 'taken') moveNew(item, elsewhere())
  return { kind: 'lost' }
}

/** Makes `run/<name>/` around a single entry: the payload, or what is refused. */
function wrap(
  from: BytePath,
  item: BytePath,
  id: ItemId,
  name: RawName,
  as: string,
  refusal: string | undefined,
): Claim {
  const attach = within(item, 'attach')
  const taken = fillNew(item, () => {
    makeDir(attach)
    return rename(from, within(attach, as))
  })
  if (taken !== 'moved') return { kind: taken === 'gone' ? 'lost' : taken }
  const msg: Msg = { name: displayName(as) }
  // Exchanged for a FIFO since we looked at it, it would hold up whoever opens it.
  const why = refusal ?? (look(within(attach, as))?.isFile() === true ? undefined : NO_FILE)
  return {
    kind: 'won',
    item: {
      id,
      name,
      msg,
      attachments: [as as RawName],
      isOneFile: true,
      attempt: 1,
      spent: 0,
      refusal: why,
      isTorn: false,
    },
  }
}

function wrapMessage(from: BytePath, item: BytePath, id: ItemId, name: RawName, dropped: string | undefined): Claim {
  const msg = within(item, 'msg')
  const taken = fillNew(item, () => rename(from, msg))
  if (taken !== 'moved') return { kind: taken === 'gone' ? 'lost' : taken }
  return orBack(msg, from, () => openItem(item, id, name, dropped, ['msg' as RawName]), item)
}

/** An empty claim would keep its id occupied: it goes again if nothing came into it. */
function fillNew(item: BytePath, fill: () => 'moved' | 'gone'): 'moved' | 'gone' | 'occupied' {
  let filled: 'moved' | 'gone' = 'gone'
  if (!makeDir(item)) return 'occupied'
  try {
    filled = fill()
  } finally {
    if (filled === 'gone') {
      removeEmptyDir(within(item, 'attach'))
      removeEmptyDir(item)
    }
  }
  return filled
}

/** What cannot be read now goes back to que/, where it waits visibly. */
function orBack(at: BytePath, from: BytePath, read: () => Claimed, wrapper?: BytePath): Claim {
  try {
    return { kind: 'won', item: read() }
  } catch (error) {
    moveNew(at, from)
    if (wrapper !== undefined) removeEmptyDir(wrapper)
    throw error
  }
}

/** What an item directory in run/ says, looked at with suspicion. */
export function openItem(
  item: BytePath,
  id: ItemId,
  name: RawName,
  dropped: string | undefined,
  entries: readonly RawName[] = names(item),
): Claimed {
  const reading = readMsg(item)
  const attached: Attachments = entries.includes('attach' as RawName) ? attachments(item) : { kind: 'ok', names: [] }
  const msg: Msg = reading.kind === 'msg' ? reading.msg : {}
  const attempts = msg.attempts ?? []
  const files = attached.kind === 'ok' ? attached.names : []
  const refusal = reading.kind === 'bad' ? reading.problem : attached.kind === 'refused' ? attached.why : undefined
  const before = Math.max(attempts.at(-1)?.n ?? 0, highestNumber(entries))
  const forged = before >= MOST_ATTEMPTS ? `it claims to have had ${before} attempts` : undefined
  // Recorded in msg: left behind by a settle that was cut short, they would be taken for an attempt of this life.
  const recorded = attempts.at(-1)?.n ?? 0
  if (recorded > 0 && newestAttempt(entries) > 0) removeAttemptFiles(item, recorded)
  // A mark or a result of an earlier life must not pass for one of this run.
  if (entries.includes('cancel' as RawName)) clearName(item, 'cancel')
  if (entries.includes('result' as RawName)) moveNew(within(item, 'result'), freeName(item, `result.${before}`))
  return {
    id,
    name,
    msg: dropped === undefined || msg.name !== undefined ? msg : { ...msg, name: displayName(dropped) },
    attachments: files,
    isOneFile: files.length === 1,
    attempt: forged === undefined ? before + 1 : (attempts.at(-1)?.n ?? 0) + 1,
    spent: spentAttempts(attempts),
    refusal: refusal ?? forged,
    isTorn: reading.kind === 'bad' && reading.torn,
  }
}
