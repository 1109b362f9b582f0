/** What a verb answered, for people. */
import type { Millis } from '../domain/name.ts'
import type { Counts } from '../service/answer.ts'
import type { QueueRow } from '../service/queues.ts'
import type { ValueOf, VerbName } from '../service/registry.ts'
import { type Cell, type Output, printable, table } from './output.ts'
import { renderConfig, renderConfigured, renderDowned, renderForm, renderRestarted } from './rq-render-admin.ts'
import { renderAlerts } from './rq-render-alerts.ts'
import { renderAudit } from './rq-render-audit.ts'
import { renderAttached, renderCloned, renderCommitted } from './rq-render-built.ts'
import { renderDone, renderTrash } from './rq-render-bulk.ts'
import { renderCleaned } from './rq-render-clean.ts'
import { renderEvents } from './rq-render-events.ts'
import { renderList } from './rq-render-list.ts'
import { renderPeek } from './rq-render-peek.ts'
import { renderSchedules } from './rq-render-schedule.ts'
import { renderShown } from './rq-render-show.ts'
import { renderHealth, renderShape, renderStats } from './rq-render-stats.ts'
import { renderCauses, renderGraph, renderWorkers } from './rq-render-workers.ts'
import { painted, queueLines, runLines, topHeader } from './rq-top-lines.ts'

export interface Screen {
  readonly out: Output
  readonly err: Output
  readonly now: Millis
  readonly input: Readonly<Record<string, unknown>>
  /** Of many items, of which the value may be the first. */
  readonly counts?: Counts | undefined
}

type Renderers = { readonly [N in VerbName]: (value: ValueOf<N>, screen: Screen) => void }

/** A verb without its renderer does not compile. */
export const RENDERERS: Renderers = {
  create: ({ queue, path, handler }, { out, err }) => {
    out.line(printable(path))
    if (handler === null)
      err.line(`rq: queue ${printable(queue)} needs a handler: an executable file of this name in it`)
  },
  // Ids were told one by one, as soon as they were durable.
  inject: ({ existed }, { err }) => {
    if (existed > 0) err.line('rq: it exists already; nothing was published twice')
  },
  prep: ({ id, existed }, { out, err }) => {
    if (existed) err.line('rq: it exists already; nothing was made twice')
    out.line(id)
  },
  attach: renderAttached,
  commit: renderCommitted,
  queues: renderQueues,
  stats: renderStats,
  top: (value, { out }) => {
    const paragraphs = [[topHeader(value)], queueLines(value), runLines(value)]
    for (const line of paragraphs.flatMap((lines) => [[], ...lines]).slice(1))
      out.line(painted(line, out.paint).trimEnd())
  },
  workers: (value, { out, now }) => renderWorkers(value, out, now),
  qshape: renderShape,
  causes: (value, { out, err, now }) => renderCauses(value, out, err, now),
  graph: (value, { out, err }) => renderGraph(value, out, err),
  events: (value, { out, err }) => renderEvents(value, out, err),
  metrics: ({ text }, { out }) => out.bytes(Buffer.from(text)),
  health: renderHealth,
  config: (value, { out }) => renderConfig(value, out),
  configure: (value, { out, input }) => renderConfigured(value, out, input['dry-run'] === true),
  form: (value, { out, err }) => renderForm(value, out, err),
  ls: renderList,
  peek: renderPeek,
  show: (items, { out, now }) => {
    for (const item of items) renderShown(item, out, now)
  },
  cat: () => undefined,
  why: (answers, { out }) => {
    for (const { id, text, reasons } of answers) {
      out.line(`${printable(id)}: ${printable(text)}`)
      for (const reason of reasons.slice(1)) out.line(`  also: ${printable(reason.text)}`)
    }
  },
  log: () => undefined,
  result: () => undefined,
  wait: (items, { out }) => {
    for (const { id, state, text } of items) {
      const word = state === '_err' ? out.paint('red', 'failed') : out.paint('green', state)
      out.line(`${printable(id)} ${word}${text === '' ? '' : ` (${printable(text)})`}`)
    }
  },
  retry: renderRetried,
  rm: renderDone,
  undo: renderDone,
  trash: renderTrash,
  hold: renderDone,
  release: renderDone,
  kill: renderDone,
  edit: renderDone,
  clone: renderCloned,
  move: renderDone,
  pause: renderPaused,
  resume: renderPaused,
  down: (queues, { out }) => renderDowned(queues, out),
  up: (queues, { out }) => renderDowned(queues, out),
  restart: (queues, { out }) => renderRestarted(queues, out),
  clean: (queues, { out }) => renderCleaned(queues, out),
  schedule: (value, { out, err, now }) => renderSchedules(value, out, err, now),
  alerts: (queues, { out, err }) => renderAlerts(queues, out, err),
  audit: (value, { out, err }) => renderAudit(value, out, err),
  'new-id': ({ id }, { out }) => out.line(id),
}

function renderRetried(items: ValueOf<'retry'>, screen: Screen): void {
  for (const item of items) if (!('id' in item)) screen.out.line(`${printable(item.queue)}: ${item.count} ${item.did}`)
  const named = items.filter((item) => 'id' in item)
  if (named.length > 0 || items.length === 0) renderDone(named, screen)
}

function renderPaused(queues: ValueOf<'pause'>, { out }: Screen): void {
  for (const { queue, paused, changed } of queues) {
    const state = paused ? 'paused' : 'not paused'
    out.line(`${queue === null ? 'all queues' : printable(queue)}: ${changed ? state : `${state} already`}`)
  }
}

function renderQueues({ root, daemon, paused, queues }: ValueOf<'queues'>, { out, err }: Screen): void {
  if (queues.length === 0) err.line(`rq: no queues in ${printable(root)}; \`rq create NAME\` makes one`)
  if (queues.length === 0) return
  table(
    out,
    ['QUEUE', 'WAITING', 'RUNNING', 'HELD', 'FAILED', 'DONE', 'RELAYED', 'STATE'],
    queues.map((queue) => [
      queue.name,
      count(queue, 'que'),
      count(queue, 'run'),
      count(queue, 'pause'),
      queue.counts._err === 0 ? '0' : { text: count(queue, '_err'), colour: 'red' },
      count(queue, 'done'),
      count(queue, 'relayed'),
      queueState(queue, { daemon, paused }),
    ]),
  )
}

function count(queue: QueueRow, state: keyof QueueRow['counts']): string {
  return `${queue.counts[state]}${queue.capped.includes(state) ? '+' : ''}`
}

function queueState(queue: QueueRow, root: { readonly daemon: boolean; readonly paused: boolean }): Cell {
  if (queue.broken !== null) return { text: `SCRIPTERROR: ${queue.broken}`, colour: 'red' }
  if (queue.config !== null) return { text: `config: ${queue.config}`, colour: 'red' }
  if (queue.disk !== null) return { text: `disk: ${queue.disk}`, colour: 'red' }
  if (queue.down) return { text: 'down', colour: 'yellow' }
  if (queue.paused || root.paused) return { text: queue.paused ? 'paused' : 'paused (all are)', colour: 'yellow' }
  if (!root.daemon) return { text: 'no daemon', colour: 'yellow' }
  return queue.worker === null ? '' : { text: 'up', colour: 'green' }
}
