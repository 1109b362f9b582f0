/** What a verb answered, for people. */
import { formatDuration } from '../config/units.ts'
import type { Millis } from '../domain/name.ts'
import type { Status } from '../service/describe.ts'
import type { Listed } from '../service/ls.ts'
import type { Progress } from '../service/progress.ts'
import type { QueueRow } from '../service/queues.ts'
import type { ValueOf, VerbName } from '../service/registry.ts'
import { type Cell, type Colour, type Output, printable, table } from './output.ts'
import { renderShown } from './rq-render-show.ts'
import { renderHealth, renderShape, renderStats } from './rq-render-stats.ts'
import { topLines } from './rq-top-lines.ts'

export interface Screen {
  readonly out: Output
  readonly err: Output
  readonly now: Millis
  readonly input: Readonly<Record<string, unknown>>
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
  queues: renderQueues,
  stats: renderStats,
  top: (value, { out }) => {
    for (const line of topLines(value)) out.line(line)
  },
  qshape: renderShape,
  health: renderHealth,
  config: renderConfig,
  ls: renderList,
  show: (items, { out, now }) => {
    for (const item of items) renderShown(item, out, now)
  },
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
  retry: renderDone,
  rm: renderDone,
  hold: renderDone,
  release: renderDone,
  kill: renderDone,
  edit: (done, screen) => renderDone([done], screen),
  move: renderDone,
  pause: renderPaused,
  resume: renderPaused,
  'new-id': ({ id }, { out }) => out.line(id),
}

function renderConfig({ values }: ValueOf<'config'>, { out }: Screen): void {
  const rows = values.map(({ key, value, from, file }) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
    from === 'default' ? { text: from, colour: 'dim' as const } : (file ?? from),
  ])
  table(out, ['KEY', 'VALUE', 'FROM'], rows)
}

function renderDone(items: readonly { readonly id: string; readonly did: string }[], { out }: Screen): void {
  for (const { id, did } of items) out.line(`${printable(id)} ${printable(did)}`)
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
  if (queue.disk !== null) return { text: `disk: ${queue.disk}`, colour: 'red' }
  if (queue.down) return { text: 'down', colour: 'yellow' }
  if (queue.paused || root.paused) return { text: queue.paused ? 'paused' : 'paused (all are)', colour: 'yellow' }
  if (!root.daemon) return { text: 'no daemon', colour: 'yellow' }
  return queue.worker === null ? '' : { text: 'up', colour: 'green' }
}

const STATUS_COLOURS: Partial<Record<Status, Colour>> = {
  failed: 'red',
  running: 'green',
  held: 'yellow',
  unavailable: 'red',
}

function renderList({ items, more, sorted }: ValueOf<'ls'>, { out, err, now, input }: Screen): void {
  if (input['ids'] === true) {
    for (const { queue, id, name } of items) out.line(id ?? `${printable(queue)}/${printable(name)}`)
    return
  }
  if (items.length > 0) {
    table(
      out,
      ['ID', 'STATUS', 'PRI', 'AGE', 'NOTE'],
      items.map((row) => [
        row.id ?? row.name,
        statusCell(row.status),
        String(row.priority),
        row.since === null ? '' : span(now - Date.parse(row.since)),
        noteOf(row, now),
      ]),
    )
  }
  if (more)
    err.line(
      `rq: there are more${sorted ? '' : '; these are the first found, --sort shows the first to run'} (--limit)`,
    )
}

function statusCell(status: Status): Cell {
  const colour = STATUS_COLOURS[status]
  return colour === undefined ? status : { text: status, colour }
}

function noteOf(row: Listed, now: Millis): string {
  const due = row.due === null ? 0 : Date.parse(row.due) - now
  return [
    ...(due > 0 ? [`in ${span(due)}`] : []),
    ...(row.attempt === undefined ? [] : [`attempt ${row.attempt}`]),
    ...(row.progress === undefined ? [] : [shortened(progressText(row.progress))]),
    ...row.tags.map((tag) => `+${tag}`),
    ...(row.why === undefined ? [] : [row.why]),
  ].join(' ')
}

/** `40% half way` */
export function progressText({ percent, text }: Progress): string {
  return [...(percent === null ? [] : [`${percent}%`]), text].join(' ').trim()
}

/** A handler may say much; `rq show` says all of it. */
const LONGEST_NOTE = 80

function shortened(text: string): string {
  return text.length <= LONGEST_NOTE ? text : `${text.slice(0, LONGEST_NOTE - 1)}\u2026`
}

/** The largest unit or two of a time: "3m 20s", "2d 4h". */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  return formatDuration(seconds * 1000)
    .split(' ')
    .slice(0, 2)
    .join(' ')
}
