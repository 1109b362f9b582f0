/** The items of one list of what comes later, by the hour in which each is due. */
import { useMemo } from 'preact/hooks'
import type { Listed } from '../../service/ls.ts'
import { link, query } from '../router.ts'
import { may } from '../session.ts'
import { clock } from '../ui/clock.ts'
import { ItemList, useItems } from './item-list.tsx'
import { useActions } from './queue-actions.tsx'
import { nameOf } from './queue-columns.tsx'
import { columnsOf } from './upcoming-columns.tsx'
import { hourOf } from './upcoming-hours.ts'
import type { UpcomingTab } from './upcoming-tabs.ts'

/** Asked for anew so often, in ms: it reads a message of each item. */
const EVERY = 4_000

const BY_DUE = { sort: 'due' } as const
const BY_HOUR = { of: ({ due }: Listed) => hourOf(due, clock.peek()) }

export function UpcomingList({ tab }: { readonly tab: UpcomingTab }) {
  const filter = query.value.get('filter') ?? ''
  const columns = useMemo(() => columnsOf(tab.columns), [tab])
  const list = useItems({ tab, filter, columns, more: BY_DUE, keyOf, stamp: 0, every: EVERY })
  const actions = useActions({ queue: undefined, tab, filter, again: list.again })
  return (
    <ItemList
      {...{ tab, filter, list, actions, canChoose: may('operator'), groups: BY_HOUR }}
      placeholder="Filter: queue:mail*  tag:eu  due<1h"
      nothing={{ matches: 'What matches may stand in another of these lists.', more: <HowTo /> }}
    />
  )
}

function keyOf(row: Listed): string {
  return `${row.queue}/${nameOf(row)}`
}

function HowTo() {
  return (
    <p>
      What comes from <a href={link(['schedules'])}>schedules</a> is planned on their page;{' '}
      <code>rq inject QUEUE --in 2h</code> puts an item here.
    </p>
  )
}
