/** What runs: a row each, what takes most memory first. */
import { useMemo, useState } from 'preact/hooks'
import { itemHref, queueHref } from '../links.ts'
import { query } from '../router.ts'
import { may } from '../session.ts'
import { type Column, DataTable } from '../ui/data-table.tsx'
import { EmptyState } from '../ui/empty.tsx'
import { itemsText } from '../ui/format.ts'
import { Bytes, Duration, Since } from '../ui/values.tsx'
import { KillAsked, type Killing, useKilling } from './workers-kill.tsx'
import { isOrder, keyOf, type Run, sorted } from './workers-rows.ts'

interface Props {
  readonly runs: readonly Run[]
  readonly again: () => void
}

export function Runs({ runs, again }: Props) {
  const said = query.value.get('sort')
  const by = isOrder(said) ? said : 'rss'
  const isReversed = query.value.get('reverse') === 'true'
  const rows = useMemo(() => sorted(runs, by, isReversed), [runs, by, isReversed])
  const [chosen, choose] = useState<readonly Run[]>([])
  const killing = useKilling(again)
  const mayKill = may('operator')
  const columns = useMemo(() => (mayKill ? [...COLUMNS, killColumn(killing)] : COLUMNS), [mayKill, killing.under])
  return (
    <section aria-label="What runs">
      <div class="bar section-head">
        <h2>What runs</h2>
        <span class="grow" />
        {mayKill && runs.length > 0 && <KillButton chosen={chosen} killing={killing} />}
      </div>
      <DataTable<Run>
        label="Runs"
        of={`${by} ${isReversed}`}
        rows={rows}
        keyOf={keyOf}
        hrefOf={({ run }) => itemHref(run.queue, run.id)}
        sorting={{ by, isReversed }}
        columns={columns}
        {...(mayKill
          ? { onChoose: choose, keys: (row: Run, marked: readonly Run[]) => keysOf(row, marked, killing) }
          : {})}
        empty={<NothingRuns />}
      />
      <KillAsked killing={killing} />
    </section>
  )
}

function KillButton({ chosen, killing }: { readonly chosen: readonly Run[]; readonly killing: Killing }) {
  return (
    <button
      type="button"
      class="danger"
      disabled={chosen.length === 0}
      title="Kill what is marked (K)"
      onClick={() => killing.ask(chosen)}
    >
      Kill {chosen.length === 0 ? 'what is marked' : itemsText(chosen.length)}
    </button>
  )
}

function keysOf(row: Run, chosen: readonly Run[], { ask }: Killing) {
  const run = () => ask(chosen.length > 0 ? chosen : [row])
  return [{ keys: 'K', says: 'kill what is marked, or the row', run }]
}

function NothingRuns() {
  return (
    <EmptyState title="Nothing runs">
      <p>Each item that runs has a row here: since when, how much memory and CPU it takes, and how far it is.</p>
    </EmptyState>
  )
}

const measured = { isNumber: true, isLargestFirst: true } as const

const COLUMNS: readonly Column<Run>[] = [
  { id: 'id', title: 'Item', isHead: true, cell: Item },
  { id: 'queue', title: 'Queue', cell: ({ run: { queue } }) => <a href={queueHref(queue)}>{queue}</a> },
  {
    ...{ id: 'rss', title: 'Memory', says: 'resident, of all its processes', sort: 'rss', ...measured },
    cell: Memory,
  },
  {
    ...{ id: 'busy', title: 'CPU now', says: 'of one core, over the last seconds', sort: 'busy', ...measured },
    cell: ({ busy }) => (busy === null ? <None /> : `${Math.round(busy * 100)} %`),
  },
  {
    ...{ id: 'cpu', title: 'CPU time', says: 'so far, of the same processes', sort: 'cpu', ...measured },
    cell: ({ run: { cpu } }) => <Duration ms={cpu} />,
  },
  {
    ...{ id: 'elapsed', title: 'Runs for', sort: 'elapsed', ...measured },
    cell: ({ run: { started } }) => <Since at={started} />,
  },
  { id: 'progress', title: 'Progress', cell: ProgressCell },
  {
    ...{ id: 'attempt', title: 'Attempt', isNumber: true },
    cell: ({ run: { attempt } }) => attempt ?? <None />,
  },
  {
    ...{ id: 'slot', title: 'Slot', says: 'the pid of its slot', isNumber: true },
    cell: ({ run: { slot } }) => slot ?? <None />,
  },
]

function killColumn({ under, ask }: Killing): Column<Run> {
  return {
    ...{ id: 'kill', title: 'Actions', isNumber: true },
    cell: (row) => {
      const isUnder = under.has(keyOf(row))
      return (
        <button
          type="button"
          class="small danger"
          disabled={isUnder}
          aria-label={`Kill ${row.run.id}`}
          onClick={() => ask([row])}
        >
          {isUnder ? 'Stopping…' : 'Kill'}
        </button>
      )
    },
  }
}

function None() {
  return <span class="none">–</span>
}

function Item({ run: { queue, id } }: Run) {
  return (
    <a class="mono run-id" href={itemHref(queue, id)}>
      {id}
    </a>
  )
}

function Memory({ run: { rss }, share }: Run) {
  return (
    <span class="share">
      <i style={{ width: `${Math.round(100 * share)}%` }} />
      <Bytes bytes={rss} />
    </span>
  )
}

function ProgressCell({ run: { progress, id } }: Run) {
  if (progress === null) return <None />
  const { percent, text } = progress
  return (
    <span class="run-progress">
      {percent !== null && <progress value={percent} max={100} aria-label={`Progress of ${id}`} />}
      <span class="run-text" title={text}>
        {text}
      </span>
    </span>
  )
}
