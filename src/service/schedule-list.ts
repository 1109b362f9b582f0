/** What `rq schedule ls` tells of each schedule. */
import { formatDuration } from '../config/units.ts'
import type { Msg, State } from '../domain/item.ts'
import type { Millis } from '../domain/name.ts'
import type { ScheduleSpec, Skip } from '../domain/schedules.ts'
import { clockOf, nextInstants, type Timing } from '../domain/timing.ts'
import { unlessDenied } from '../fsqueue/errors.ts'
import { place } from '../fsqueue/place.ts'
import type { Located } from '../fsqueue/scan.ts'
import { isSchedulePaused, readByHand, readScheduleState } from '../fsqueue/schedule-files.ts'
import { isOpen, locating, type Remembered } from '../fsqueue/whereabouts.ts'
import { messageAt } from './alert-items.ts'
import { enteredAt, isoTime } from './describe.ts'
import { isDown, type Queue } from './spool.ts'
import { inTurns } from './turns.ts'

/** Nobody reads more of them. */
const MOST_NEXT = 1000

/** The item of a run, and where it is now; null when it is nowhere any more. */
export interface PastRun {
  readonly at: string | null
  readonly id: string
  readonly state: State | null
  /** Of its first attempt. */
  readonly started: string | null
  /** Of its last attempt. */
  readonly ended: string | null
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
  readonly last: PastRun | null
  readonly by_hand: PastRun | null
  readonly skipped: { readonly at: string; readonly why: Skip; readonly count: number } | null
  readonly paused: boolean
  /** The queue refuses new items: what comes is skipped. */
  readonly down: boolean
  readonly catch_up: ScheduleSpec['catchUp']
  readonly overlap: ScheduleSpec['overlap']
  /** Seconds. */
  readonly spread: number
  /** Parameters of its items. */
  readonly params: Pick<Msg, 'param1' | 'param2' | 'param3' | 'param4' | 'params'>
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
    last: fired === undefined ? null : await runRow(queue, { id: fired.id, name: fired.name }, fired.at, now),
    by_hand: byHand === undefined ? null : await runRow(queue, byHand, undefined, now),
    skipped: skipped === undefined ? null : { ...skipped, at: iso(skipped.at) },
    paused: isSchedulePaused(queue.dir, spec.name),
    catch_up: spec.catchUp,
    overlap: spec.overlap,
    spread: spec.spread / 1000,
    params: paramsOf(spec.msg),
  }
}

async function runRow(queue: Queue, item: Remembered, at: Millis | undefined, now: Millis): Promise<PastRun> {
  const found = await inTurns(locating(queue.dir, item, now, 'thorough'))
  const fired = at === undefined ? null : iso(at)
  return { at: fired, id: item.id, state: found?.state ?? null, ...ranOf(queue, found) }
}

/** What runs for the first time started as it came into run/. */
function ranOf(queue: Queue, found: Located | undefined): Pick<PastRun, 'started' | 'ended'> {
  if (found === undefined) return { started: null, ended: null }
  const path = place(queue.dir, found.state, found.raw, found.bucket)
  const msg: Msg = unlessDenied(() => messageAt(path, found.raw), {})
  const claimed = found.state === 'run' ? enteredAt(queue.dir, found) : undefined
  const started = msg.attempts?.[0]?.started ?? (claimed === undefined ? null : isoTime(claimed))
  return { started, ended: isOpen(found) ? null : (msg.attempts?.at(-1)?.ended ?? null) }
}

function paramsOf({ param1, param2, param3, param4, params }: Msg): ScheduleRow['params'] {
  const all = Object.entries({ param1, param2, param3, param4, params })
  return Object.fromEntries(all.filter(([, value]) => value !== undefined))
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
