/** Is a dropped entry complete? Its producer may still be writing (docs/PROTOCOL.md, "Completeness"). */
import { closeSync, constants, openSync, type Stats } from 'node:fs'
import type { Millis, RawName } from '../domain/name.ts'
import { parseItemName } from '../domain/name.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { kindOf } from '../fsqueue/claim.ts'
import { readMsgFile } from '../fsqueue/message.ts'
import { type BytePath, fsPath, look, names, place, type QueueDir, within } from '../fsqueue/place.ts'
import { errnoOf } from '../os/errno.ts'
import type { Native } from '../os/native.ts'
import { fileKey, filesOpenForWriting } from '../os/writers.ts'

export type Readiness =
  | { readonly kind: 'ready' }
  | { readonly kind: 'settling'; readonly why: string; readonly until: Millis }

const READY: Readiness = { kind: 'ready' }
/** A directory whose msg does not come gets this many times the settle time. */
const PATIENCE = 10
const LOOK_AGAIN: Millis = 250
const MARKER_POLL: Millis = 1000

/** Remembers what a clock cannot tell: files from the future, and the writers found a moment ago. */
export class ReadinessCheck {
  readonly #future = new Map<RawName, { readonly key: string; readonly since: Millis }>()
  #writers: { readonly at: Millis; readonly open: Set<string> } | undefined
  native: Native | undefined

  check(queue: QueueDir, raw: RawName, stat: Stats, config: QueueConfig, now: Millis): Readiness {
    const kind = kindOf(raw, stat)
    const path = place(queue, 'que', raw)
    if (kind === 'special') return READY
    if (kind === 'directory') return this.#directory(path, stat, config, now)
    const { base, id } = parseItemName(raw)
    if (kind === 'file' && config.marker !== undefined) {
      if (base.endsWith(config.marker)) return waitingMarker(base, config.marker, now)
      if (id === undefined) return markerReadiness(queue, base, stat, config.marker, now)
    }
    // Whoever gave it an id renamed it in. (A message that turns out torn is put back: `tornReadiness`.)
    if (id !== undefined) return READY
    return this.#still(raw, path, stat, config, now)
  }

  #still(raw: RawName, path: BytePath, stat: Stats, config: QueueConfig, now: Millis): Readiness {
    if (config.settle === 0) return READY
    const age = this.#age(raw, stat, now)
    if (age < config.settle)
      return { kind: 'settling', why: 'written a moment ago', until: now + (config.settle - age) }
    if (this.#isBeingWritten(path, stat, now))
      return { kind: 'settling', why: 'open for writing', until: now + LOOK_AGAIN }
    this.#future.delete(raw)
    return READY
  }

  /** Since its last write. A file from the future (clocks are set) counts from when it was first seen so. */
  #age(raw: RawName, stat: Stats, now: Millis): Millis {
    const age = now - stat.mtimeMs
    if (age >= 0) return age
    const key = `${stat.mtimeMs}:${stat.size}`
    const seen = this.#future.get(raw)
    if (seen?.key === key) return now - seen.since
    this.#future.set(raw, { key, since: now })
    return 0
  }

  #directory(path: BytePath, stat: Stats, config: QueueConfig, now: Millis): Readiness {
    const reading = look(within(path, 'msg'))?.isFile() === true ? readMsgFile(within(path, 'msg')) : undefined
    if (reading?.kind === 'msg') return READY
    if (reading?.kind === 'bad' && !reading.torn) return READY
    const newest = Math.max(stat.mtimeMs, ...names(path).map((name) => look(within(path, name))?.mtimeMs ?? 0))
    const patience = config.settle * (reading === undefined ? PATIENCE : 1)
    if (Math.abs(now - newest) >= patience) return READY
    const why = reading === undefined ? 'a directory whose msg is not there yet' : 'its message is not whole yet'
    return { kind: 'settling', why, until: now + LOOK_AGAIN }
  }

  #isBeingWritten(path: BytePath, stat: Stats, now: Millis): boolean {
    const leased = this.native === undefined ? undefined : askLease(this.native, path)
    if (leased !== undefined) return leased
    if (this.#writers === undefined || now - this.#writers.at > LOOK_AGAIN) {
      this.#writers = { at: now, open: filesOpenForWriting() }
    }
    return this.#writers.open.has(fileKey(stat))
  }
}

/** The kernel's own answer, for files of ours; undefined: it gives none. */
function askLease(native: Native, path: BytePath): boolean | undefined {
  try {
    const fd = openSync(fsPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      return native.isOpenForWriting(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}

/** The marker itself is never an item. */
function waitingMarker(base: string, marker: string, now: Millis): Readiness {
  return { kind: 'settling', why: `a marker: waits for ${base.slice(0, -marker.length)}`, until: now + MARKER_POLL }
}

/** `x` waits for `x.done`, which counts only if it is no older than `x`. */
function markerReadiness(queue: QueueDir, base: string, stat: Stats, marker: string, now: Millis): Readiness {
  const mark = look(place(queue, 'que', base + marker))
  if (mark === undefined)
    return { kind: 'settling', why: `waits for its marker ${base + marker}`, until: now + MARKER_POLL }
  if (mark.mtimeMs < stat.mtimeMs)
    return { kind: 'settling', why: `its marker ${base + marker} is older than it`, until: now + MARKER_POLL }
  return READY
}

/**
 * A claimed message that does not parse, but is so young that it may be half written by somebody who did not
 * rename it in. Looked at after the claim, as nearly all are whole.
 */
export function tornReadiness(stat: Stats, config: QueueConfig, now: Millis): Readiness {
  if (Math.abs(now - stat.mtimeMs) >= config.settle) return READY
  return { kind: 'settling', why: 'its message is not whole yet', until: now + LOOK_AGAIN }
}
