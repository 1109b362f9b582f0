/** Which columns are shown: said by the link, else as this browser was told last, else as we think best. */
import { query, setQuery } from '../router.ts'
import type { Column } from './data-table.tsx'
import { Menu } from './menu.tsx'

interface Props<R> {
  readonly all: readonly Column<R>[]
  readonly shown: readonly Column<R>[]
  /** Under which it is kept in this browser. */
  readonly name: string
}

export function ColumnMenu<R>({ all, shown, name }: Props<R>) {
  const toggle = (id: string) => {
    const next = all.map((one) => one.id).filter((one) => (one === id) !== shown.some((column) => column.id === one))
    localStorage.setItem(keyOf(name), next.join(','))
    setQuery({ columns: next.join(',') })
  }
  return (
    <Menu label="Columns" class="columns">
      <fieldset>
        <legend>Columns</legend>
        {all.map(({ id, title, says, isHead }) => (
          <label key={id} title={says}>
            <input
              type="checkbox"
              checked={shown.some((column) => column.id === id)}
              disabled={isHead === true}
              onChange={() => toggle(id)}
            />
            {title}
          </label>
        ))}
      </fieldset>
    </Menu>
  )
}

/** Of all the ones to show; `usual` where nothing was said. */
export function chosenColumns<R>(
  all: readonly Column<R>[],
  usual: readonly string[],
  name: string,
): readonly Column<R>[] {
  const said = query.value.get('columns') ?? localStorage.getItem(keyOf(name))
  const wanted = said?.split(',') ?? usual
  return all.filter(({ id, isHead }) => isHead === true || wanted.includes(id))
}

function keyOf(name: string): string {
  return `rqd-columns-${name}`
}
