/** What happened to an item: when it came, how long it waited, each of its runs and how that ended, where it is now. */
import type { Attempt } from '../../domain/item.ts'
import type { Shown } from '../../service/show.ts'
import { itemHref, queueHref } from '../links.ts'
import { Bytes, Duration, StatusBadge, Time } from '../ui/values.tsx'

export function Timeline({ item }: { readonly item: Shown }) {
  const { attempts } = item
  const first = attempts[0]?.started ?? item.started
  return (
    <section class="panel timeline" aria-label="Timeline">
      <h2>Timeline</h2>
      <ol>
        {item.created !== null && (
          <li>
            <b>Created</b> <Time at={item.created} />
          </li>
        )}
        {item.created !== null && first !== undefined && <Waited from={item.created} until={first} />}
        {attempts.map((attempt, n) => (
          <Run key={`${attempt.n} ${attempt.started}`} item={item} attempt={attempt} next={attempts[n + 1]?.started} />
        ))}
        {item.status === 'running' && (
          <li class="busy">
            <b>{item.attempt === undefined ? 'Runs' : `Attempt ${item.attempt}`}</b> since{' '}
            <Time at={item.started ?? item.since} />
          </li>
        )}
        <li>
          <StatusBadge status={item.status} /> <Time at={item.finished ?? item.since} />
          <Target item={item} />
        </li>
      </ol>
    </section>
  )
}

function Waited({ from, until }: { readonly from: string; readonly until: string }) {
  const ms = Date.parse(until) - Date.parse(from)
  return (
    <li class="dim">
      waited <Duration ms={Math.max(0, ms)} />
    </li>
  )
}

interface RunProps {
  readonly item: Shown
  readonly attempt: Attempt
  readonly next: string | undefined
}

const LOOKS = {
  done: 'good',
  relay: 'good',
  fail: 'bad',
  reschedule: 'warn',
  interrupted: 'warn',
  broken: 'bad',
} as const

const VERDICTS = {
  done: 'done',
  relay: 'relayed',
  fail: 'failed',
  reschedule: 'to run again',
  interrupted: 'interrupted',
  broken: 'handler broken',
} as const

function Run({ item, attempt, next }: RunProps) {
  const { n, started, ended, verdict, text, cpu, max_rss: rss, due } = attempt
  const ms = started === undefined || ended === undefined ? undefined : Date.parse(ended) - Date.parse(started)
  return (
    <>
      <li class={verdict === undefined ? '' : LOOKS[verdict]} id={`attempt-${n}`}>
        <b>{item.has_log ? <a href={`#log-attempt-${n}`}>Attempt {n}</a> : `Attempt ${n}`}</b> <Time at={started} />
        <span class="run-how">
          {verdict !== undefined && <b>{VERDICTS[verdict]}</b>} {ms !== undefined && <>after </>}
          {ms !== undefined && <Duration ms={ms} />} {howItEnded(attempt)}
        </span>
        {text !== undefined && <q class="run-text">{text}</q>}
        <span class="run-use">
          {cpu !== undefined && (
            <>
              CPU <Duration ms={cpu * 1000} />
            </>
          )}{' '}
          {rss !== undefined && (
            <>
              memory <Bytes bytes={rss} />
            </>
          )}
        </span>
      </li>
      {verdict === 'reschedule' && ended !== undefined && (
        <li class="dim">
          {next !== undefined ? 'waited ' : 'waits until '}
          {next !== undefined ? (
            <Duration ms={Date.parse(next) - Date.parse(ended)} />
          ) : (
            <Time at={due === undefined ? ended : new Date(due * 1000).toISOString()} />
          )}
        </li>
      )}
    </>
  )
}

/** What the machine saw: an exit, a signal, and why it was ended by us. */
function howItEnded({ exit, signal, cause }: Attempt) {
  const parts = [
    exit === undefined ? undefined : `exit ${exit}`,
    signal === undefined ? undefined : `signal ${signal}`,
    cause,
  ].filter((part) => part !== undefined)
  return parts.length === 0 ? null : <code>{parts.join(', ')}</code>
}

/** Where it went. */
function Target({ item }: { readonly item: Shown }) {
  const relay = item.msg?.relay
  if (relay !== undefined)
    return (
      <>
        {' '}
        to <a href={itemHref(relay.to, relay.id)}>{relay.to}</a>
      </>
    )
  const to = item.attempts.at(-1)?.to
  if (item.status !== 'relayed' || to === undefined) return null
  return (
    <>
      {' '}
      to <a href={queueHref(to)}>{to}</a>
    </>
  )
}
