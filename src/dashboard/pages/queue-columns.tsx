import type { Listed } from '../../service/ls.ts'
import { itemHref } from '../links.ts'
import type { Column } from '../ui/data-table.tsx'
import { Bytes, Since, Tags, Time } from '../ui/values.tsx'

/** Of a name, what tells priority, time and tags (docs/PROTOCOL.md). */
const SUFFIXES = /(?:,(?:p\d|t\d+|\+[\w.:@-]+))+$/

/** Its id, or the name of a file that was dropped and has none yet. */
export function nameOf({ id, name }: Listed): string {
  return id ?? name.replace(SUFFIXES, '')
}

const number = { isNumber: true } as const

export const ITEM_COLUMNS: readonly Column<Listed>[] = [
  { id: 'id', title: 'Item', sort: 'name', isHead: true, cell: Id },
  { id: 'progress', title: 'Progress', cell: Progress },
  { id: 'runs', title: 'Runs for', ...number, cell: ({ since }) => <Since at={since} /> },
  { id: 'attempt', title: 'Attempt', ...number, cell: ({ attempt }) => attempt ?? <None /> },
  { id: 'due', title: 'Due', sort: 'due', ...number, cell: ({ due }) => <Time at={due} /> },
  {
    id: 'priority',
    title: 'Priority',
    says: '0 runs first',
    sort: 'priority',
    ...number,
    cell: ({ priority }) => priority,
  },
  { id: 'why', title: 'Why', cell: ({ why }) => why ?? <None /> },
  { id: 'tags', title: 'Tags', cell: ({ tags }) => tags.length > 0 && <Tags tags={tags} /> },
  { id: 'age', title: 'Since', says: 'in its state', sort: 'age', ...number, cell: ({ since }) => <Time at={since} /> },
  { id: 'created', title: 'Created', sort: 'created', ...number, cell: ({ created }) => <Time at={created} /> },
  { id: 'finished', title: 'Finished', ...number, cell: ({ since, finished }) => <Time at={since ?? finished} /> },
  { id: 'size', title: 'Size', sort: 'size', ...number, cell: ({ size }) => <Bytes bytes={size} /> },
  { id: 'attempts', title: 'Attempts', sort: 'attempts', ...number, cell: ({ attempts }) => attempts ?? <None /> },
  { id: 'exit', title: 'Exit', sort: 'exit', ...number, cell: ({ exit }) => exit ?? <None /> },
  { id: 'text', title: 'Says', cell: ({ text }) => text !== undefined && <span class="item-text">{text}</span> },
]

/** Of these the server looks into each item. */
const ASKED = ['size', 'attempts', 'exit']

/** What to ask the server for. */
export function askedColumns(columns: readonly Column<Listed>[]): string | undefined {
  const ids = columns.map(({ id }) => id).filter((id) => ASKED.includes(id))
  return ids.length === 0 ? undefined : ids.join(',')
}

function Id(row: Listed) {
  const name = nameOf(row)
  return (
    <a class="item-id mono" href={itemHref(row.queue, name)}>
      {name}
    </a>
  )
}

function None() {
  return <span class="none">–</span>
}

function Progress({ progress }: Listed) {
  if (progress === undefined) return <None />
  const { percent, text } = progress
  return (
    <span class="progress">
      {percent !== null && <progress value={percent} max={100} aria-label="progress" />} {text}
    </span>
  )
}
