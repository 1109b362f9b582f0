/** The process of each queue, and what its slots run. */
import type { WorkerRow, WorkerState } from '../../service/workers.ts'
import { act } from '../act.ts'
import { change } from '../api.ts'
import { itemHref, queueHref } from '../links.ts'
import { link } from '../router.ts'
import { may } from '../session.ts'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { EmptyState } from '../ui/empty.tsx'
import { countText } from '../ui/format.ts'
import { Bytes, Time } from '../ui/values.tsx'

interface Props {
  readonly workers: readonly WorkerRow[]
}

export function QueueWorkers({ workers }: Props) {
  return (
    <section aria-label="The worker of each queue">
      <div class="bar section-head">
        <h2>Workers</h2>
      </div>
      <DataTable<WorkerRow>
        label="Workers"
        of="workers"
        rows={workers}
        keyOf={({ queue }) => queue}
        hrefOf={({ queue }) => queueHref(queue)}
        columns={may('admin') ? [...COLUMNS, RESTART] : COLUMNS}
        isBeside
        empty={
          <EmptyState title="There is no queue yet">
            <a href={link([])}>Make one on the first page</a>
          </EmptyState>
        }
      />
    </section>
  )
}

/** Each with a mark of its own: nobody has to tell colours apart. */
const STATES = {
  starting: ['busy', '◌', 'starting', 'It has not said anything yet'],
  running: ['good', '▶', 'up', 'It starts what waits as slots are free'],
  stopping: ['warn', '⏻', 'stopping', 'It starts nothing new'],
  retired: ['', '☾', 'asleep', 'It had nothing to do; the daemon starts it when something comes'],
  none: ['', '–', 'none', 'No daemon runs, or it waits to be started'],
} as const satisfies Record<WorkerState, readonly [kind: string, mark: string, word: string, says: string]>

function StateCell({ state }: WorkerRow) {
  const [kind, mark, word, says] = STATES[state]
  return (
    <span class={`badge ${kind}`} title={says}>
      <span aria-hidden="true">{mark}</span> {word}
    </span>
  )
}

/** More of a queue's runs are in the table above. */
const MOST_SHOWN = 3

function Slots({ slots, free, running }: WorkerRow) {
  if (slots === 0) return <span class="none">–</span>
  const more = running.length - MOST_SHOWN
  return (
    <span class="slots">
      {running.slice(0, MOST_SHOWN).map(({ queue, id }) => (
        <a key={id} class="slot busy mono" href={itemHref(queue, id)} title={id}>
          {shortId(id)}
        </a>
      ))}
      {more > 0 && <span class="hint">{countText(more)} more</span>}
      {free > 0 && <span class="slot">{countText(free)} free</span>}
    </span>
  )
}

/** Without its time: what tells one from another. */
function shortId(id: string): string {
  return /^\d{8}T\d{6}\.\d{6}-(.+)$/.exec(id)?.[1] ?? id
}

const COLUMNS: readonly Column<WorkerRow>[] = [
  {
    ...{ id: 'queue', title: 'Queue', isHead: true },
    cell: ({ queue }) => (
      <a class="queue-name" href={queueHref(queue)}>
        {queue}
      </a>
    ),
  },
  { id: 'state', title: 'State', cell: StateCell },
  { id: 'slots', title: 'Slots', cell: Slots },
  {
    ...{ id: 'busy', title: 'Busy', isNumber: true },
    cell: ({ slots, free }) => (slots === 0 ? <span class="none">–</span> : `${slots - free} of ${slots}`),
  },
  {
    id: 'rss',
    title: 'Memory',
    says: 'of the worker itself',
    isNumber: true,
    cell: ({ process }) => <Bytes bytes={process?.rss} />,
  },
  { id: 'since', title: 'Since', isNumber: true, cell: ({ process }) => <Time at={process?.since} /> },
  {
    ...{ id: 'seen', title: 'Last sign of life', says: 'an idle worker has nothing to say', isNumber: true },
    cell: ({ seen }) => <Time at={seen} />,
  },
  { id: 'pid', title: 'Pid', isNumber: true, cell: ({ process }) => process?.pid ?? <span class="none">–</span> },
]

const RESTART: Column<WorkerRow> = {
  ...{ id: 'restart', title: 'Actions', isNumber: true },
  cell: ({ queue, process }) =>
    process !== null && (
      <button
        type="button"
        class="small"
        title="A new process takes its place; handlers run on"
        aria-label={`Restart the worker of ${queue}`}
        onClick={() => void restart(queue)}
      >
        Restart
      </button>
    ),
}

function restart(queue: string): Promise<boolean> {
  const path = `/queues/${encodeURIComponent(queue)}/restart`
  return act(`${queue} has a new worker`, () => change('POST', path, {}))
}
