/** A list of items, page after page: the filter, what can be done, the rows, and more of them. */
import type { ComponentChildren } from 'preact'
import { useMemo, useRef } from 'preact/hooks'
import type { Listed, Listing } from '../../service/ls.ts'
import type { Query } from '../api.ts'
import { useFetched } from '../fetched.ts'
import { itemHref } from '../links.ts'
import { queues } from '../live.ts'
import { setQuery } from '../router.ts'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { EmptyState } from '../ui/empty.tsx'
import { FilterBox } from '../ui/filter-box.tsx'
import type { Grouping } from '../ui/table-group.tsx'
import type { Sorting } from '../ui/table-head.tsx'
import { Unread } from '../ui/unread.tsx'
import { type Acting, Actions, keysOf } from './queue-actions.tsx'
import { askedColumns, nameOf } from './queue-columns.tsx'
import type { Tab } from './queue-tabs.ts'
import { useTail } from './tail.ts'

const PAGE = 100

interface Asked {
  readonly tab: Tab
  readonly filter: string
  readonly columns: readonly Column<Listed>[]
  /** Of the question, besides: which queue, in which order. */
  readonly more: Query
  readonly keyOf: (row: Listed) => string
  /** Asked for anew when this is another, and after so long, in ms. */
  readonly stamp: unknown
  readonly every: number
}

export function useItems({ tab, filter, columns, more, keyOf, stamp, every }: Asked) {
  const words = filter === '' ? [tab.query] : [tab.query, `(${filter})`]
  const question = { query: words, limit: PAGE, within: '2s', columns: askedColumns(columns), ...more }
  const head = useFetched<Listing>('/items', question, stamp, every)
  const tail = useTail(question)
  // While another filter is asked, or it is wrong, the list stays.
  const about = JSON.stringify([tab.id, filter, more])
  const last = useRef<{ about: string; value: Listing | undefined }>({ about, value: undefined })
  if (head.value !== undefined) last.current = { about, value: head.value }
  const { value: current, about: of } = last.current
  const rows = useMemo(
    () => [...new Map([...(current?.items ?? []), ...tail.rows].map((row) => [keyOf(row), row])).values()],
    [current, tail.rows],
  )
  const next = tail.next === undefined ? (head.value?.next ?? null) : tail.next
  return {
    ...{ rows, columns, keyOf, known: useKnown(rows), of: `${of} ${tail.rows.length}` },
    ...{ notes: head.notes, unread: head.unread, problem: head.problem, again: head.again },
    isAsking: head.value === undefined,
    onMore: next === null ? undefined : () => tail.load(next),
  }
}

/** Tags stay known when a filter hides their items. */
function useKnown(rows: readonly Listed[]) {
  const seen = useRef(new Set<string>())
  return useMemo(() => {
    for (const tag of rows.flatMap(({ tags }) => tags)) seen.current.add(tag)
    return { tags: [...seen.current].toSorted(), queues: [...queues.value.keys()] }
  }, [rows])
}

interface Props {
  readonly tab: Tab
  readonly filter: string
  readonly placeholder?: string
  readonly list: ReturnType<typeof useItems>
  readonly actions: Acting
  readonly canChoose: boolean
  readonly sorting?: Sorting
  readonly groups?: Grouping<Listed>
  /** Beside the filter. */
  readonly menu?: ComponentChildren
  /** Where nothing matches the filter, and where there is nothing at all. */
  readonly nothing: { readonly matches: string; readonly more?: ComponentChildren }
}

export function ItemList({ tab, filter, list, actions, canChoose, menu, nothing, ...rest }: Props) {
  const { known, problem, notes, unread, isAsking, onMore } = list
  const { sorting, groups, placeholder } = rest
  return (
    <>
      <div class="bar list-bar">
        <FilterBox
          {...{ value: filter, problem, known, name: 'items' }}
          {...(placeholder === undefined ? {} : { placeholder })}
          onChange={(next) => setQuery({ filter: next })}
        />
        {menu}
        <Actions tab={tab} actions={actions} />
      </div>
      <Unread unread={unread} />
      {notes.map((note) => (
        <p key={note} class="hint">
          {note}
        </p>
      ))}
      <DataTable<Listed>
        {...{ label: tab.title, of: list.of, rows: list.rows, keyOf: list.keyOf, columns: list.columns, groups }}
        {...(sorting === undefined ? {} : { sorting })}
        {...(canChoose ? { onChoose: actions.choose } : {})}
        hrefOf={(row) => itemHref(row.queue, nameOf(row))}
        keys={(row, chosen) => keysOf(tab, actions, row, chosen)}
        empty={!isAsking && problem === undefined && <Nothing {...{ tab, filter, ...nothing }} />}
      />
      {onMore !== undefined && (
        <div class="more">
          <button type="button" onClick={onMore}>
            More
          </button>
        </div>
      )}
    </>
  )
}

interface NothingProps {
  readonly tab: Tab
  readonly filter: string
  readonly matches: string
  readonly more?: ComponentChildren
}

function Nothing({ tab, filter, matches, more }: NothingProps) {
  if (filter !== '') return <EmptyState title="Nothing matches">{matches}</EmptyState>
  return <EmptyState title={tab.empty}>{more}</EmptyState>
}
