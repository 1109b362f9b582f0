import type { PastRun, ScheduleRow } from '../../service/schedule-list.ts'
import { itemHref, queueHref } from '../links.ts'
import { may } from '../session.ts'
import { clock } from '../ui/clock.ts'
import type { Column } from '../ui/data-table.tsx'
import { clockText, durationText } from '../ui/format.ts'
import { StatusBadge, Time } from '../ui/values.tsx'
import type { ScheduleActs } from './schedules.tsx'
import { madeAt, newestRun, punctual, ranFor, SKIPPED, STATUS_OF } from './schedules-text.ts'

export function scheduleColumns(acts: ScheduleActs): readonly Column<ScheduleRow>[] {
  return [
    { id: 'name', title: 'Schedule', isHead: true, cell: (row) => <Name row={row} /> },
    { id: 'queue', title: 'Queue', cell: ({ queue }) => <a href={queueHref(queue)}>{queue}</a> },
    { id: 'when', title: 'When', cell: (row) => <When row={row} /> },
    { id: 'next', title: 'Next', cell: (row) => <Next row={row} /> },
    { id: 'last', title: 'Last run', cell: (row) => <Last row={row} /> },
    { id: 'act', title: 'Actions', isNumber: true, cell: (row) => <Act row={row} acts={acts} /> },
  ]
}

function Name({ row: { name, description, paused, down, skipped } }: { readonly row: ScheduleRow }) {
  return (
    <div class="stack">
      <span class="reason">{name}</span> {paused && <StatusBadge status="paused" />}
      {down && <StatusBadge status="down" why="The queue refuses new items: what comes is skipped" />}
      {description !== null && <div class="hint">{description}</div>}
      {skipped !== null && (
        <div class="warn-text">
          skipped {skipped.count === 1 ? '' : `${skipped.count} times, the last `}
          <Time at={skipped.at} />: {SKIPPED[skipped.why]}
        </div>
      )}
    </div>
  )
}

function When({ row: { words, cron, tz } }: { readonly row: ScheduleRow }) {
  return (
    <div class="stack">
      {words}
      {cron !== null && (
        <div class="examples">
          <code>{cron}</code> {tz}
        </div>
      )}
    </div>
  )
}

function Next({ row: { next, paused } }: { readonly row: ScheduleRow }) {
  const [first, ...others] = next
  if (first === undefined) return <span class="none">–</span>
  return (
    <div class={paused ? 'stack none' : 'stack'} title={next.map(bothClocks).join('\n')}>
      <Time at={first} />
      <div class="examples">
        {others.slice(0, 2).map((at) => (
          <time key={at} dateTime={at}>
            {shortClock(at)}
          </time>
        ))}
      </div>
    </div>
  )
}

function bothClocks(at: string): string {
  return `${clockText(Date.parse(at))} (${at.slice(0, 19).replace('T', ' ')} UTC)`
}

/** Weekday and time, of the browser's zone. */
function shortClock(at: string): string {
  const time = new Date(at)
  const isWhole = time.getSeconds() === 0
  return time.toLocaleString(undefined, {
    ...{ weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    ...(isWhole ? {} : { second: '2-digit' }),
  })
}

function Last({ row }: { readonly row: ScheduleRow }) {
  const newest = newestRun(row)
  if (newest === null) return <span class="none">never yet</span>
  const { run, isByHand } = newest
  return (
    <div class="stack">
      {run.state === null ? (
        <span class="none" title={run.id}>
          gone
        </span>
      ) : (
        <a href={itemHref(row.queue, run.id)} title={run.id}>
          <StatusBadge status={STATUS_OF[run.state]} />
        </a>
      )}{' '}
      <Time at={run.at ?? madeAt(run)} />
      <div class="examples">
        {isByHand ? 'by hand' : <Punctual run={run} spread={row.spread} />} <Ran run={run} />
      </div>
    </div>
  )
}

function Punctual({ run, spread }: { readonly run: PastRun; readonly spread: number }) {
  const found = punctual(run, spread)
  return found === undefined ? null : <span class={found.isLate ? 'bad-text' : ''}>{found.text}</span>
}

function Ran({ run }: { readonly run: PastRun }) {
  const ms = ranFor(run, clock.value)
  if (ms === undefined) return null
  return <span>{run.ended === null ? `runs for ${durationText(ms)}` : `took ${durationText(ms)}`}</span>
}

function Act({ row, acts }: { readonly row: ScheduleRow; readonly acts: ScheduleActs }) {
  if (!may('operator')) return null
  const { name, queue, paused } = row
  return (
    <div class="acts">
      <button type="button" class="small" aria-label={`Run now: ${queue} ${name}`} onClick={() => acts.run(row)}>
        Run now
      </button>
      <button
        type="button"
        class="small"
        aria-label={`${paused ? 'Resume' : 'Pause'}: ${queue} ${name}`}
        onClick={() => acts.toggle(row)}
      >
        {paused ? 'Resume' : 'Pause'}
      </button>
    </div>
  )
}
