/** Why an item is where it is, in words; with a button that mends it where there is one. */
import type { Shown } from '../../service/show.ts'
import type { Why } from '../../service/why.ts'
import { act } from '../act.ts'
import { change, itemPath } from '../api.ts'
import { link } from '../router.ts'
import { may } from '../session.ts'
import { Time } from '../ui/values.tsx'

interface Props {
  readonly item: Shown
  readonly why: Why
  readonly onChanged: () => void
}

interface Fix {
  readonly label: string
  readonly said: string
  readonly path: string
  readonly body?: object
}

export function WhyIt({ item, why, onChanged }: Props) {
  if (item.status === 'running') return <Running item={item} />
  const last = item.attempts.at(-1)
  if (item.status === 'failed')
    return (
      <section class="notice bad" aria-label="Why">
        <b>It failed.</b> {last?.text ?? why.text}
      </section>
    )
  if (why.reasons.length === 0 || item.status === 'done' || item.status === 'relayed') return null
  return (
    <section class="notice warn why" aria-label="Why it waits">
      <b>Why it waits</b>
      <ul>
        {why.reasons.map((reason) => (
          <li key={reason.kind}>
            <span>
              {sentence(reason.text)}
              {reason.until !== undefined && (
                <>
                  {' '}
                  (<Time at={reason.until} />)
                </>
              )}
            </span>
            <FixButton fix={fixOf(reason.kind, item)} onChanged={onChanged} />
            {CONFIGURED.has(reason.kind) && <a href={link(['queues', item.queue, 'config'])}>Configuration</a>}
          </li>
        ))}
      </ul>
    </section>
  )
}

const CONFIGURED: ReadonlySet<string> = new Set(['bad-config', 'broken-handler', 'no-class'])

/** What can be done from here; nothing about what passes by itself. */
const FIXES: Readonly<Record<string, (queue: string, item: string, name: string) => Fix>> = {
  'root-paused': () => ({ label: 'Resume all queues', said: 'Resumed', path: '/resume' }),
  'queue-paused': (queue, _, name) => ({ label: `Resume ${name}`, said: 'Resumed', path: `${queue}/resume` }),
  due: (_, item) => ({
    label: 'Run now',
    said: 'It need not wait any longer',
    path: `${item}/move`,
    body: { now: true },
  }),
  behind: (_, item) => ({
    ...{ label: 'Run first', said: 'It runs before the others', path: `${item}/move`, body: { priority: 0 } },
  }),
}

function fixOf(kind: string, item: Shown): Fix | undefined {
  const queue = `/queues/${encodeURIComponent(item.queue)}`
  return FIXES[kind]?.(queue, itemPath(item.queue, item.id ?? item.name), item.queue)
}

function FixButton({ fix, onChanged }: { readonly fix: Fix | undefined; readonly onChanged: () => void }) {
  if (fix === undefined || !may('operator')) return null
  const run = () => void act(fix.said, () => change('POST', fix.path, fix.body ?? {})).then(onChanged)
  return (
    <button type="button" class="small" onClick={run}>
      {fix.label}
    </button>
  )
}

/** What its handler told last, and how far it is. */
function Running({ item }: { readonly item: Shown }) {
  const { progress } = item
  return (
    <section class="panel running" aria-label="Progress">
      <label>
        <span>{progress?.text ?? 'It runs; its handler has told no progress.'}</span>
        {progress !== null && progress.percent !== null && <b class="number">{progress.percent}%</b>}
        <progress
          value={progress?.percent ?? (progress === null ? 0 : undefined)}
          max={100}
          hidden={progress === null || progress.percent === null}
        />
      </label>
    </section>
  )
}

function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
