import type { Listed } from '../../service/ls.ts'
import { queueHref } from '../links.ts'
import type { Column } from '../ui/data-table.tsx'
import { Time } from '../ui/values.tsx'
import { ITEM_COLUMNS } from './queue-columns.tsx'

const OWN: readonly Column<Listed>[] = [
  { id: 'queue', title: 'Queue', cell: ({ queue }) => <a href={queueHref(queue)}>{queue}</a> },
  { id: 'due', title: 'Due', isNumber: true, cell: Due },
]

/** In this order. Sorted by when they are due, and by nothing else. */
export function columnsOf(ids: readonly string[]): readonly Column<Listed>[] {
  return ids.flatMap((id) => {
    const column = [...OWN, ...ITEM_COLUMNS].find((one) => one.id === id)
    if (column === undefined) return []
    const { sort: _sort, ...rest } = column
    return [rest]
  })
}

/** In words, and by the clock: `in 2h 14:05`. */
function Due({ due }: Listed) {
  if (due === null) return <span class="none">–</span>
  const time = new Date(due)
  const clock = time.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hour12: false })
  return (
    <span class="due">
      <Time at={due} /> <span class="hint">{clock}</span>
    </span>
  )
}
