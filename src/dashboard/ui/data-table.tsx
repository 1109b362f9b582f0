/** The table of every list: sorted by links, walked and marked by keys or pointer, at rest under the pointer; of many rows those in
 * view are drawn; cards on a phone. */
import type { ComponentChildren, RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { type Key, useKeys } from '../keys.ts'
import { go } from '../router.ts'
import { countText } from './format.ts'
import { useFrozen } from './frozen.ts'
import { useSelection } from './selection.ts'
import { useSteadyColumns } from './steady.ts'
import { Body } from './table-body.tsx'
import { type Grouping, linesOf } from './table-group.tsx'
import { Head, type Sorting } from './table-head.tsx'
import { useWindowed } from './windowed.ts'

export interface Column<R> {
  readonly id: string
  readonly title: string
  /** What it tells, in a sentence; shown as a hint. */
  readonly says?: string
  /** Its word in `sort`, where one can sort by it. */
  readonly sort?: string
  readonly isNumber?: boolean
  /** Of a card on a phone: the first line. */
  readonly isHead?: boolean
  /** Sorted by it, what is largest comes first, and with `reverse` last. */
  readonly isLargestFirst?: boolean
  readonly cell: (row: R) => ComponentChildren
}

export interface TableProps<R> {
  readonly label: string
  /** What the list is of: another filter, another page of it. A list of something else is shown at once. */
  readonly of: string
  readonly rows: readonly R[]
  readonly keyOf: (row: R) => string
  readonly columns: readonly Column<R>[]
  readonly sorting?: Sorting
  /** Enter opens it. */
  readonly hrefOf?: (row: R) => string
  /** Rows can be chosen; told whenever other ones are. */
  readonly onChoose?: (rows: readonly R[]) => void
  /** On the row that one stands on; and what is chosen just now. */
  readonly keys?: (row: R, chosen: readonly R[]) => readonly Key[]
  readonly rowClass?: (row: R) => string
  readonly groups?: Grouping<R> | undefined
  /** Another table of the page is walked by keys. */
  readonly isBeside?: boolean
  /** Under the rows: a row of sums. */
  readonly foot?: ComponentChildren
  readonly empty: ComponentChildren
}

export function DataTable<R>(props: TableProps<R>) {
  const { label, columns, sorting, onChoose, foot, rowClass, groups } = props
  const { frozen, order, selection, lines, pieces, isCut, ...table } = useTable(props)
  const canChoose = onChoose !== undefined
  useSteadyColumns(table.table, isCut, columns)
  if (props.rows.length === 0 && frozen.shown.length === 0) return <>{props.empty}</>
  return (
    <div class="table-frame" {...frozen.bind}>
      {frozen.fresh > 0 && (
        <button type="button" class="fresh" onClick={frozen.thaw}>
          {countText(frozen.fresh)} new
        </button>
      )}
      <table ref={table.table} class="data" aria-label={label} aria-rowcount={isCut ? lines.length + 1 : undefined}>
        <Head columns={columns} sorting={sorting} choice={canChoose ? { selection, order } : undefined} />
        <Body<R>
          {...{ body: table.body, lines, pieces, isCut, columns, rowClass }}
          {...{ onStand: table.setAt, onHold: table.setHeld }}
          stop={table.current ?? order[0]}
          selection={canChoose ? selection : undefined}
          folding={groups?.folding}
        />
        {foot !== undefined && <tfoot>{foot}</tfoot>}
      </table>
    </div>
  )
}

function useTable<R>(props: TableProps<R>) {
  const { of, rows, keyOf, onChoose, groups } = props
  const frozen = useFrozen(rows, keyOf, of)
  const table = useRef<HTMLTableElement>(null)
  const body = useRef<HTMLTableSectionElement>(null)
  const [at, setAt] = useState<string>()
  const [held, setHeld] = useState<string>()
  const lines = linesOf(frozen.shown, groups)
  const order = lines.flatMap(({ kind, key }) => (kind === 'row' ? [key] : []))
  const selection = useSelection(order, of)
  const chosen = frozen.shown.filter(({ key, isGone }) => selection.keys.has(key) && !isGone).map(({ row }) => row)
  useTold(chosen, onChoose)
  const current = at !== undefined && order.includes(at) ? at : undefined
  // What has the focus, and what Tab leads to, is drawn also when it was scrolled away.
  const keys = lines.map(({ key }) => key)
  const pinned = [current ?? order[0], held].map((key) => (key === undefined ? -1 : keys.indexOf(key)))
  const windowed = useWindowed(body, keys, pinned)
  const goTo = useFocus(body)
  const move = (key: string) => {
    setAt(key)
    goTo(key)
  }
  useKeys(props.isBeside === true ? [] : keysFor(props, { order, current, move, selection, chosen }))
  return { frozen, table, body, lines, order, current, selection, setAt, setHeld, ...windowed }
}

/** A row that is far from what is in view is there only when it has been drawn. */
function useFocus(body: RefObject<HTMLTableSectionElement | null>): (key: string) => void {
  const wanted = useRef<string | undefined>(undefined)
  useLayoutEffect(() => {
    if (wanted.current === undefined) return
    const row = [...(body.current?.rows ?? [])].find((one) => one.dataset['key'] === wanted.current)
    wanted.current = undefined
    row?.focus({ preventScroll: true })
    row?.scrollIntoView({ block: 'nearest' })
  })
  const [, draw] = useState(0)
  return (key) => {
    wanted.current = key
    draw((count) => count + 1)
  }
}

/** Told when other rows are chosen, or the chosen ones changed, and before the next key; never the same twice, as who is told draws anew. */
function useTold<R>(chosen: readonly R[], onChoose: TableProps<R>['onChoose']): void {
  const told = useRef<readonly R[]>([])
  useLayoutEffect(() => {
    const isSame = chosen.length === told.current.length && chosen.every((row, n) => row === told.current[n])
    if (isSame) return
    told.current = chosen
    onChoose?.(chosen)
  })
}

interface Walk<R> {
  readonly order: readonly string[]
  readonly current: string | undefined
  readonly move: (key: string) => void
  readonly selection: ReturnType<typeof useSelection>
  readonly chosen: readonly R[]
}

function keysFor<R>(props: TableProps<R>, { order, current, move, selection, chosen }: Walk<R>): readonly Key[] {
  const index = current === undefined ? -1 : order.indexOf(current)
  const step = (by: number) => {
    const next = order[Math.max(0, Math.min(order.length - 1, index + by))]
    if (next !== undefined) move(next)
  }
  const row = current === undefined ? undefined : props.rows.find((one) => props.keyOf(one) === current)
  const href = row === undefined ? undefined : props.hrefOf?.(row)
  const walking: Key[] = [
    { keys: 'j', says: 'next row', run: () => step(index < 0 ? 0 : 1) },
    { keys: 'k', says: 'row before', run: () => step(index < 0 ? 0 : -1) },
  ]
  if (props.hrefOf !== undefined)
    walking.push({ keys: 'Enter', says: 'open the row', run: () => href !== undefined && go(href) })
  if (props.onChoose !== undefined)
    walking.push(
      { keys: 'x', says: 'mark the row', run: () => current !== undefined && selection.toggle(current) },
      { keys: 'a', says: 'mark all rows that are shown', run: () => selection.set(order) },
      { keys: 'Escape', says: 'mark none', run: () => selection.set([]) },
    )
  return [...walking, ...(row === undefined ? [] : (props.keys?.(row, chosen) ?? []))]
}
