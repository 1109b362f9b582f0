/** One queue: how it is, what lies in it, how it went, and what it is told to do. */

import { useEffect, useState } from 'preact/hooks'
import type { Listing } from '../../service/ls.ts'
import type { Top, TopQueue } from '../../service/top.ts'
import { useFetched } from '../fetched.ts'
import type { Key } from '../keys.ts'
import { useKeys } from '../keys.ts'
import { queueHref } from '../links.ts'
import { now, queues } from '../live.ts'
import type { PageProps } from '../pages.ts'
import { go, query, withQuery } from '../router.ts'
import { may } from '../session.ts'
import { EmptyState } from '../ui/empty.tsx'
import { countText } from '../ui/format.ts'
import { switchQueue } from './overview-columns.tsx'
import './queue.css'
import { QueueCharts } from './queue-charts.tsx'
import { QueueConfig } from './queue-config.tsx'
import { DropAnywhere } from './queue-drop.tsx'
import { QueueHead } from './queue-head.tsx'
import { QueueInject } from './queue-inject.tsx'
import { QueueList } from './queue-list.tsx'
import { TABS, type Tab } from './queue-tabs.ts'

export function Queue({ rest: [name = '', view = ''] }: PageProps) {
  const queue = useRow(name)
  // The list comes first: what else is told of the queue is asked for when its rows are there.
  const [listed, setListed] = useState<string>()
  const isReady = view !== '' || listed === name
  useKeys(keysFor(name, queue))
  const isLate = useLate(queue === undefined && now.value !== undefined)
  if (queue === undefined) {
    if (!isLate) return <h1>{name}</h1>
    return (
      <EmptyState title={`There is no queue "${name}"`}>
        <a href={queueHref('').replace(/queues\/$/, '')}>All queues</a>
      </EmptyState>
    )
  }
  return (
    <>
      <QueueHead queue={queue} view={view} isReady={isReady} />
      {view === 'config' && <QueueConfig key={name} queue={name} />}
      {view === 'inject' && <QueueInject key={name} queue={name} />}
      {view === '' && <Items key={name} queue={queue} isReady={isReady} onListed={() => setListed(name)} />}
      {may('operator') && <DropAnywhere queue={name} />}
    </>
  )
}

/** Asked for only as long as nothing was pushed: one queue is known sooner than all. */
function useRow(name: string): TopQueue | undefined {
  const isTold = now.value !== undefined
  const { value } = useFetched<Top>(isTold ? undefined : '/top', { queue: name })
  return queues.value.get(name) ?? (isTold ? undefined : value?.queues.find((one) => one.name === name))
}

/** A queue that was just made is told of a moment later. Milliseconds. */
const TOLD_WITHIN = 3_000

/** Whether it has been so for longer than news take. */
function useLate(isSo: boolean): boolean {
  const [isLate, setLate] = useState(false)
  useEffect(() => {
    setLate(false)
    if (!isSo) return undefined
    const timer = setTimeout(() => setLate(true), TOLD_WITHIN)
    return () => clearTimeout(timer)
  }, [isSo])
  return isLate
}

function keysFor(name: string, queue: TopQueue | undefined): readonly Key[] {
  if (!may('operator')) return []
  const isPaused = queue?.paused === true
  return [
    { keys: 'p', says: 'pause or resume the queue', run: () => void switchQueue(name, isPaused ? 'resume' : 'pause') },
    { keys: 'i', says: 'inject an item', run: () => go(`${queueHref(name)}/inject`) },
    { keys: 'c', says: 'its configuration', run: () => go(`${queueHref(name)}/config`) },
  ]
}

interface ItemsProps {
  readonly queue: TopQueue
  readonly isReady: boolean
  readonly onListed: () => void
}

function Items({ queue, isReady, onListed }: ItemsProps) {
  const said = query.value.get('tab')
  const [first] = TABS
  // Chosen once: a list does not become another under the pointer because an item ended.
  const [began] = useState(() => usual(queue))
  const tab = TABS.find(({ id }) => id === said) ?? began ?? first
  if (tab === undefined) return null
  return (
    <>
      <QueueCharts queue={queue.name} isReady={isReady} />
      <nav class="tabs" aria-label="Lists">
        {TABS.map((one) => (
          <a
            key={one.id}
            ref={one === tab ? intoView : null}
            href={tabHref(one)}
            aria-current={one === tab ? 'page' : undefined}
          >
            {one.title} <TabCount queue={queue} tab={one} isReady={isReady} />
          </a>
        ))}
      </nav>
      <QueueList key={tab.id} queue={queue.name} tab={tab} onListed={onListed} />
    </>
  )
}

/** On a phone not all tabs are seen. Where they are is known when the page is laid out, and not while it is made. */
function intoView(tab: HTMLElement | null): void {
  requestAnimationFrame(() => {
    if (tab?.parentElement) tab.parentElement.scrollLeft = tab.offsetLeft - 40
  })
}

/** Without a word of the link: what most likely brought somebody here. */
function usual({ counts }: TopQueue): Tab | undefined {
  const wanted = counts.run > 0 ? 'running' : counts.que > 0 ? 'pending' : counts._err > 0 ? 'failed' : 'done'
  return TABS.find(({ id }) => id === wanted)
}

function tabHref({ id }: Tab): string {
  return withQuery({ tab: id, sort: undefined, reverse: undefined, columns: undefined })
}

interface CountProps {
  readonly queue: TopQueue
  readonly tab: Tab
  readonly isReady: boolean
}

function TabCount({ queue, tab, isReady }: CountProps) {
  const { counts } = tab
  // All of these lie in que/.
  if (counts === undefined)
    return queue.counts.que === 0 ? <b>0</b> : <Counted queue={queue} tab={tab} isReady={isReady} />
  return <b>{countText(queue.counts[counts], queue.capped.includes(counts))}</b>
}

/** More than so many are not counted for a tab. */
const MOST = 100
const EVERY = 5_000

function Counted({ queue, tab, isReady }: CountProps) {
  const question = { queue: queue.name, query: tab.query, limit: MOST, ids: true, within: '250ms' }
  const { value } = useFetched<Listing>(isReady ? '/items' : undefined, question, queue.counts.que, EVERY)
  if (value === undefined) return <b>…</b>
  return <b>{countText(value.items.length, value.more || value.bounded)}</b>
}
