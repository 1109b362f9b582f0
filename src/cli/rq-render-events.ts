/** Events in words, one a line. */
import { formatDuration } from '../config/units.ts'
import type { EventKind, Level } from '../log/events.ts'
import type { LogEntry } from '../service/event-log.ts'
import type { Events } from '../service/events.ts'
import { type Colour, type Output, printable } from './output.ts'

export function renderEvents({ events, more, cursor, skipped, gaps }: Events, out: Output, err: Output): void {
  for (const entry of events) renderEvent(entry, out)
  if (skipped > 0) err.line(`rq: ${skipped} lines of logs are no events`)
  if (gaps > 0) err.line(`rq: ${gaps} logs were rotated away before they were read`)
  if (more) err.line(`rq: there are more; go on with --after ${cursor}`)
}

const COLOURS = { debug: 'dim', info: undefined, warn: 'yellow', error: 'red' } as const satisfies Record<
  Level,
  Colour | undefined
>

export function renderEvent(entry: LogEntry, out: Output): void {
  const { time, queue, kind, level } = entry
  const words = printable(WORDS[kind](new Fields(entry)))
  const colour = COLOURS[level]
  const when = out.paint('dim', `${time.slice(0, 10)} ${time.slice(11, 23)}`)
  out.line(
    `${when}  ${out.paint('bold', printable(queue ?? 'rqd'))}  ${colour === undefined ? words : out.paint(colour, words)}`,
  )
}

/** What an event says: written by us, but read from a file that anybody may have written to. */
class Fields {
  readonly #entry: LogEntry

  constructor(entry: LogEntry) {
    this.#entry = entry
  }

  text(name: string): string {
    const value = this.#entry[name]
    if (value === undefined || value === null) return '?'
    return typeof value === 'string' ? value : JSON.stringify(value)
  }

  /** With words around it, or nothing where it is not said. */
  with(name: string, says: (text: string) => string): string {
    return this.#entry[name] === undefined ? '' : says(this.text(name))
  }

  /** Where the text does not say it. */
  exit(): string {
    return this.text('text').startsWith('exit ') ? '' : this.with('exit', (exit) => `, exit ${exit}`)
  }

  time(name: string): string {
    const value = this.#entry[name]
    return typeof value === 'number' && Number.isFinite(value) ? formatDuration(value) : '?'
  }

  list(name: string): string {
    const value = this.#entry[name]
    return Array.isArray(value) ? value.map(String).join('; ') : this.text(name)
  }
}

const attempt = (f: Fields) => `${f.text('id')} (attempt ${f.text('attempt')})`

/** Total: an event without words does not compile. */
const WORDS = {
  'worker-started': (f) => `worker ${f.text('pid')} started, ${f.text('adopted')} runs adopted`,
  'worker-stopped': (f) => `worker stopped: ${f.text('why')}`,
  'restart-asked': () => 'asked to make room for a new worker (_restart)',
  'item-started': (f) => `${attempt(f)} started in slot ${f.text('slot')}`,
  'item-ended': (f) =>
    `${attempt(f)} → ${f.text('to')}${f.with('retryQueue', (queue) => ` of ${queue}`)}: ${f.text('verdict')}${f.exit()}` +
    `${f.with('text', (text) => `: ${text}`)}${f.with('ms', () => `, after ${f.time('ms')}`)}`,
  'item-refused': (f) => `${f.text('name')} refused: ${f.text('why')}`,
  'item-adopted': (f) => `${attempt(f)} adopted, it runs on in slot ${f.text('slot')}`,
  'item-recovered': (f) => `${f.text('id')} found in run/: ${f.text('action')}`,
  'limit-exceeded': (f) =>
    `${attempt(f)} is over its limit of ${f.text('cause')}: ${f.text('value')} of ${f.text('limit')}`,
  'memory-kill': (f) => `${attempt(f)}: the kernel ended a process for want of memory: ${f.text('text')}`,
  'cgroup-unavailable': (f) => `no memory cgroups: ${f.text('why')}`,
  'item-stopping': (f) => `${f.text('id')} is stopped with ${f.text('signal')}: ${f.text('cause')}`,
  'item-unavailable': (f) => `${f.text('name')} cannot be taken: ${f.text('problem')}; again in ${f.time('retryMs')}`,
  published: (f) => `${f.text('id')} → queue ${f.text('to')} as ${f.text('as')} (${f.text('why')})`,
  'schedule-fired': (f) => `schedule ${f.text('schedule')} of ${f.text('at')}: ${f.text('id')}`,
  'schedule-skipped': (f) => `schedule ${f.text('schedule')}: ${f.text('count')} instants skipped (${f.text('why')})`,
  'handler-broken': (f) => `the handler is broken: ${f.text('problem')}; again in ${f.time('retryMs')}`,
  'handler-mended': () => 'the handler works again',
  'config-loaded': (f) => `configuration read, ${f.text('slots')} slots`,
  'config-bad': (f) => `the configuration cannot be used: ${f.text('problem')}`,
  'disk-trouble': (f) => `the disk refuses: ${f.text('operation')} ${f.text('path')}: ${f.text('code')}`,
  'disk-well': () => 'the disk works again',
  'slot-lost': (f) => `slot ${f.text('slot')} is gone${f.with('id', (id) => `, with ${id}`)}`,
  'leftover-killed': (f) => `process ${f.text('pid')} was left behind and killed${f.with('id', (id) => `, of ${id}`)}`,
  'hook-failed': (f) => `hook ${f.text('hook')} failed${f.with('id', (id) => ` for ${id}`)}: ${f.text('problem')}`,
  'log-cut': (f) => `the log of ${f.text('id')} was cut at ${f.text('bytes')} bytes`,
  cleaned: (f) => `cleaned: ${f.text('removed')}, ${f.text('archives')} archives, in ${f.time('ms')}`,
  'clean-trouble': (f) => `cleaning failed: ${f.list('problems')}`,
  alerted: (f) => `alerts sent: ${f.text('sent')} (${f.list('rules')})`,
  'alert-trouble': (f) => `alerts failed: ${f.list('problems')}`,
  scan: (f) => `scan of ${f.text('names')} names in ${f.time('ms')} (${f.text('why')})`,
  'daemon-started': (f) => `daemon ${f.text('pid')} started on ${f.text('root')}, ${f.text('queues')} queues`,
  'daemon-stopping': (f) => `daemon stops: ${f.text('how')}`,
  'daemon-stopped': () => 'daemon stopped',
  'queue-appeared': () => 'the queue appeared',
  'queue-gone': () => 'the queue is gone',
  'queue-ignored': (f) => `${f.text('name')} is no queue: ${f.text('why')}`,
  'worker-forked': (f) => `worker ${f.text('pid')} forked`,
  'worker-ended': (f) =>
    `worker ended: ${f.text('how')}${f.with('restartMs', () => `; again in ${f.time('restartMs')}`)}`,
  'worker-left': (f) => `worker left: ${f.text('how')}`,
  'worker-retired': () => 'worker retired: it had nothing to do',
  reloading: () => 'configuration is read again',
  'unclean-boot': () => 'the machine went down without warning',
  'web-listening': (f) => `the web is at ${f.list('addresses')}`,
  'web-refused': (f) => `the web cannot start: ${f.text('why')}`,
  'web-warning': (f) => `the web: ${f.text('text')}`,
  'web-ended': (f) => `the web ended: ${f.text('how')}; again in ${f.time('restartMs')}`,
  trouble: (f) => `trouble: ${f.text('what')}`,
} as const satisfies Record<EventKind, (fields: Fields) => string>
