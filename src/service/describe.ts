/** What a name alone tells of an item: enough for any listing, without opening a file. */

import type { State } from '../domain/item.ts'
import { displayName, type ItemId, idTime, type Millis, parseItemName, type RawName } from '../domain/name.ts'
import { look, place, type QueueDir } from '../fsqueue/place.ts'
import type { Located } from '../fsqueue/scan.ts'
import { spell } from './item-ref.ts'
import type { WorkerStatus } from './worker-status.ts'

/** The state as people say it; of what waits, also what for. */
export const STATUSES = [
  'building', 'waiting', 'scheduled', 'settling', 'unavailable', 'running', 'held', 'done', 'relayed', 'failed',
] as const // biome-ignore format: a list
export type Status = (typeof STATUSES)[number]

const STATUS_OF = {
  prep: 'building',
  que: 'waiting',
  run: 'running',
  pause: 'held',
  done: 'done',
  relayed: 'relayed',
  _err: 'failed',
} as const satisfies Record<State, Status>

/** One line of a listing. Times are ISO 8601, UTC. */
export interface Row {
  readonly queue: string
  readonly status: Status
  /** null for a dropped file that has not been claimed yet. */
  readonly id: ItemId | null
  /** The directory entry's name, percent-encoded where it is no plain text. */
  readonly name: string
  readonly priority: number
  readonly tags: readonly string[]
  /** When the id was made; null without one. */
  readonly created: string | null
  /** Not before. */
  readonly due: string | null
  /** The minute in which it finished. */
  readonly finished: string | null
  readonly why?: string
  readonly attempt?: number
  readonly started?: string
}

export function describe(queue: string, at: Located, now: Millis, status?: WorkerStatus): Row {
  const { id, priority, tags, due } = parseItemName(at.raw)
  const running = at.state === 'run' ? status?.running.find((run) => run.id === id) : undefined
  return {
    queue,
    ...statusOf(at, due, now, status),
    id: id ?? null,
    name: spell(at.raw),
    priority,
    tags,
    created: id === undefined ? null : isoTime(idTime(id)),
    due: due === undefined ? null : isoTime(due * 1000),
    finished: at.bucket === undefined ? null : bucketTime(at.bucket),
    ...(running?.attempt === undefined ? {} : { attempt: running.attempt }),
    ...(running?.started === undefined ? {} : { started: running.started }),
  }
}

/** How people say where it is. */
export function statusAt(at: Located, now: Millis, worker: WorkerStatus | undefined): Status {
  return statusOf(at, at.state === 'que' ? parseItemName(at.raw).due : undefined, now, worker).status
}

/** The same, where its name was read already. */
export function statusOf(
  at: Located,
  due: number | undefined,
  now: Millis,
  worker: WorkerStatus | undefined,
): { status: Status; why?: string } {
  if (at.state !== 'que') return { status: STATUS_OF[at.state] }
  const settling = worker?.settling.find((held) => isNamed(held.name, at.raw))
  if (settling !== undefined) return { status: 'settling', why: settling.why }
  const unavailable = worker?.unavailable.find((held) => isNamed(held.name, at.raw))
  if (unavailable !== undefined) return { status: 'unavailable', why: unavailable.why }
  return { status: due !== undefined && due * 1000 > now ? 'scheduled' : 'waiting' }
}

/** When an item came into its state; undefined when it has left it. A rename sets ctime, and nobody can set it back. */
export function enteredAt(queue: QueueDir, at: Located): Millis | undefined {
  return look(place(queue, at.state, at.raw, at.bucket))?.ctimeMs
}

/** The same for people: of what runs, its start tells more exactly, where it is known. */
export function sinceTime(row: Row, entered: Millis | undefined): string | null {
  return row.started ?? (entered === undefined ? null : isoTime(entered))
}

/** A worker writes names as it shows them. */
export function isNamed(written: string, raw: RawName): boolean {
  return written === displayName(raw)
}

export function isoTime(ms: Millis): string | null {
  return Number.isFinite(ms) && Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : null
}

/** `YYYYMMDD/HHMM` as ISO 8601. */
export function bucketTime(bucket: string): string {
  return `${bucket.slice(0, 4)}-${bucket.slice(4, 6)}-${bucket.slice(6, 8)}T${bucket.slice(9, 11)}:${bucket.slice(11, 13)}Z`
}
