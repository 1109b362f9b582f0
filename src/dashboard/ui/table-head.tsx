import { useEffect, useRef } from 'preact/hooks'
import { withQuery } from '../router.ts'
import type { Column } from './data-table.tsx'
import type { Selection } from './selection.ts'

/** As the link says it: `sort=age`, `reverse=true`. */
export interface Sorting {
  readonly by: string | undefined
  readonly isReversed: boolean
}

interface Props<R> {
  readonly columns: readonly Column<R>[]
  readonly sorting: Sorting | undefined
  /** Rows can be chosen. */
  readonly choice: { readonly selection: Selection; readonly order: readonly string[] } | undefined
}

export function Head<R>({ columns, sorting, choice }: Props<R>) {
  return (
    <>
      <colgroup>
        {choice !== undefined && <col />}
        {columns.map(({ id }) => (
          <col key={id} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {choice !== undefined && (
            <th class="choose">
              <ChooseAll {...choice} />
            </th>
          )}
          {columns.map((column) => (
            <HeadCell key={column.id} column={column} sorting={sorting} />
          ))}
        </tr>
      </thead>
    </>
  )
}

function HeadCell<R>({ column, sorting }: { readonly column: Column<R>; readonly sorting: Sorting | undefined }) {
  const { title, says, sort, isNumber, isLargestFirst = false } = column
  const kind = isNumber === true ? 'number' : undefined
  if (sort === undefined || sorting === undefined)
    return (
      <th class={kind} scope="col" title={says}>
        {title}
      </th>
    )
  const isBy = sorting.by === sort
  const isUp = sorting.isReversed === isLargestFirst
  // First up, then down, then as it comes.
  const next = !isBy ? { sort, reverse: undefined } : sorting.isReversed ? {} : { sort, reverse: 'true' }
  return (
    <th class={kind} scope="col" aria-sort={isBy ? (isUp ? 'ascending' : 'descending') : undefined}>
      <a href={withQuery({ sort: undefined, reverse: undefined, ...next })} title={says}>
        {title}
        <span class="arrow" aria-hidden="true">
          {isBy ? (isUp ? '↑' : '↓') : ''}
        </span>
      </a>
    </th>
  )
}

function ChooseAll({ selection, order }: { readonly selection: Selection; readonly order: readonly string[] }) {
  const box = useRef<HTMLInputElement>(null)
  const some = selection.keys.size > 0
  const all = some && selection.keys.size === order.length
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = some && !all
  }, [some, all])
  return (
    <input
      ref={box}
      type="checkbox"
      aria-label="All rows that are shown"
      checked={all}
      onChange={() => selection.set(all ? [] : order)}
    />
  )
}
