/** What failed, by why: a hundred thousand failures are a handful of causes. */
import { useMemo, useState } from 'preact/hooks'
import type { Causes } from '../../service/causes.ts'
import { useFetched } from '../fetched.ts'
import { queues } from '../live.ts'
import { query, withQuery } from '../router.ts'
import { may } from '../session.ts'
import { DataTable } from '../ui/data-table.tsx'
import { EmptyState } from '../ui/empty.tsx'
import { countText, itemsText } from '../ui/format.ts'
import './more.css'
import { Unread } from '../ui/unread.tsx'
import { Asked, keysOf, type Wish } from './failed-actions.tsx'
import { causeColumns, causeHref, causeKey } from './failed-columns.tsx'

/** Asked for anew so often, in ms: it reads a message of each item. */
const EVERY = 10_000
const SINCE = { '1h': '1 h', '24h': '24 h', '7d': '7 d' } as const
type Since = keyof typeof SINCE
const CHOICES = Object.keys(SINCE).filter((one): one is Since => Object.hasOwn(SINCE, one))

export function Failed() {
  const since = CHOICES.find((one) => one === query.value.get('since'))
  const queue = query.value.get('queue') ?? undefined
  const { value, problem, unread, isAsking, again } = useFetched<Causes>('/causes', { queue, since }, failures(), EVERY)
  const [wish, setWish] = useState<Wish>()
  const groups = value?.groups ?? []
  const columns = useMemo(() => causeColumns(since, setWish), [since])
  return (
    <>
      <div class="page-head">
        <h1>Failed</h1>
        {value !== undefined && groups.length > 0 && <Sum causes={value} />}
        <span class="grow" />
        <SinceChoice since={since} />
        <QueueChoice queue={queue} />
        {groups.length > 0 && may('operator') && <All queue={queue} since={since} onWish={setWish} />}
      </div>
      <Unread problem={problem} unread={unread} />
      {value !== undefined && <Unseen causes={value} />}
      <DataTable
        label="Causes"
        of={`${since} ${queue}`}
        rows={groups}
        keyOf={causeKey}
        columns={columns}
        hrefOf={(group) => causeHref(group, since)}
        keys={(group) => keysOf(group, setWish)}
        empty={!isAsking && problem === undefined && <Nothing since={since} queue={queue} />}
      />
      {wish !== undefined && <Asked wish={wish} onDone={again} onClose={() => setWish(undefined)} />}
    </>
  )
}

/** Another number as soon as anything fails, or fails no more. */
function failures(): string {
  return [...queues.value.values()].map(({ name, counts }) => `${name} ${counts._err}`).join()
}

function Sum({ causes: { groups, more } }: { readonly causes: Causes }) {
  const count = groups.reduce((sum, group) => sum + group.count, 0)
  const places = new Set(groups.map(({ queue }) => queue)).size
  return (
    <span class="hint">
      {itemsText(count)}, {countText(groups.length + more)} {groups.length + more === 1 ? 'cause' : 'causes'},{' '}
      {countText(places)} {places === 1 ? 'queue' : 'queues'}
    </span>
  )
}

function SinceChoice({ since }: { readonly since: Since | undefined }) {
  return (
    <nav class="choices" aria-label="Failed since">
      <a href={withQuery({ since: undefined })} aria-current={since === undefined ? 'true' : undefined}>
        All
      </a>
      {CHOICES.map((one) => (
        <a key={one} href={withQuery({ since: one })} aria-current={one === since ? 'true' : undefined}>
          {SINCE[one]}
        </a>
      ))}
    </nav>
  )
}

function QueueChoice({ queue }: { readonly queue: string | undefined }) {
  if (queue === undefined) return null
  return (
    <a class="button" href={withQuery({ queue: undefined })} aria-label={`${queue} ✕: show all queues`}>
      {queue} <span aria-hidden="true">✕</span>
    </a>
  )
}

interface AllProps {
  readonly queue: string | undefined
  readonly since: Since | undefined
  readonly onWish: (wish: Wish) => void
}

function All({ queue, since, onWish }: AllProps) {
  const which = {
    queues: queue === undefined ? [] : [queue],
    where: since === undefined ? 'failed' : `failed age<${since}`,
  }
  return (
    <>
      <button type="button" onClick={() => onWish({ does: 'retry', which })}>
        Retry all…
      </button>
      <button type="button" onClick={() => onWish({ does: 'slowly', which })}>
        Retry slowly…
      </button>
    </>
  )
}

/** What is not in the list, said. */
function Unseen({ causes: { more, capped, unknown } }: { readonly causes: Causes }) {
  const said = [
    more > 0 ? `${countText(more)} rarer causes are not shown.` : undefined,
    capped.length > 0 ? `Of ${capped.join(', ')} not all items were looked at: there are too many.` : undefined,
    unknown > 0 ? `Of ${itemsText(unknown)} no cause could be read.` : undefined,
  ].filter((text) => text !== undefined)
  return said.length === 0 ? null : <p class="hint">{said.join(' ')}</p>
}

function Nothing({ since, queue }: { readonly since: Since | undefined; readonly queue: string | undefined }) {
  const where = queue === undefined ? '' : ` in ${queue}`
  if (since !== undefined)
    return (
      <EmptyState title={`Nothing failed${where} within ${SINCE[since]}`}>
        <p>
          <a href={withQuery({ since: undefined })}>What failed before</a>
        </p>
      </EmptyState>
    )
  return (
    <EmptyState title={`Nothing failed${where}`}>
      <p>
        What fails for good lies in <code>_err/</code> of its queue and is gathered here by its cause: one line for a
        thousand items that ended alike, with what to do about all of them.
      </p>
      <pre class="panel">rq causes{'\n'}rq retry --where 'failed exit:1' --slow 10/1m</pre>
    </EmptyState>
  )
}
