/** What was done with items, for people: one line each, or of many how many. */
import type { Counts } from '../service/answer.ts'
import type { Removed, Trash } from '../service/trash.ts'
import { printable, table } from './output.ts'
import type { Screen } from './rq-render.ts'

/** More are counted, not listed. */
const LISTED = 20

interface DoneRow {
  readonly queue: string
  readonly id: string
  readonly did: string
}

export function renderDone(items: readonly DoneRow[], { out, input, counts }: Screen): void {
  if (!isSummed(items, input)) {
    for (const { id, did } of items) out.line(`${printable(id)} ${printable(did)}`)
    return
  }
  if (items.length === 0) out.line('0 items match')
  for (const { queue, did, count } of counts?.did ?? counted(items))
    out.line(`${queue === '' ? '' : `${printable(queue)}: `}${count} ${printable(did)}`)
}

function counted(items: readonly DoneRow[]): Counts['did'] {
  const kinds = new Map<string, number>()
  for (const { queue, did } of items) kinds.set(`${queue}\n${did}`, (kinds.get(`${queue}\n${did}`) ?? 0) + 1)
  return [...kinds].map(([kind, count]) => {
    const [queue = '', did = ''] = kind.split('\n')
    return { queue, did, count }
  })
}

/** What was named is told one by one; what a query or `rq undo` found may be thousands. */
function isSummed(items: readonly DoneRow[], input: Screen['input']): boolean {
  if (input['where'] !== undefined) return true
  return items.length > LISTED && Array.isArray(input['id']) && input['id'].length < items.length
}

export function renderTrash({ items, more, emptied }: Trash, { out, err, input }: Screen): void {
  if (input['empty'] === true) {
    out.line(`${emptied} ${emptied === 1 ? 'removal is' : 'removals are'} gone for good`)
    return
  }
  if (items.length > 0) table(out, ['REMOVAL', 'QUEUE', 'WAS IN', 'ID'], items.map(cells))
  if (more) err.line('rq: there is more (--limit)')
}

function cells({ removal, queue, state, id }: Removed): string[] {
  // What an earlier version removed is its own name.
  return state === null ? ['', queue, '_tmp', id] : [removal, queue, state, id]
}
