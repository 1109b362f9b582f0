import type { ComponentChildren } from 'preact'
import type { State } from '../../domain/item.ts'
import type { TopQueue } from '../../service/top.ts'
import { act } from '../act.ts'
import { change } from '../api.ts'
import { queueHref } from '../links.ts'
import { changeRow } from '../live.ts'
import { may } from '../session.ts'
import type { Column } from '../ui/data-table.tsx'
import { countText, rateText } from '../ui/format.ts'
import { Sparkline } from '../ui/sparkline.tsx'
import { Duration, StatusBadge } from '../ui/values.tsx'
import type { Order, OverviewRow } from './overview-rows.ts'

type Counted = keyof OverviewRow['queue']['counts']
type OverviewColumn = Column<OverviewRow> & {
  readonly order?: Order
  /** Of what a group comes to. */
  readonly sum?: (total: OverviewRow) => ComponentChildren
}

export const USUAL = [
  ...['queue', 'pending', 'running', 'held', 'failed', 'done', 'rate', 'failing', 'oldest'],
  ...['wait95', 'run95', 'trend', 'act'],
]

function Count({ row, state, tab }: { readonly row: OverviewRow; readonly state: Counted; readonly tab: string }) {
  const text = <CountText queue={row.queue} state={state} />
  if (row.queue.counts[state] === 0) return text
  return <a href={queueHref(row.queue.name, { tab })}>{text}</a>
}

function CountText({ queue, state }: { readonly queue: TopQueue; readonly state: Counted }) {
  const count = queue.counts[state]
  const kind = count === 0 ? 'none' : state === '_err' ? 'bad-text' : undefined
  return <span class={kind}>{countText(count, queue.capped.includes(state))}</span>
}

function counted(state: Counted & State, tab: string, title: string, says: string): OverviewColumn {
  return {
    ...{ id: tab, title, says, sort: tab, isNumber: true },
    order: ({ queue }) => -queue.counts[state],
    cell: (row) => <Count row={row} state={state} tab={tab} />,
    sum: ({ queue }) => <CountText queue={queue} state={state} />,
  }
}

function percentile(what: 'wait' | 'run', p: 'p50' | 'p95' | 'p99'): OverviewColumn {
  const says = what === 'wait' ? 'from arrival to start' : 'from start to end'
  const id = `${what}${p.slice(1)}`
  const of = ({ stats }: OverviewRow) => stats?.total?.[what]?.[p]
  return {
    ...{
      id,
      title: `${what === 'wait' ? 'Wait' : 'Run'} ${p}`,
      says: `${p.slice(1)} of 100 are shorter: ${says}`,
      sort: id,
      isNumber: true,
    },
    order: (row) => -(of(row) ?? -1),
    cell: (row) => <Duration ms={of(row)} />,
  }
}

export const COLUMNS: readonly OverviewColumn[] = [
  { id: 'queue', title: 'Queue', sort: 'queue', isHead: true, order: ({ queue }) => queue.name, cell: QueueCell },
  counted('que', 'pending', 'Pending', 'to be started, now or later'),
  counted('run', 'running', 'Running', 'being run'),
  counted('pause', 'held', 'Held', 'kept back by somebody'),
  counted('_err', 'failed', 'Failed', 'for good'),
  counted('done', 'done', 'Done', 'finished'),
  counted('relayed', 'relayed', 'Relayed', 'handed on to another queue or host'),
  {
    ...{ id: 'rate', title: 'Done/min', says: 'over the last sixty seconds', sort: 'rate', isNumber: true },
    order: ({ queue }) => -queue.donePerMinute,
    cell: ({ queue }) => <Rate rate={queue.donePerMinute} />,
    sum: ({ queue }) => <Rate rate={queue.donePerMinute} />,
  },
  {
    ...{ id: 'failing', title: 'Failed/min', says: 'over the chosen time', sort: 'failing', isNumber: true },
    order: ({ failedPerMinute }) => -(failedPerMinute ?? -1),
    cell: ({ failedPerMinute }) => <Rate rate={failedPerMinute} isBad />,
    sum: ({ failedPerMinute }) => <Rate rate={failedPerMinute} isBad />,
  },
  {
    ...{ id: 'oldest', title: 'Oldest', says: 'how long the oldest has waited', sort: 'oldest', isNumber: true },
    order: ({ queue }) => -(queue.oldest ?? -1),
    cell: ({ queue }) => <Duration ms={queue.oldest} />,
    sum: ({ queue }) => <Duration ms={queue.oldest} />,
  },
  ...(['wait', 'run'] as const).flatMap((what) => (['p50', 'p95', 'p99'] as const).map((p) => percentile(what, p))),
  {
    ...{ id: 'trend', title: 'Trend', says: 'what was done over the chosen time' },
    cell: ({ queue, stats }) => <Sparkline values={stats?.trend ?? []} label={`What ${queue.name} did`} />,
  },
  { id: 'act', title: 'Do', cell: Actions },
]

function QueueCell({ queue, troubles }: OverviewRow) {
  const [worst, ...more] = troubles
  return (
    <div class="queue-cell">
      <a class="queue-name" href={queueHref(queue.name)}>
        {queue.name}
      </a>
      {queue.down && <StatusBadge status="down" />}
      {queue.paused && <StatusBadge status="paused" />}
      {worst !== undefined && (
        <span class={`trouble ${worst.kind}-text`} title={troubles.map(({ text }) => text).join('\n')}>
          {worst.text}
          {more.length > 0 && ` (+${more.length})`}
        </span>
      )}
    </div>
  )
}

function Rate({ rate, isBad = false }: { readonly rate: number | null; readonly isBad?: boolean }) {
  if (rate === null) return <span class="none">–</span>
  if (rate === 0) return <span class="none">0</span>
  return <span class={isBad ? 'bad-text' : ''}>{rateText(rate)}</span>
}

function Actions({ queue: { name, paused } }: OverviewRow) {
  if (!may('operator')) return null
  const verb = paused ? 'resume' : 'pause'
  return (
    <button
      type="button"
      class="quiet small"
      aria-label={`${paused ? 'Resume' : 'Pause'} ${name}`}
      title={paused ? 'Resume' : 'Pause'}
      onClick={() => void switchQueue(name, verb)}
    >
      {paused ? '▶' : '‖'}
    </button>
  )
}

const SWITCHES = {
  pause: { says: 'is paused', so: { paused: true } },
  resume: { says: 'goes on', so: { paused: false } },
  down: { says: 'is down', so: { down: true } },
  up: { says: 'is up again', so: { down: false } },
} as const

export async function switchQueue(name: string, verb: keyof typeof SWITCHES): Promise<void> {
  const path = `/queues/${encodeURIComponent(name)}/${verb}`
  const { says, so } = SWITCHES[verb]
  if (await act(`${name} ${says}`, () => change('POST', path, {}))) changeRow(name, so)
}
