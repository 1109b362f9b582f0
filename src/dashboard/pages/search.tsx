/** Looking for items in all queues and states. */
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import type { Listed } from '../../service/ls.ts'
import { itemHref, queueHref } from '../links.ts'
import { queues } from '../live.ts'
import { query, setQuery, withQuery } from '../router.ts'
import { ColumnMenu, chosenColumns } from '../ui/columns.tsx'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { EmptyState } from '../ui/empty.tsx'
import { FilterBox } from '../ui/filter-box.tsx'
import { countText, itemsText } from '../ui/format.ts'
import { Unread } from '../ui/unread.tsx'
import { StatusBadge } from '../ui/values.tsx'
import './more.css'
import { askedColumns, ITEM_COLUMNS, nameOf } from './queue-columns.tsx'
import { SearchActions, useSearchActions } from './search-actions.tsx'
import { rowKey, type Search as Searching, useSearch } from './search-slices.ts'
import { asQuery, SCOPES, type Scope, whereOf } from './search-words.ts'

const OWN: readonly Column<Listed>[] = [
  { id: 'queue', title: 'Queue', sort: 'queue', cell: ({ queue }) => <a href={queueHref(queue)}>{queue}</a> },
  {
    id: 'status',
    title: 'State',
    sort: 'status',
    cell: ({ status, why }) => <StatusBadge status={status} why={why} />,
  },
]
const COLUMNS: readonly Column<Listed>[] = ITEM_COLUMNS.flatMap((column) =>
  column.isHead === true ? [column, ...OWN] : [column],
)
const USUAL = ['id', 'queue', 'status', 'age', 'tags', 'text']
const SCOPE_NAMES = Object.keys(SCOPES).filter((one): one is Scope => Object.hasOwn(SCOPES, one))

export function Search() {
  const typed = query.value.get('q') ?? ''
  const scope = SCOPE_NAMES.find((one) => one === query.value.get('in')) ?? 'all'
  const sorting = sortingOfLink()
  const columns = useColumns()
  const where = whereOf(scope, asQuery(typed))
  const search = useSearch(
    typed === ''
      ? undefined
      : {
          ...{ query: where, sort: sorting.by, columns: askedColumns(columns) },
          reverse: sorting.isReversed ? true : undefined,
        },
  )
  const actions = useSearchActions()
  return (
    <>
      <div class="page-head">
        <h1>Search</h1>
      </div>
      <Asking typed={typed} scope={scope} columns={columns} search={search} />
      {typed === '' && <Teach />}
      {typed !== '' && <Told search={search} typed={typed} />}
      <Unread unread={search.unread} />
      {search.rows.length > 0 && <SearchActions actions={actions} where={where} onDone={search.again} />}
      <DataTable
        label="Found items"
        of={`${where} ${sorting.by} ${sorting.isReversed} ${search.rows.length}`}
        rows={search.rows}
        keyOf={rowKey}
        columns={columns}
        sorting={sorting}
        hrefOf={(row) => itemHref(row.queue, nameOf(row))}
        onChoose={actions.choose}
        keys={actions.keysOf}
        empty={typed !== '' && !search.isLooking && search.problem === undefined && <Nothing scope={scope} />}
      />
    </>
  )
}

interface AskingProps {
  readonly typed: string
  readonly scope: Scope
  readonly columns: readonly Column<Listed>[]
  readonly search: ReturnType<typeof useSearch>
}

function Asking({ typed, scope, columns, search }: AskingProps) {
  const frame = useRef<HTMLDivElement>(null)
  // Who comes to search types as soon as he sees it.
  useLayoutEffect(() => {
    if (typed === '') frame.current?.querySelector('input')?.focus()
  }, [])
  return (
    <div class="bar list-bar" ref={frame}>
      <FilterBox
        value={typed}
        onChange={(next) => setQuery({ q: next })}
        problem={search.problem}
        known={knownOf(search.rows)}
        name="search"
        placeholder="A part of an id, a file's name, a text; or tag:eu  age<1d  param.user=7"
      />
      <ScopeChoice scope={scope} />
      <ColumnMenu all={COLUMNS} shown={columns} name="search" />
    </div>
  )
}

function sortingOfLink() {
  const by = query.value.get('sort') ?? undefined
  return { by, isReversed: by !== undefined && query.value.get('reverse') === 'true' }
}

function useColumns(): readonly Column<Listed>[] {
  const ids = chosenColumns(COLUMNS, USUAL, 'search')
    .map(({ id }) => id)
    .join()
  return useMemo(() => COLUMNS.filter(({ id }) => ids.split(',').includes(id)), [ids])
}

function knownOf(rows: readonly Listed[]) {
  return { tags: [...new Set(rows.flatMap(({ tags }) => tags))].toSorted(), queues: [...queues.value.keys()] }
}

function ScopeChoice({ scope }: { readonly scope: Scope }) {
  return (
    <nav class="choices" aria-label="Where to look">
      {SCOPE_NAMES.map((one) => (
        <a
          key={one}
          href={withQuery({ in: one === 'all' ? undefined : one })}
          aria-current={one === scope ? 'true' : undefined}
        >
          {SCOPES[one].title}
        </a>
      ))}
    </nav>
  )
}

/** How far it is, and how it was understood. */
function Told({ search, typed }: { readonly search: Searching; readonly typed: string }) {
  const { rows, looked, next, isLooking, notes } = search
  const asked = asQuery(typed)
  return (
    <div class="bar told">
      <span class="hint" role="status">
        {isLooking ? 'Looking… ' : ''}
        {itemsText(rows.length)} {next === null && !isLooking ? 'found' : 'so far'}, {countText(looked)} names looked
        at. {notes.join(' ')}
      </span>
      {asked !== typed && (
        <span class="hint">
          As <code>{asked}</code>
        </span>
      )}
      <span class="grow" />
      {isLooking && next !== null && (
        <button type="button" class="small" onClick={search.stop}>
          Stop
        </button>
      )}
      {!isLooking && next !== null && (
        <button type="button" class="small" onClick={search.more}>
          Look on
        </button>
      )}
    </div>
  )
}

function Nothing({ scope }: { readonly scope: Scope }) {
  return (
    <EmptyState title="Nothing matches">
      {scope === 'all' ? (
        <p>What was removed is in the trash; what is older than its queue keeps is gone.</p>
      ) : (
        <p>
          <a href={withQuery({ in: undefined })}>Look everywhere</a>
        </p>
      )}
    </EmptyState>
  )
}

const EXAMPLES = [
  ['failed age<1d', 'what failed since yesterday'],
  ['param.user=7', 'all about one customer'],
  ['name:*.csv created>2026-01-31', 'files dropped since then'],
  ['text:"timed out"', 'what said so at its end'],
  ['running age>1h', 'what runs for too long'],
  ['exit:75 attempts>2', 'what keeps being tried again'],
  ['tag:eu due<1h', 'of these, what is due soon'],
] as const

function Teach() {
  return (
    <EmptyState title="All queues, all states">
      <p>Type a part of an id, of a file's name, or of what an item said. Or ask exactly:</p>
      <ul class="teach">
        {EXAMPLES.map(([q, says]) => (
          <li key={q}>
            <a class="mono" href={withQuery({ q })}>
              {q}
            </a>{' '}
            <span class="hint">{says}</span>
          </li>
        ))}
      </ul>
    </EmptyState>
  )
}
