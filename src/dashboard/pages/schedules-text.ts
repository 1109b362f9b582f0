/** Schedules in words: how punctual a run was, and what became of it. Pure. */
import { idTime, parseItemId } from '../../domain/name.ts'
import type { PastRun, ScheduleRow } from '../../service/schedule-list.ts'
import { durationText } from '../ui/format.ts'

export interface Punctual {
  readonly text: string
  readonly isLate: boolean
}

/** So much is nobody's fault, ms. */
const USUAL = 5_000

/** How long after its time the item was made, and started. Behind `spread` (s) it is late. */
export function punctual({ at, id, started }: PastRun, spread: number): Punctual | undefined {
  if (at === null) return undefined
  const due = Date.parse(at)
  const parsed = parseItemId(id)
  const made = parsed === undefined ? due : Math.max(due, idTime(parsed))
  const began = started === null ? undefined : Date.parse(started)
  const late = (began ?? made) - due
  const isLate = late > USUAL + spread * 1_000
  if (began === undefined) return { text: isLate ? `made ${durationText(late)} late` : 'made in time', isLate }
  if (!isLate) return { text: 'in time', isLate }
  const waited = began - made > USUAL ? `, of which it waited ${durationText(began - made)}` : ''
  return { text: `started ${durationText(late)} late${waited}`, isLate }
}

/** When the item was made: ISO 8601. */
export function madeAt({ id }: PastRun): string | null {
  const parsed = parseItemId(id)
  return parsed === undefined ? null : new Date(idTime(parsed)).toISOString()
}

/** How long it ran, with all its attempts; ms. */
export function ranFor({ started, ended }: PastRun, now: number): number | undefined {
  if (started === null) return undefined
  return Math.max(0, (ended === null ? now : Date.parse(ended)) - Date.parse(started))
}

export const SKIPPED = {
  missed: 'nobody was there',
  overlap: 'the one before was not finished',
  paused: 'it was paused',
  down: 'the queue was down',
  refused: 'the hook “enqueue” refused it',
} as const satisfies Record<NonNullable<ScheduleRow['skipped']>['why'], string>

/** Words of the badges for where an item lies. */
export const STATUS_OF = {
  prep: 'building',
  que: 'waiting',
  run: 'running',
  pause: 'held',
  done: 'done',
  relayed: 'relayed',
  _err: 'failed',
} as const satisfies Record<NonNullable<PastRun['state']>, string>

/** The newer of what came by itself and by hand. */
export function newestRun({
  last,
  by_hand,
}: ScheduleRow): { readonly run: PastRun; readonly isByHand: boolean } | null {
  if (last === null) return by_hand === null ? null : { run: by_hand, isByHand: true }
  return by_hand !== null && by_hand.id > last.id ? { run: by_hand, isByHand: true } : { run: last, isByHand: false }
}
