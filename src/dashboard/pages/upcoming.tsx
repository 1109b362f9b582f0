/** What comes later, of all queues: by a schedule, put off, or tried again. */
import type { Listing } from '../../service/ls.ts'
import { useFetched } from '../fetched.ts'
import { link, query } from '../router.ts'
import { countText } from '../ui/format.ts'
import './queue.css'
import './upcoming.css'
import { UpcomingList } from './upcoming-list.tsx'
import { TABS, type UpcomingTab } from './upcoming-tabs.ts'

export function Upcoming() {
  const said = query.value.get('tab')
  const [first] = TABS
  const tab = TABS.find(({ id }) => id === said) ?? first
  if (tab === undefined) return null
  return (
    <>
      <div class="page-head">
        <h1>Upcoming</h1>
      </div>
      <nav class="tabs" aria-label="Why they wait">
        {TABS.map((one) => (
          <a
            key={one.id}
            href={link(['upcoming'], { tab: one.id, filter: query.value.get('filter') ?? undefined })}
            aria-current={one === tab ? 'page' : undefined}
          >
            {one.title} <TabCount tab={one} />
          </a>
        ))}
      </nav>
      <p class="hint">{tab.says}</p>
      <UpcomingList key={tab.id} tab={tab} />
    </>
  )
}

/** More than so many are not counted for a tab. */
const MOST = 100
const EVERY = 10_000

function TabCount({ tab }: { readonly tab: UpcomingTab }) {
  const question = { query: tab.query, limit: MOST, ids: true, within: '500ms' }
  const { value } = useFetched<Listing>('/items', question, 0, EVERY)
  return <b>{value === undefined ? '…' : countText(value.items.length, value.more || value.bounded)}</b>
}
