/** What runs and what it takes of the machine: what eats the memory is one look. */
import { useMemo, useRef } from 'preact/hooks'
import type { Workers as Answer } from '../../service/workers.ts'
import { useFetched } from '../fetched.ts'
import { bytesText, countText } from '../ui/format.ts'
import './workers.css'
import { Unread } from '../ui/unread.tsx'
import { HostFacts } from './workers-host.tsx'
import { QueueWorkers } from './workers-queues.tsx'
import { type Run, runsOf } from './workers-rows.ts'
import { Runs } from './workers-runs.tsx'

/** Asked for anew while it is seen, in ms. */
const EVERY = 2_000

export function Workers() {
  const { value, problem, unread, again } = useFetched<Answer>('/workers', {}, 0, EVERY)
  const before = useBefore(value)
  const runs = useMemo(() => (value === undefined ? [] : runsOf(value, before)), [value])
  return (
    <>
      <div class="page-head">
        <h1>Workers</h1>
        {value !== undefined && <Sum answer={value} runs={runs} />}
      </div>
      <Unread problem={problem} unread={unread} />
      {value !== undefined && (
        <>
          <HostFacts answer={value} />
          <Runs runs={runs} again={again} />
          <QueueWorkers workers={value.workers} />
        </>
      )}
    </>
  )
}

/** The answer before the newest one. */
function useBefore(value: Answer | undefined): Answer | undefined {
  const last = useRef<{ newest: Answer | undefined; before: Answer | undefined }>({
    ...{ newest: undefined, before: undefined },
  })
  if (value !== undefined && value !== last.current.newest)
    last.current = { newest: value, before: last.current.newest }
  return last.current.before
}

function Sum({ answer: { workers }, runs }: { readonly answer: Answer; readonly runs: readonly Run[] }) {
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0)
  const free = workers.reduce((sum, worker) => sum + worker.free, 0)
  const rss = runs.reduce((sum, { run }) => sum + (run.rss ?? 0), 0)
  return (
    <span class="hint">
      {runs.length === 0 ? 'idle' : `${countText(runs.length)} running, ${bytesText(rss)}`}; {countText(free)} of{' '}
      {countText(slots)} slots free
    </span>
  )
}
