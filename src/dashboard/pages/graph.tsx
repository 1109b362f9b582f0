/** How queues hand items to one another: a picture, and the same as a table. */
import { useMemo } from 'preact/hooks'
import type { Edge } from '../../domain/graph.ts'
import type { Graph as Answer } from '../../service/graph.ts'
import { useFetched } from '../fetched.ts'
import { queueHref } from '../links.ts'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { EmptyState } from '../ui/empty.tsx'
import { countText } from '../ui/format.ts'
import { KINDS, trulyMissing } from './graph-kinds.ts'
import { Picture } from './graph-picture.tsx'
import './graph.css'
import './more.css'
import { Unread } from '../ui/unread.tsx'

const EVERY = 10_000

export function Graph() {
  const { value, problem, unread, isAsking } = useFetched<Answer>('/graph', {}, 0, EVERY)
  const missing = value === undefined ? '' : trulyMissing(value).join('\n')
  const columns = useMemo(() => columnsOf(missing.split('\n')), [missing])
  const edges = value?.edges ?? []
  return (
    <>
      <div class="page-head">
        <h1>Graph</h1>
        {value !== undefined && edges.length > 0 && <span class="hint">{sumOf(value)}</span>}
      </div>
      <Unread problem={problem} unread={unread} />
      {value !== undefined && <Picture graph={value} />}
      <DataTable<Edge>
        label="How queues hand items on"
        of="edges"
        rows={edges}
        keyOf={({ from, to, kind }) => `${from} ${to} ${kind}`}
        hrefOf={({ to }) => queueHref(to)}
        columns={columns}
        empty={!isAsking && problem === undefined && <Nothing />}
      />
    </>
  )
}

function sumOf(graph: Answer): string {
  const { nodes, edges } = graph
  const missing = trulyMissing(graph)
  const linked = new Set(edges.filter(({ from, to }) => from !== to).flatMap(({ from, to }) => [from, to]))
  const alone = nodes.filter(({ name }) => !linked.has(name)).length
  return [
    `${countText(linked.size)} queues hand items on`,
    ...(alone === 0 ? [] : [`${countText(alone)} stand alone`]),
    ...(missing.length === 0 ? [] : [`${countText(missing.length)} missing`]),
  ].join(', ')
}

function columnsOf(missing: readonly string[]): readonly Column<Edge>[] {
  return [
    { id: 'from', title: 'From', isHead: true, cell: ({ from }) => <a href={queueHref(from)}>{from}</a> },
    { id: 'kind', title: 'How', cell: ({ kind }) => KINDS[kind] },
    {
      id: 'to',
      title: 'To',
      cell: ({ to }) =>
        missing.includes(to) ? <span class="bad-text">{to} (no such queue)</span> : <a href={queueHref(to)}>{to}</a>,
    },
    { id: 'seen', title: 'Seen lately', isNumber: true, cell: ({ seen }) => countText(seen) },
    {
      id: 'configured',
      title: 'By',
      cell: ({ configured }) => (configured ? 'its configuration' : 'what happened'),
    },
  ]
}

function Nothing() {
  return (
    <EmptyState title="No queue hands items to another">
      <p>
        A queue that relays, copies, retries elsewhere or alerts is drawn here with where it leads to, from its
        configuration and from what happened lately.
      </p>
      <pre class="panel">{`"relay_to": "archive",
"retry": { "limit": 3, "queue": "slow", "on_give_up": { "relay_to": "dead" } }`}</pre>
    </EmptyState>
  )
}
