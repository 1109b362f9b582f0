import type { ComponentChildren } from 'preact'
import type { Causes } from '../../service/causes.ts'
import type { Stats } from '../../service/stats.ts'
import type { TopQueue } from '../../service/top.ts'
import { act } from '../act.ts'
import { change } from '../api.ts'
import { useFetched } from '../fetched.ts'
import { queueHref } from '../links.ts'
import { now } from '../live.ts'
import { rangeOfLink } from '../ranges.tsx'
import { may } from '../session.ts'
import { troublesOf } from '../trouble.ts'
import { countText, rateText } from '../ui/format.ts'
import { Menu } from '../ui/menu.tsx'
import { Duration, StatusBadge } from '../ui/values.tsx'
import { switchQueue } from './overview-columns.tsx'

const VIEWS = [
  ['', 'Items'],
  ['config', 'Configuration'],
  ['inject', 'Inject'],
] as const

interface Props {
  readonly queue: TopQueue
  readonly view: string
  /** What is not pushed is asked for. */
  readonly isReady: boolean
}

export function QueueHead({ queue, view, isReady }: Props) {
  const { name } = queue
  const troubles = troublesOf(queue, now.value?.daemon === true).filter(({ about }) => about !== 'failed')
  return (
    <>
      <div class="page-head">
        <h1>{name}</h1>
        {queue.down && <StatusBadge status="down" />}
        {queue.paused && <StatusBadge status="paused" />}
        <span class="grow" />
        <nav class="choices" aria-label="Views of the queue">
          {VIEWS.filter(([id]) => id !== 'inject' || may('operator')).map(([id, title]) => (
            <a
              key={id}
              href={`${queueHref(name)}${id === '' ? '' : `/${id}`}`}
              aria-current={id === view ? 'page' : undefined}
            >
              {title}
            </a>
          ))}
        </nav>
        <Switches queue={queue} />
      </div>
      {troubles.map(({ kind, text }) => (
        <p key={text} class={`notice ${kind}`} role="status">
          {text}.
        </p>
      ))}
      {queue.counts._err > 0 && view === '' && <Why queue={queue} isReady={isReady} />}
      <Figures queue={queue} isReady={isReady} />
    </>
  )
}

const CAUSES_EVERY = 20_000

interface AskingProps {
  readonly queue: TopQueue
  readonly isReady: boolean
}

/** What failed, by why; each leads to its items. */
function Why({ queue: { name, counts }, isReady }: AskingProps) {
  const { value } = useFetched<Causes>(
    isReady ? '/causes' : undefined,
    { queue: name, limit: 3 },
    counts._err,
    CAUSES_EVERY,
  )
  // Its line is kept free: what stands below does not move when it comes.
  if (value === undefined) return <p class="causes">&nbsp;</p>
  if (value.groups.length === 0) return null
  return (
    <ul class="causes" aria-label="Why items failed">
      {value.groups.map(({ reason, count, query }) => (
        <li key={query}>
          <a href={queueHref(name, { tab: 'failed', filter: query })}>
            <b>{countText(count)}</b> × {reason}
          </a>
        </li>
      ))}
      {value.more > 0 && <li class="hint">and {value.more} other reasons</li>}
    </ul>
  )
}

function Switches({ queue: { name, paused, down } }: { readonly queue: TopQueue }) {
  if (!may('operator')) return null
  const restart = () =>
    void act(`${name} has a new worker`, () => change('POST', `/queues/${encodeURIComponent(name)}/restart`, {}))
  return (
    <>
      <button type="button" onClick={() => void switchQueue(name, paused ? 'resume' : 'pause')}>
        {paused ? '▶ Resume' : '‖ Pause'}
      </button>
      <Menu label="Other switches" button={<span aria-hidden="true">⋯</span>}>
        <button type="button" onClick={() => void switchQueue(name, down ? 'up' : 'down')}>
          {down ? 'Up: accept items again' : 'Down: refuse new items'}
        </button>
        {may('admin') && (
          <button type="button" onClick={restart}>
            Restart the worker
          </button>
        )}
      </Menu>
    </>
  )
}

const EVERY = 15_000

/** In one line: how fast, how long, how often not. */
function Figures({ queue, isReady }: AskingProps) {
  const range = rangeOfLink()
  const { value } = useFetched<Stats>(isReady ? '/stats' : undefined, { queue: queue.name, since: range }, 0, EVERY)
  const total = value?.queues[0]?.total
  return (
    <dl class="figures">
      <Figure name="done/min">{rateText(queue.donePerMinute)}</Figure>
      <Figure name="oldest waiting">
        <Duration ms={queue.oldest} />
      </Figure>
      <Figure name={`done in ${range}`}>{countText(total?.done ?? 0)}</Figure>
      <Figure name={`failed in ${range}`} isBad={(total?.failed ?? 0) > 0}>
        {countText(total?.failed ?? 0)}
      </Figure>
      <Figure name={`retried in ${range}`}>{countText(total?.retried ?? 0)}</Figure>
      {(['wait', 'run'] as const).map((what) => (
        <Figure key={what} name={`${what} p50 · p95 · p99`}>
          <Duration ms={total?.[what]?.p50} /> · <Duration ms={total?.[what]?.p95} /> ·{' '}
          <Duration ms={total?.[what]?.p99} />
        </Figure>
      ))}
      <Figure name="worker">{queue.worker === null ? 'asleep' : `pid ${queue.worker}`}</Figure>
    </dl>
  )
}

interface FigureProps {
  readonly name: string
  readonly isBad?: boolean
  readonly children: ComponentChildren
}

function Figure({ name, isBad = false, children }: FigureProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={isBad ? 'bad-text' : ''}>{children}</dd>
    </div>
  )
}
