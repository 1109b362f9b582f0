/** Schedules on a screen: when in words, what comes next, what came last, and what did not and why. */
import type { Millis } from '../domain/name.ts'
import type { ScheduleValue } from '../service/schedule.ts'
import type { ScheduleRow } from '../service/schedule-list.ts'
import { type Cell, type Output, printable, table } from './output.ts'
import { span } from './rq-span.ts'

export function renderSchedules(value: ScheduleValue, out: Output, err: Output, now: Millis): void {
  const rows = value.filter((row): row is ScheduleRow => 'words' in row)
  for (const row of value) {
    if ('words' in row) continue
    out.line(row.id === undefined ? `${printable(row.queue)}: ${printable(row.schedule)} ${row.did}` : row.id)
  }
  if (value.length === 0) err.line('rq: no schedules; `schedules` in a config.json makes some (docs/SCHEDULES.md)')
  if (rows.length === 0) return
  table(
    out,
    ['QUEUE', 'NAME', 'WHEN', 'NEXT', 'LAST', 'NOTE'],
    rows.map((row) => [row.queue, row.name, row.words, nextText(row, now), lastCell(row, now), noteOf(row, now)]),
  )
}

/** `in 3h 5m, Fri 02:00 Europe/Berlin` */
function nextText({ next: [at], tz }: ScheduleRow, now: Millis): string {
  if (at === undefined) return ''
  return `in ${span(Date.parse(at) - now)}, ${wallClock(at, tz ?? undefined, now)}`
}

/** Weekday and time; with the date where it is a week or more away. */
function wallClock(at: string, zone: string | undefined, now: Millis): string {
  const time = new Date(at)
  const isFar = Math.abs(time.getTime() - now) > 6 * 86_400_000
  const format = new Intl.DateTimeFormat('en-GB', {
    ...(zone === undefined ? {} : { timeZone: zone }),
    weekday: 'short',
    ...(isFar ? { day: 'numeric', month: 'short', year: 'numeric' } : {}),
    hour: '2-digit',
    minute: '2-digit',
    ...(time.getTime() % 60_000 === 0 ? {} : { second: '2-digit' }),
    hourCycle: 'h23',
  })
  return `${format.format(time).replaceAll(',', '')}${zone === undefined ? '' : ` ${zone}`}`
}

function lastCell({ last, by_hand }: ScheduleRow, now: Millis): Cell {
  if (last === null) return by_hand === null ? '' : `${by_hand.state ?? 'gone'}, by hand`
  const ago = last.at === null ? '' : ` ${span(now - Date.parse(last.at))} ago`
  const text = `${last.state ?? 'gone'}${ago}`
  return last.state === '_err' ? { text, colour: 'red' } : text
}

const WHY = {
  missed: 'nobody was there',
  overlap: 'the one before was not finished',
  paused: 'it was paused',
  down: 'the queue was down',
  refused: 'the hook enqueue refused it',
} as const satisfies Record<NonNullable<ScheduleRow['skipped']>['why'], string>

function noteOf({ paused, down, skipped, tz, description }: ScheduleRow, now: Millis): string {
  const skip =
    skipped === null
      ? []
      : [
          `skipped ${skipped.count === 1 ? '' : `${skipped.count}, last `}${wallClock(skipped.at, tz ?? undefined, now)}: ${WHY[skipped.why]}`,
        ]
  return [
    ...(paused ? ['paused'] : []),
    ...(down ? ['the queue is down'] : []),
    ...skip,
    ...(description === null ? [] : [description]),
  ].join('; ')
}
