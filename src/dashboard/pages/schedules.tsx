/** What comes by itself: when, how the last one went, how late it was, and what was skipped and why. */
import { useMemo, useState } from 'preact/hooks'
import type { ScheduleRow } from '../../service/schedule-list.ts'
import { act } from '../act.ts'
import { change } from '../api.ts'
import { useFetched } from '../fetched.ts'
import type { Key } from '../keys.ts'
import { queueHref } from '../links.ts'
import { query, withQuery } from '../router.ts'
import { may } from '../session.ts'
import { DataTable } from '../ui/data-table.tsx'
import { EmptyState } from '../ui/empty.tsx'
import { countText } from '../ui/format.ts'
import './more.css'
import { Unread } from '../ui/unread.tsx'
import { scheduleColumns } from './schedules-columns.tsx'
import { RunForm } from './schedules-run.tsx'

const EVERY = 5_000
const NEXT = 5

export interface ScheduleActs {
  readonly run: (row: ScheduleRow) => void
  readonly toggle: (row: ScheduleRow) => void
}

export function Schedules() {
  const queue = query.value.get('queue') ?? undefined
  const { value, problem, unread, isAsking, again } = useFetched<readonly ScheduleRow[]>(
    '/schedules',
    { queue, next: NEXT },
    0,
    EVERY,
  )
  const [asked, setAsked] = useState<ScheduleRow>()
  const acts = { run: setAsked, toggle: (row: ScheduleRow) => void toggle(row).then(again) }
  const columns = useMemo(() => scheduleColumns(acts), [])
  const rows = value ?? []
  return (
    <>
      <div class="page-head">
        <h1>Schedules</h1>
        {rows.length > 0 && <span class="hint">{sumOf(rows)}</span>}
        <span class="grow" />
        {queue !== undefined && <Only queue={queue} />}
      </div>
      <Unread problem={problem} unread={unread} />
      <DataTable
        label="Schedules"
        of={queue ?? ''}
        rows={rows}
        keyOf={({ queue: of, name }) => `${of} ${name}`}
        columns={columns}
        hrefOf={(row) => queueHref(row.queue)}
        keys={(row) => keysOf(row, acts)}
        empty={!isAsking && problem === undefined && <Nothing />}
      />
      {asked !== undefined && <RunForm row={asked} onDone={again} onClose={() => setAsked(undefined)} />}
    </>
  )
}

function Only({ queue }: { readonly queue: string }) {
  return (
    <a class="button" href={withQuery({ queue: undefined })} aria-label={`${queue} ✕: show all queues`}>
      {queue} <span aria-hidden="true">✕</span>
    </a>
  )
}

async function toggle({ queue, name, paused }: ScheduleRow): Promise<void> {
  const path = `/schedules/${encodeURIComponent(queue)}/${encodeURIComponent(name)}/${paused ? 'resume' : 'pause'}`
  await act(paused ? `${name} goes on` : `${name} is paused: nothing comes until it is resumed`, () =>
    change('POST', path, {}),
  )
}

function keysOf(row: ScheduleRow, { run, toggle: turn }: ScheduleActs): readonly Key[] {
  if (!may('operator')) return []
  return [
    { keys: 'r', says: 'run the schedule now', run: () => run(row) },
    { keys: 'p', says: 'pause or resume the schedule', run: () => turn(row) },
  ]
}

function sumOf(rows: readonly ScheduleRow[]): string {
  const paused = rows.filter((row) => row.paused).length
  const queues = new Set(rows.map(({ queue }) => queue)).size
  const all = `${countText(rows.length)} in ${countText(queues)} ${queues === 1 ? 'queue' : 'queues'}`
  return paused === 0 ? all : `${all}, ${paused} paused`
}

const SNIPPET = `"schedules": {
  "nightly": { "cron": "0 2 * * *", "tz": "Europe/Berlin" },
  "poll": { "every": "15m", "catch_up": "none" },
  "rebuild": { "by_hand": true, "param1": "everything" }
}`

function Nothing() {
  return (
    <EmptyState title="Nothing comes by itself">
      <p>
        A queue whose <code>config.json</code> says so makes an item by itself: by cron, every so often, or by the press
        of a button here. What is missed while nobody is there is caught up once.
      </p>
      <pre class="panel">{SNIPPET}</pre>
    </EmptyState>
  )
}
