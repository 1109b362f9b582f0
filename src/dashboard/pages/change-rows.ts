/** Changes of the rows that somebody marked, of one queue or of several. */
import { type Change, changeAll, changeOne, type Outcome } from '../bulk.ts'
import { exact } from '../ui/complete.ts'
import { groupBy } from './group-by.ts'

export interface RowName {
  readonly queue: string
  /** Its id, or the name of a file that has none yet. */
  readonly name: string
}

/** Of more than one, a query names them: they are changed only where they still are in this list. */
const AT_ONCE = 100

/** `query`: of the list in which they were marked. */
export async function changeRows(change: Change, rows: readonly RowName[], query: string): Promise<Outcome> {
  const [first, ...others] = rows
  if (first !== undefined && others.length === 0) return changeOne(change, first.queue, first.name)
  let all: Outcome = { matched: 0, did: new Map(), items: [], said: [] }
  for (const [queue, ofQueue] of groupBy(rows, (row) => row.queue)) {
    for (let at = 0; at < ofQueue.length; at += AT_ONCE) {
      const names = ofQueue.slice(at, at + AT_ONCE).map(({ name }) => `name=${exact(name)}`)
      const which = { queues: [queue], where: `${query} (${names.join(' | ')})` }
      all = together(all, await changeAll(change, which, () => undefined))
    }
  }
  return all
}

function together(a: Outcome, b: Outcome): Outcome {
  const did = new Map(a.did)
  for (const [words, count] of b.did) did.set(words, (did.get(words) ?? 0) + count)
  return { matched: a.matched + b.matched, did, items: [...a.items, ...b.items], said: [...a.said, ...b.said] }
}
