/** All queues at a glance: what is wrong first. */
import { useMemo } from 'preact/hooks'
import type { Stats } from '../../service/stats.ts'
import { useFetched } from '../fetched.ts'
import { type Key, useKeys } from '../keys.ts'
import { queueHref } from '../links.ts'
import { connection, now, queues } from '../live.ts'
import { RangeChoice, rangeOfLink } from '../ranges.tsx'
import { query, setQuery } from '../router.ts'
import { may } from '../session.ts'
import { ColumnMenu, chosenColumns } from '../ui/columns.tsx'
import { DataTable } from '../ui/data-table.tsx'
import { EmptyState } from '../ui/empty.tsx'
import { Unread } from '../ui/unread.tsx'
import './overview.css'
import { COLUMNS, switchQueue, USUAL } from './overview-columns.tsx'
import { CreateQueue, NoQueues } from './overview-create.tsx'
import { GroupChoice, groupingOf, groupsOfLink, inGroups } from './overview-groups.tsx'
import { type OverviewRow, overviewRows } from './overview-rows.ts'
import { Totals } from './overview-totals.tsx'

/** Figures of the chosen time are asked for anew; ms. */
const EVERY = 15_000

export function Overview() {
  const table = useOverview()
  if (queues.value.size === 0) {
    if (now.value === undefined || connection.value !== 'live') return <h1>Queues</h1>
    return <NoQueues root={now.value.root} />
  }
  return (
    <>
      <div class="page-head">
        <h1>Queues</h1>
        <Totals rows={table.rows} />
        <span class="grow" />
        <div class="bar controls">
          <FilterQueues value={table.filter} />
          <GroupChoice groups={table.grouped} />
          <RangeChoice />
          <ColumnMenu all={COLUMNS} shown={table.columns} name="overview" />
          <CreateQueue />
        </div>
      </div>
      <Unread unread={table.unread} />
      <DataTable
        label="Queues"
        {...table}
        keyOf={({ queue }) => queue.name}
        hrefOf={({ queue }) => queueHref(queue.name)}
        keys={keysOf}
        empty={<EmptyState title={`No queue is called like "${table.filter}"`} />}
      />
    </>
  )
}

function keysOf({ queue: { name, paused } }: OverviewRow): readonly Key[] {
  const run = () => void switchQueue(name, paused ? 'resume' : 'pause')
  return may('operator') ? [{ keys: 'p', says: 'pause or resume the queue', run }] : []
}

function useOverview() {
  const range = rangeOfLink()
  // The rows come first: of a thousand queues either takes the server a while.
  const figures = queues.value.size === 0 ? undefined : '/stats'
  const { value: stats, unread } = useFetched<Stats>(figures, { since: range }, 0, EVERY)
  const byName = useMemo(() => new Map(stats?.queues.map((one) => [one.queue ?? '', one])), [stats])
  const filter = query.value.get('q') ?? ''
  const sort = query.value.get('sort') ?? undefined
  const isReversed = query.value.get('reverse') === 'true'
  const order = COLUMNS.find((column) => column.sort === sort && sort !== undefined)?.order
  const ids = chosenColumns(COLUMNS, USUAL, 'overview')
    .map(({ id }) => id)
    .join()
  const columns = useMemo(() => COLUMNS.filter(({ id }) => ids.split(',').includes(id)), [ids])
  const sorted = overviewRows(byName, range, filter, order, isReversed)
  const grouped = groupsOfLink()
  const rows = grouped.isGrouped ? inGroups(sorted, sort, isReversed) : sorted
  const groups = grouped.isGrouped ? groupingOf(rows, grouped) : undefined
  return {
    of: `${filter} ${sort} ${isReversed} ${grouped.isGrouped}`,
    grouped,
    groups,
    unread,
    filter,
    columns,
    rows,
    sorting: { by: sort, isReversed },
  }
}

function FilterQueues({ value }: { readonly value: string }) {
  useKeys([{ keys: '/', says: 'filter', run: () => document.getElementById('filter-queues')?.focus() }])
  return (
    <input
      id="filter-queues"
      type="search"
      class="filter-queues"
      aria-label="Filter queues"
      placeholder="Filter: mail-*"
      value={value}
      onInput={(event) => setQuery({ q: event.currentTarget.value })}
    />
  )
}
