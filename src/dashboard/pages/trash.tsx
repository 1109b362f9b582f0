/** What was removed: it can be brought back, one item or all that one change removed; or it goes for good. */
import { useMemo, useState } from 'preact/hooks'
import type { Trash as Answer, Removed } from '../../service/trash.ts'
import { sayOutcome, sayRefusal } from '../act.ts'
import { bringBackAs } from '../bulk.ts'
import { useFetched } from '../fetched.ts'
import type { Key } from '../keys.ts'
import { queueHref } from '../links.ts'
import { query, withQuery } from '../router.ts'
import { may } from '../session.ts'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { EmptyState } from '../ui/empty.tsx'
import { countText, itemsText } from '../ui/format.ts'
import { Time } from '../ui/values.tsx'
import './more.css'
import { Unread } from '../ui/unread.tsx'
import { groupBy } from './group-by.ts'
import { EmptyTrash } from './trash-empty.tsx'

const PAGE = 200
const EVERY = 10_000

/** One and the same: a list that is another one each time would be looked through each time. */
const NOTHING: readonly Removed[] = []

export function Trash() {
  const queue = query.value.get('queue') ?? undefined
  const [limit, setLimit] = useState(PAGE)
  const { value, problem, unread, isAsking, again } = useFetched<Answer>('/trash', { queue, limit }, 0, EVERY)
  const [chosen, choose] = useState<readonly Removed[]>([])
  const [isEmptying, setEmptying] = useState(false)
  const back = (ids: readonly string[]) => void bringBackAs(ids).then(sayOutcome, sayRefusal).then(again)
  const items = value?.items ?? NOTHING
  const sizes = useMemo(() => sizesOf(items), [items])
  const columns = useMemo(() => columnsOf(sizes, back), [sizes])
  return (
    <>
      <TrashHead
        {...{ queue, items, chosen }}
        more={value?.more === true}
        onBack={() => back(chosen.map(nameOf))}
        onEmpty={() => setEmptying(true)}
      />
      <Unread problem={problem} unread={unread} />
      <DataTable<Removed>
        label="Trash"
        of={`${queue} ${limit}`}
        rows={items}
        keyOf={(row) => `${row.removal} ${nameOf(row)}`}
        columns={columns}
        onChoose={choose}
        keys={(row) => keysOf(chosen.length > 0 ? chosen : [row], back)}
        empty={!isAsking && problem === undefined && <Nothing />}
      />
      {value?.more === true && <ShowMore onClick={() => setLimit(limit * 5)} />}
      {isEmptying && <EmptyTrash queue={queue} onDone={again} onClose={() => setEmptying(false)} />}
    </>
  )
}

function ShowMore({ onClick }: { readonly onClick: () => void }) {
  return (
    <button type="button" onClick={onClick}>
      Show more
    </button>
  )
}

interface HeadProps {
  readonly queue: string | undefined
  readonly items: readonly Removed[]
  readonly more: boolean
  readonly chosen: readonly Removed[]
  readonly onBack: () => void
  readonly onEmpty: () => void
}

function TrashHead({ queue, items, more, chosen, onBack, onEmpty }: HeadProps) {
  const isEmpty = items.length === 0
  return (
    <div class="page-head">
      <h1>Trash</h1>
      {!isEmpty && (
        <span class="hint">
          {itemsText(items.length)}
          {more && ' and more'}
        </span>
      )}
      <span class="grow" />
      {queue !== undefined && (
        <a class="button" href={withQuery({ queue: undefined })} aria-label={`Only ${queue}: show all queues`}>
          {queue} <span aria-hidden="true">✕</span>
        </a>
      )}
      {may('operator') && !isEmpty && (
        <button type="button" disabled={chosen.length === 0} onClick={onBack}>
          Bring back {chosen.length === 0 ? 'what is marked' : countText(chosen.length)}
        </button>
      )}
      {may('admin') && !isEmpty && (
        <button type="button" class="danger" onClick={onEmpty}>
          Empty…
        </button>
      )}
    </div>
  )
}

function nameOf({ queue, id }: Removed): string {
  return `${queue}/${id}`
}

/** Of each removal, how many items of it are shown. */
function sizesOf(items: readonly Removed[]): ReadonlyMap<string, number> {
  return new Map([...groupBy(items, ({ removal }) => removal)].map(([removal, of]) => [removal, of.length]))
}

function keysOf(rows: readonly Removed[], back: (ids: readonly string[]) => void): readonly Key[] {
  const known = rows.filter(({ state }) => state !== null)
  if (!may('operator') || known.length === 0) return []
  return [{ keys: 'u', says: 'bring back what is marked, or the row', run: () => back(known.map(nameOf)) }]
}

const WAS = {
  prep: 'being built',
  que: 'waiting',
  run: 'running',
  pause: 'held',
  done: 'done',
  relayed: 'relayed',
  _err: 'failed',
} as const satisfies Record<NonNullable<Removed['state']>, string>

function columnsOf(
  sizes: ReadonlyMap<string, number>,
  back: (ids: readonly string[]) => void,
): readonly Column<Removed>[] {
  return [
    { id: 'id', title: 'Item', isHead: true, cell: ({ id }) => <span class="mono">{id}</span> },
    { id: 'queue', title: 'Queue', cell: ({ queue }) => <a href={queueHref(queue)}>{queue}</a> },
    { id: 'state', title: 'Was', cell: ({ state }) => (state === null ? <span class="none">–</span> : WAS[state]) },
    { id: 'removed', title: 'Removed', isNumber: true, cell: ({ removed }) => <Time at={removed} /> },
    {
      ...{ id: 'act', title: 'Actions', isNumber: true },
      cell: (row) => <Act row={row} size={sizes.get(row.removal) ?? 1} back={back} />,
    },
  ]
}

interface ActProps {
  readonly row: Removed
  readonly size: number
  readonly back: (ids: readonly string[]) => void
}

function Act({ row, size, back }: ActProps) {
  // Of what an earlier version removed, nobody knows where it was.
  if (!may('operator') || row.state === null) return null
  return (
    <div class="acts">
      {size > 1 && (
        <button
          type="button"
          class="small"
          title="All that was removed together, also what is not shown here"
          aria-label={`All ${countText(size)} of it: removed with ${row.id}`}
          onClick={() => back([row.removal])}
        >
          All {countText(size)} of it
        </button>
      )}
      <button type="button" class="small" aria-label={`Bring back: ${nameOf(row)}`} onClick={() => back([nameOf(row)])}>
        Bring back
      </button>
    </div>
  )
}

function Nothing() {
  return (
    <EmptyState title="The trash is empty">
      <p>
        What is removed lies in <code>_trash</code> of its queue until its retention is over. Until then it goes back to
        where it was from here, or by the command below.
      </p>
      <pre class="panel">rq undo</pre>
    </EmptyState>
  )
}
