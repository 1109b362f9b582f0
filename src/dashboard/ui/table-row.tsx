import { Component } from 'preact'
import type { Column } from './data-table.tsx'

interface Props<R> {
  readonly id: string
  /** Which of all lines it is, where not all are drawn. */
  readonly index: number | undefined
  readonly row: R
  readonly isGone: boolean
  readonly columns: readonly Column<R>[]
  /** Tab leads to this row; j and k to the others. */
  readonly isFirstStop: boolean
  /** undefined: rows cannot be chosen. */
  readonly isChosen: boolean | undefined
  readonly kind: string
  readonly onStand: (key: string) => void
  /** The focus is in it: on a link, for one. */
  readonly onHold: (key: string) => void
  readonly onToggle: ((key: string, upToHere?: boolean) => void) | undefined
}

/** Drawn again only when something of it is another: a thousand rows cost what the changed ones cost. */
export class RowView<R> extends Component<Props<R>> {
  override shouldComponentUpdate(next: Props<R>): boolean {
    const { props } = this
    return (
      next.row !== props.row ||
      next.index !== props.index ||
      next.isGone !== props.isGone ||
      next.columns !== props.columns ||
      next.isFirstStop !== props.isFirstStop ||
      next.isChosen !== props.isChosen ||
      next.kind !== props.kind
    )
  }

  // Handlers of the last drawing would know an old selection.
  readonly #toggle = (upToHere: boolean) => this.props.onToggle?.(this.props.id, upToHere)

  readonly #press = (event: MouseEvent) => {
    const { isChosen } = this.props
    if (!(event.target instanceof Element) || event.target.closest('a, button, input, select, summary') !== null) return
    if (isChosen !== undefined && (event.shiftKey || event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      this.#toggle(event.shiftKey)
    }
  }

  override render({ id, index, row, isGone, columns, isFirstStop, isChosen, kind, onStand, onHold }: Props<R>) {
    const kinds = [kind, isGone ? 'gone' : '', isChosen === true ? 'chosen' : '']
    // What a click does, j, k and x do by keys.
    return (
      <tr
        class={kinds.filter(Boolean).join(' ')}
        tabIndex={isFirstStop ? 0 : -1}
        data-key={id}
        data-line={id}
        aria-rowindex={index}
        onFocus={() => onStand(id)}
        onFocusIn={() => onHold(id)}
        onMouseDown={(event) => event.shiftKey && event.preventDefault()}
        onClick={this.#press}
      >
        {isChosen !== undefined && (
          <td class="choose">
            <input
              type="checkbox"
              aria-label={`Mark ${id}`}
              tabIndex={-1}
              checked={isChosen}
              onClick={(event) => this.#toggle(event.shiftKey)}
            />
          </td>
        )}
        {columns.map(({ id: column, title, isNumber, isHead, cell }) => (
          <td
            key={column}
            class={[isNumber === true ? 'number' : '', isHead === true ? 'head' : '', `c-${column}`].join(' ')}
            data-title={title}
          >
            {cell(row)}
          </td>
        ))}
      </tr>
    )
  }
}
