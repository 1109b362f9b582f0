/** The lines of a table that are in view, one below the other. */
import type { Ref } from 'preact'
import type { Column } from './data-table.tsx'
import type { Selection } from './selection.ts'
import { type Folding, GroupHead, type Line } from './table-group.tsx'
import { RowView } from './table-row.tsx'
import type { Piece } from './window.ts'

interface Props<R> {
  readonly body: Ref<HTMLTableSectionElement>
  readonly lines: readonly Line<R>[]
  readonly pieces: readonly Piece[]
  /** Not all is drawn: each line says which of all it is. */
  readonly isCut: boolean
  readonly columns: readonly Column<R>[]
  /** Of the row that Tab leads to. */
  readonly stop: string | undefined
  /** undefined: rows cannot be chosen. */
  readonly selection: Selection | undefined
  readonly rowClass: ((row: R) => string) | undefined
  readonly folding: Folding<R> | undefined
  readonly onStand: (key: string) => void
  readonly onHold: (key: string) => void
}

export function Body<R>({ pieces, lines, ...rest }: Props<R>) {
  let gaps = 0
  return (
    <tbody ref={rest.body}>
      {pieces.map((piece) => {
        if (piece.kind === 'line')
          return <LineView key={lines[piece.at]?.key} {...rest} line={lines[piece.at]} at={piece.at} />
        gaps += 1
        const width = rest.columns.length + (rest.selection === undefined ? 0 : 1)
        return <Gap key={`gap ${gaps}`} height={piece.height} width={width} />
      })}
    </tbody>
  )
}

/** As high as the rows that are not drawn. */
function Gap({ height, width }: { readonly height: number; readonly width: number }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing can focus it
    <tr class="gap" aria-hidden="true" style={{ height: `${height}px` }}>
      <td colSpan={width} />
    </tr>
  )
}

interface LineProps<R> extends Omit<Props<R>, 'lines' | 'pieces' | 'body'> {
  readonly line: Line<R> | undefined
  readonly at: number
}

function LineView<R>({ line, at, isCut, columns, stop, selection, rowClass, folding, ...told }: LineProps<R>) {
  if (line === undefined) return null
  // The head of the table is the first.
  const index = isCut ? at + 2 : undefined
  if (line.kind === 'group')
    return (
      <GroupHead<R>
        {...{ id: line.key, index, group: line.group, folding, columns, canChoose: selection !== undefined }}
      />
    )
  const { key, row, isGone } = line.shown
  return (
    <RowView<R>
      {...{ id: key, index, row, isGone, columns, onStand: told.onStand, onHold: told.onHold }}
      isFirstStop={key === stop}
      isChosen={selection?.keys.has(key)}
      kind={[rowClass?.(row) ?? '', line.isInGroup && folding !== undefined ? 'in-group' : ''].join(' ').trim()}
      onToggle={selection?.toggle}
    />
  )
}
