/** The items of one list of a queue. */
import { useEffect, useMemo } from 'preact/hooks'
import { queues } from '../live.ts'
import { query } from '../router.ts'
import { ColumnMenu, chosenColumns } from '../ui/columns.tsx'
import { ItemList, useItems } from './item-list.tsx'
import { useActions } from './queue-actions.tsx'
import { ITEM_COLUMNS, nameOf } from './queue-columns.tsx'
import type { Tab } from './queue-tabs.ts'

/** Asked for anew at least so often, in ms; sooner when the queue changes. */
const EVERY = 5_000

interface Props {
  readonly queue: string
  readonly tab: Tab
  /** Its first rows are there, or it is known that there are none. */
  readonly onListed: () => void
}

export function QueueList({ queue, tab, onListed }: Props) {
  const filter = query.value.get('filter') ?? ''
  const by = query.value.get('sort') ?? undefined
  const isReversed = by !== undefined && query.value.get('reverse') === 'true'
  const columns = useColumns(tab)
  const more = { queue, sort: by, reverse: isReversed ? true : undefined }
  const stamp = queues.value.get(queue)
  const list = useItems({ tab, filter, columns, more, keyOf: nameOf, stamp, every: EVERY })
  const actions = useActions({ queue, tab, filter, again: list.again })
  const isListed = !list.isAsking || list.problem !== undefined
  useEffect(() => {
    if (isListed) onListed()
  }, [isListed])
  return (
    <ItemList
      {...{ tab, filter, list, actions, canChoose: true, sorting: { by, isReversed } }}
      menu={<ColumnMenu all={ITEM_COLUMNS} shown={columns} name={`queue-${tab.id}`} />}
      nothing={{ matches: 'What matches may lie in another list: the tabs above.' }}
    />
  )
}

function useColumns(tab: Tab) {
  const ids = chosenColumns(ITEM_COLUMNS, tab.columns, `queue-${tab.id}`)
    .map(({ id }) => id)
    .join()
  return useMemo(() => ITEM_COLUMNS.filter(({ id }) => ids.split(',').includes(id)), [ids])
}
