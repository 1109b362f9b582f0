/** Who changed what over the web, and who failed to sign in; for admins. */
import { useMemo, useState } from 'preact/hooks'
import { formatJson } from '../../domain/json.ts'
import type { AuditLog, AuditRow } from '../../service/audit.ts'
import { useFetched } from '../fetched.ts'
import { query, setQuery, withQuery } from '../router.ts'
import { may } from '../session.ts'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { EmptyState } from '../ui/empty.tsx'
import { Time } from '../ui/values.tsx'
import { outcomeOf, placeOf } from './audit-text.ts'
import './more.css'
import { Unread } from '../ui/unread.tsx'

const EVERY = 10_000
const PAGE = 200
const SINCE = { '1h': '1 h', '24h': '24 h', '7d': '7 d' } as const

export function Audit() {
  if (!may('admin'))
    return (
      <>
        <h1>Audit</h1>
        <EmptyState title="For admins">Who changed what is shown to who may change everything.</EmptyState>
      </>
    )
  return <Log />
}

function Log() {
  const since = Object.keys(SINCE).find((one) => one === query.value.get('since'))
  const user = query.value.get('user') ?? undefined
  const [limit, setLimit] = useState(PAGE)
  const { value, problem, unread, isAsking } = useFetched<AuditLog>('/audit', { since, user, limit }, 0, EVERY)
  const columns = useMemo(columnsOf, [])
  const entries = value?.entries ?? []
  return (
    <>
      <div class="page-head">
        <h1>Audit</h1>
        <span class="grow" />
        <UserBox user={user} />
        <SinceChoice since={since} />
      </div>
      <Unread problem={problem} unread={unread} />
      <DataTable<AuditRow>
        label="Audit"
        of={`${since} ${user} ${limit}`}
        rows={entries}
        keyOf={({ id }) => id}
        columns={columns}
        empty={!isAsking && problem === undefined && <Nothing isAll={since === undefined && user === undefined} />}
      />
      {value?.more === true && (
        <button type="button" onClick={() => setLimit(limit * 5)}>
          Show older ones
        </button>
      )}
    </>
  )
}

function UserBox({ user }: { readonly user: string | undefined }) {
  return (
    <input
      aria-label="Only of this user"
      placeholder="Only of this user"
      autocomplete="off"
      value={user ?? ''}
      onChange={({ currentTarget }) => setQuery({ user: currentTarget.value.trim() })}
    />
  )
}

function SinceChoice({ since }: { readonly since: string | undefined }) {
  return (
    <nav class="choices" aria-label="Since">
      <a href={withQuery({ since: undefined })} aria-current={since === undefined ? 'true' : undefined}>
        All
      </a>
      {Object.entries(SINCE).map(([one, words]) => (
        <a key={one} href={withQuery({ since: one })} aria-current={one === since ? 'true' : undefined}>
          {words}
        </a>
      ))}
    </nav>
  )
}

function columnsOf(): readonly Column<AuditRow>[] {
  return [
    { id: 'time', title: 'When', isNumber: true, cell: ({ time }) => <Time at={time} /> },
    { id: 'who', title: 'Who', isHead: true, cell: (row) => <Who row={row} /> },
    { id: 'did', title: 'Did', cell: ({ verb, method }) => <b>{verb ?? method}</b> },
    { id: 'where', title: 'To', cell: ({ path }) => <span class="wrap">{placeOf(path)}</span> },
    { id: 'with', title: 'With', cell: ({ what }) => <What what={what} /> },
    { id: 'how', title: 'How it ended', cell: (row) => <How row={row} /> },
    { id: 'from', title: 'From', cell: ({ from }) => <span class="mono">{from}</span> },
  ]
}

function Who({ row: { who, role } }: { readonly row: AuditRow }) {
  if (who === null) return <span class="none">a token</span>
  return (
    <span title={role === null ? 'not signed in' : role}>
      <a href={withQuery({ user: who })}>{who}</a>
    </span>
  )
}

function What({ what }: { readonly what: unknown }) {
  if (what === undefined) return null
  const text = typeof what === 'string' ? what : formatJson(what)
  return text === '{}' ? null : <code class="wrap">{text}</code>
}

function How({ row }: { readonly row: AuditRow }) {
  const { text, isBad } = outcomeOf(row)
  return <span class={isBad ? 'badge bad' : 'badge good'}>{text}</span>
}

function Nothing({ isAll }: { readonly isAll: boolean }) {
  if (!isAll)
    return (
      <EmptyState title="Nobody changed anything then">
        <p>
          <a href={withQuery({ since: undefined, user: undefined })}>All changes</a>
        </p>
      </EmptyState>
    )
  return (
    <EmptyState title="Nobody changed anything yet">
      <p>
        Each change over the web is written down here before it is done: who, what, from where, and how it ended. What{' '}
        <code>rq</code> does on the machine itself is not.
      </p>
    </EmptyState>
  )
}
