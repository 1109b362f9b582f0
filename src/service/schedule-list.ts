/** What `rq schedule ls` tells of each schedule. */
import { formatDuration } from '../config/units.ts'
import type { State } from '../domain/item.ts'
import type { Millis } from '../domain/name.ts'
import type { ScheduleSpec, Skip } from '../domain/schedules.ts'
import { clockOf, nextInstants, type Timing } from '../domain/timing.ts'
import { isSchedulePaused, readByHand, readScheduleState } from '../fsqueue/schedule-files.ts'
import { type Remembered, whereabouts } from '../fsqueue/whereabouts.ts'
import { isDown, type Queue } from './spool.ts'

/** Nobody reads more of them. */
const MOST_NEXT = 1000

/** The item of a run, and where it is now; null when it is nowhere any more. */
export interface RunRow {
  readonly at: string | null
  readonly id: string
  readonly state: State | null
}

export interface ScheduleRow {
  readonly queue: string
  readonly name: string
  readonly description: string | null
  readonly cron: string | null
  readonly tz: string | null
  /** Seconds. */
  readonly every: number | null
  /** When, in words. */
  readonly words: string
  readonly next: readonly string[]
  readonly last: RunRow | null
  readonly by_hand: RunRow | null
  readonly skipped: { readonly at: string; readonly why: Skip; readonly count: number } | null
  readonly paused: boolean
  /** The queue refuses new items: what comes is skipped. */
  readonly down: boolean
  readonly catch_up: ScheduleSpec['catchUp']
  readonly overlap: ScheduleSpec['overlap']
  /** Seconds. */
  readonly spread: number
}

export async function listSchedules(
  queue: Queue,
  specs: readonly ScheduleSpec[],
  now: Millis,
  count: number,
): Promise<ScheduleRow[]> {
  const down = isDown(queue.dir)
  const rows: ScheduleRow[] = []
  for (const spec of specs) rows.push({ ...(await rowOf(queue, spec, now, count)), down })
  return rows
}

async function rowOf(queue: Queue, spec: ScheduleSpec, now: Millis, count: number): Promise<Omit<ScheduleRow, 'down'>> {
  const { timing } = spec
  const state = readScheduleState(queue.dir, spec.name)
  const byHand = readByHand(queue.dir, spec.name)
  const { fired, skipped } = state ?? {}
  return {
    queue: queue.name,
    name: spec.name,
    description: spec.description ?? null,
    cron: timing.kind === 'cron' ? timing.expression : null,
    tz: timing.kind === 'cron' ? (timing.zone ?? localZone()) : null,
    every: timing.kind === 'every' ? timing.every / 1000 : null,
    words: await inWords(timing),
    next: nextInstants(clockOf(timing), now, Math.min(count, MOST_NEXT)).map(iso),
    last: fired === undefined ? null : runRow(queue, { id: fired.id, name: fired.name }, fired.at, now),
    by_hand: byHand === undefined ? null : runRow(queue, byHand, undefined, now),
    skipped: skipped === undefined ? null : { ...skipped, at: iso(skipped.at) },
    paused: isSchedulePaused(queue.dir, spec.name),
    catch_up: spec.catchUp,
    overlap: spec.overlap,
    spread: spec.spread / 1000,
  }
}

function runRow(queue: Queue, item: Remembered, at: Millis | undefined, now: Millis): RunRow {
  const found = whereabouts(queue.dir, item, now, 'thorough')
  return { at: at === undefined ? null : iso(at), id: item.id, state: found?.state ?? null }
}

function iso(at: Millis): string {
  return new Date(at).toISOString()
}

function localZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** The words of an expression take a library that no other command needs. */
async function inWords(timing: Timing): Promise<string> {
  switch (timing.kind) {
    case 'cron': {
      const { default: cronstrue } = await import('cronstrue')
      return cronstrue.toString(timing.expression, { use24HourTimeFormat: true, throwExceptionOnParseError: false })
    }
    case 'every': {
      const offset = timing.offset === 0 ? '' : `, moved by ${formatDuration(timing.offset)}`
      return `every ${formatDuration(timing.every)}${offset}`
    }
    case 'by-hand':
      return 'by hand'
  }
}
