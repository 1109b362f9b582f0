import { now, queues } from '../live.ts'
import { countText, rateText } from '../ui/format.ts'
import type { OverviewRow } from './overview-rows.ts'

const SHOWN = [
  ['que', 'pending'],
  ['run', 'running'],
  ['pause', 'held'],
  ['_err', 'failed'],
] as const

/** All queues that are shown, in one line. */
export function Totals({ rows }: { readonly rows: readonly OverviewRow[] }) {
  const sum = (of: (row: OverviewRow) => number) => rows.reduce((all, row) => all + of(row), 0)
  const troubled = rows.filter(({ troubles }) => troubles.length > 0)
  const isBad = troubled.some(({ troubles }) => troubles.some(({ kind }) => kind === 'bad'))
  const trouble = troubled.length === 0 ? 'good-text' : isBad ? 'bad-text' : 'warn-text'
  return (
    <dl class="totals" aria-label="Totals">
      <Total
        name="queues"
        value={rows.length === queues.value.size ? countText(rows.length) : `${rows.length} of ${queues.value.size}`}
      />
      {SHOWN.map(([state, name]) => (
        <Total
          key={state}
          name={name}
          value={countText(
            sum(({ queue }) => queue.counts[state]),
            rows.some(({ queue }) => queue.capped.includes(state)),
          )}
          kind={state === '_err' && sum(({ queue }) => queue.counts._err) > 0 ? 'bad-text' : ''}
        />
      ))}
      <Total name="done/min" value={rateText(sum(({ queue }) => queue.donePerMinute))} />
      <Total name="with trouble" value={countText(troubled.length)} kind={trouble} />
      <Total name="handlers" value={countText(now.value?.running.length ?? 0)} />
    </dl>
  )
}

function Total({ name, value, kind = '' }: { readonly name: string; readonly value: string; readonly kind?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={kind}>{value}</dd>
    </div>
  )
}
