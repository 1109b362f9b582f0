/** Rows of one group stand together under its name; where groups fold, the name stands for them. */
import type { ComponentChildren } from 'preact'
import type { Column } from './data-table.tsx'
import { itemsText } from './format.ts'
import type { Shown } from './frozen.ts'

export interface Grouping<R> {
  /** Rows of one group come after each other; '' stands under no name. */
  readonly of: (row: R) => string
  /** Without it groups do not fold. */
  readonly folding?: Folding<R>
}

export interface Folding<R> {
  readonly isFolded: (title: string) => boolean
  readonly onFold: (title: string, isFolded: boolean) => void
  /** In the column of the rows' names, beside its own. */
  readonly says: (rows: readonly R[]) => ComponentChildren
  /** In the other columns: what the rows come to. */
  readonly sum: (rows: readonly R[], column: string) => ComponentChildren
}

interface Group<R> {
  readonly title: string
  readonly rows: R[]
  readonly isFolded: boolean
}

export type Line<R> =
  | { readonly kind: 'group'; readonly key: string; readonly group: Group<R> }
  | { readonly kind: 'row'; readonly key: string; readonly shown: Shown<R>; readonly isInGroup: boolean }

/** What stands below each other: the rows that are shown, and over each group its name. */
export function linesOf<R>(shown: readonly Shown<R>[], groups: Grouping<R> | undefined): readonly Line<R>[] {
  if (groups === undefined) return shown.map((one) => ({ kind: 'row', key: one.key, shown: one, isInGroup: false }))
  const lines: Line<R>[] = []
  let last: Group<R> | undefined
  for (const one of shown) {
    const title = groups.of(one.row)
    if (last?.title !== title) {
      last = { title, rows: [], isFolded: title !== '' && groups.folding?.isFolded(title) === true }
      if (title !== '') lines.push({ kind: 'group', key: `group ${title}`, group: last })
    }
    last.rows.push(one.row)
    if (!last.isFolded) lines.push({ kind: 'row', key: one.key, shown: one, isInGroup: title !== '' })
  }
  return lines
}

interface HeadProps<R> {
  readonly id: string
  readonly index: number | undefined
  readonly group: Group<R>
  readonly folding: Folding<R> | undefined
  readonly columns: readonly Column<R>[]
  readonly canChoose: boolean
}

export function GroupHead<R>({ id, index, group, folding, columns, canChoose }: HeadProps<R>) {
  const { title, rows, isFolded } = group
  if (folding === undefined)
    return (
      <tr class="group" data-line={id} aria-rowindex={index}>
        <th colSpan={columns.length + (canChoose ? 1 : 0)} scope="rowgroup">
          {title} <span class="hint">{itemsText(rows.length)}</span>
        </th>
      </tr>
    )
  const [, ...others] = columns
  return (
    <tr class="group folding" data-line={id} aria-rowindex={index}>
      <th colSpan={canChoose ? 2 : 1} scope="rowgroup">
        <div class="group-cell">
          <button
            type="button"
            class="quiet fold"
            aria-expanded={!isFolded}
            onClick={() => folding.onFold(title, !isFolded)}
          >
            <span aria-hidden="true">{isFolded ? '▸' : '▾'}</span> {title}
          </button>
          {folding.says(rows)}
        </div>
      </th>
      {others.map(({ id: column, title: name, isNumber }) => (
        <td key={column} class={`${isNumber === true ? 'number' : ''} c-${column}`} data-title={name}>
          {folding.sum(rows, column)}
        </td>
      ))}
    </tr>
  )
}
