/** What is wrong with queues: as one sees it now, and as those who are to be told will hear it. */
import type { Alert } from '../../domain/alert-text.ts'
import type { QueueAlerts } from '../../service/alerts.ts'
import type { TopQueue } from '../../service/top.ts'
import { useFetched } from '../fetched.ts'
import { itemHref, queueHref } from '../links.ts'
import { now, queues } from '../live.ts'
import { troublesOf } from '../trouble.ts'
import { EmptyState } from '../ui/empty.tsx'
import { countText } from '../ui/format.ts'
import { StatusBadge, Time } from '../ui/values.tsx'
import './alerts.css'
import './more.css'
import { Unread } from '../ui/unread.tsx'
import { fixesOf, RULES } from './alerts-fixes.ts'
import { STATUS_OF } from './schedules-text.ts'

const EVERY = 15_000

export function Alerts() {
  const { value, problem, unread } = useFetched<readonly QueueAlerts[]>('/alerts', {}, 0, EVERY)
  const alerts = value?.flatMap((one) => one.alerts) ?? []
  const wrong = [...queues.value.values()].filter((queue) => badOf(queue).length > 0)
  return (
    <>
      <div class="page-head">
        <h1>Alerts</h1>
      </div>
      <Unread problem={problem} unread={unread} />
      {wrong.length > 0 && <Wrong queues={wrong} />}
      <h2>What would be said now</h2>
      {alerts.map((alert) => (
        <AlertCard key={`${alert.queue} ${alert.rule}`} alert={alert} />
      ))}
      {value !== undefined && alerts.length === 0 && <Nothing />}
    </>
  )
}

function badOf(queue: TopQueue) {
  return troublesOf(queue, now.value?.daemon === true).filter(({ kind }) => kind === 'bad')
}

function Wrong({ queues: wrong }: { readonly queues: readonly TopQueue[] }) {
  return (
    <section aria-label="Wrong now">
      <h2>Wrong now</h2>
      <ul class="wrong panel">
        {wrong.map((queue) => (
          <li key={queue.name}>
            <a class="reason" href={queueHref(queue.name)}>
              {queue.name}
            </a>
            {badOf(queue).map(({ text }) => (
              <div key={text} class="bad-text">
                {text}
              </div>
            ))}
          </li>
        ))}
      </ul>
    </section>
  )
}

function AlertCard({ alert }: { readonly alert: Alert }) {
  const { queue, rule, news, text, items, count, body } = alert
  return (
    <article class="panel alert-card" aria-label={`${queue}: ${RULES[rule]}`}>
      <header class="bar">
        <a class="reason" href={queueHref(queue)}>
          {queue}
        </a>
        <span class={news === 'recovered' ? 'badge good' : 'badge bad'}>
          {RULES[rule]}
          {news === 'recovered' ? ': over' : news === 'again' ? ', still' : ''}
        </span>
        <span class="grow" />
        {fixesOf(alert).map(({ href, does }) => (
          <a key={does} class="button" href={href}>
            {does}
          </a>
        ))}
      </header>
      <p class="alert-text">{text}</p>
      {items.length > 0 && <Items alert={alert} />}
      {count > SHOWN && <p class="hint">and {countText(count - Math.min(SHOWN, items.length))} more</p>}
      <details>
        <summary class="hint">As it is sent</summary>
        <pre class="alert-body">{body}</pre>
      </details>
    </article>
  )
}

const SHOWN = 5

function Items({ alert: { queue, items } }: { readonly alert: Alert }) {
  return (
    <ul class="alert-items">
      {items.slice(0, SHOWN).map(({ id, state, since, reason }) => (
        <li key={id}>
          <StatusBadge status={STATUS_OF[state]} />{' '}
          <a class="mono" href={itemHref(queue, id)}>
            {id}
          </a>{' '}
          <Time at={since} /> <span class="hint">{reason}</span>
        </li>
      ))}
    </ul>
  )
}

const SNIPPET = `"alerts": {
  "to": ["mailto:ops@example.org", "https://hooks.example.org/rqd"],
  "on": { "oldest": "1h", "idle": "1d", "disk_below": "5%" }
}`

function Nothing() {
  return (
    <EmptyState title="There is nothing to say">
      <p>
        Failures, a queue that is down, items that wait too long, a full disk: whoever stands in <code>alerts.to</code>{' '}
        is told once, again while it lasts, and when it is over. In <code>config.json</code> of a queue, or of the root
        for all:
      </p>
      <pre class="panel">{SNIPPET}</pre>
      <p>
        What was said lies as items in <a href={queueHref('alerts')}>the queue “alerts”</a>.
      </p>
    </EmptyState>
  )
}
