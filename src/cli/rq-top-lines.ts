/** What `rq top` shows, as lines: names are hostile, and columns stay in line whatever letters are in them. */
import type { Millis } from '../domain/name.ts'
import type { Listed, Listing } from '../service/ls.ts'
import type { RunRow } from '../service/running.ts'
import type { Top, TopQueue } from '../service/top.ts'
import { type Cell, type Output, printable, textOf } from './output.ts'
import { noteText, progressText, STATUS_COLOURS } from './rq-render-list.ts'
import { shortTime } from './rq-render-stats.ts'
import { refOf, type Sort } from './rq-top-view.ts'
import { cut, padEnd, padStart, widthOf } from './width.ts'

/** Pieces of text, one after the other; all of them are harmless to a terminal. */
export type Line = readonly Cell[]

/** Columns of the first cell of a line, and of each that follows but the last. */
const FIRST = 24
const OTHERS = 9
/** An id is longer than most names. */
const ITEM = 36

const WEIGHTS = {
  name: () => 0,
  waiting: ({ counts }) => counts.que,
  failed: ({ counts }) => counts._err,
  oldest: ({ oldest }) => oldest ?? -1,
} satisfies Record<Sort, (queue: TopQueue) => number>

/** The most first; what is equal stays in the order of its names. */
export function sorted(queues: readonly TopQueue[], by: Sort): TopQueue[] {
  return [...queues].sort((a, b) => WEIGHTS[by](b) - WEIGHTS[by](a))
}

export function topHeader({ root, time, daemon, paused }: Top): Line {
  const when = `${time.slice(0, 19).replace('T', ' ')} UTC`
  return [{ text: 'rq top', colour: 'bold' }, `  ${when}  ${printable(root)}  `, daemonState(daemon, paused)]
}

function daemonState(daemon: boolean, paused: boolean): Cell {
  if (!daemon) return { text: 'NO DAEMON', colour: 'red' }
  return paused ? { text: 'all queues are paused', colour: 'yellow' } : { text: 'the daemon runs', colour: 'green' }
}

export function queueLines({ queues }: Top, selected?: string): Line[] {
  const head = ['QUEUE', 'WAITING', 'RUNNING', 'DONE/MIN', 'FAILED', 'OLDEST', 'WAIT p95', 'STATE']
  return [headLine(head), ...queues.map((queue) => line(queueCells(queue), queue.name === selected))]
}

export function runLines({ running }: Top): Line[] {
  const head = ['RUNNING', 'ATTEMPT', 'ELAPSED', 'SLOT', 'CPU', 'RSS', 'ITEM AND PROGRESS']
  return [headLine(head), ...running.map((run) => line(runCells(run)))]
}

export function itemLines({ items }: Listing, now: Millis, selected: string | undefined): Line[] {
  const head = headLine(['ITEM', 'STATUS', 'PRIORITY', 'AGE', 'NOTE'], ITEM)
  return [head, ...items.map((item) => line(itemCells(item, now), refOf(item) === selected, ITEM))]
}

/** At most so many columns. */
export function painted(pieces: Line, paint: Output['paint'], width = Number.POSITIVE_INFINITY): string {
  let room = width
  return pieces
    .map((piece) => {
      const text = cut(textOf(piece), room)
      room -= widthOf(text)
      return typeof piece === 'string' ? text : paint(piece.colour, text)
    })
    .join('')
}

function queueCells(queue: TopQueue): Cell[] {
  const { name, counts, capped, donePerMinute, oldest, waitP95 } = queue
  return [
    name,
    `${counts.que}${capped.includes('que') ? '+' : ''}`,
    String(counts.run),
    String(donePerMinute),
    counts._err === 0 ? '0' : { text: String(counts._err), colour: 'red' },
    ...[oldest, waitP95].map((ms) => shortTime(ms ?? undefined)),
    stateOf(queue),
  ]
}

function stateOf({ broken, config, disk, down, paused, worker }: TopQueue): Cell {
  const trouble = broken ?? config ?? disk
  if (trouble !== null) return { text: trouble, colour: 'red' }
  if (down || paused) return { text: down ? 'down' : 'paused', colour: 'yellow' }
  return worker === null ? '' : { text: 'up', colour: 'green' }
}

function runCells({ queue, id, attempt, elapsed, slot, cpu, rss, progress }: RunRow): Cell[] {
  return [
    queue,
    String(attempt ?? '-'),
    shortTime(elapsed ?? undefined),
    String(slot ?? '-'),
    shortTime(cpu ?? undefined),
    rss === null ? '-' : `${Math.round(rss / 1024 ** 2)}M`,
    progress === null ? id : `${id} ${progressText(progress)}`,
  ]
}

function itemCells(item: Listed, now: Millis): Cell[] {
  const { id, name, status, priority, since } = item
  const colour = STATUS_COLOURS[status]
  return [
    id ?? name,
    colour === undefined ? status : { text: status, colour },
    String(priority),
    since === null ? '-' : shortTime(now - Date.parse(since)),
    noteText(item, now),
  ]
}

function headLine(titles: readonly string[], first = FIRST): Line {
  return [{ text: line(titles, false, first).map(textOf).join(''), colour: 'dim' }]
}

/** The first cell from the left, what follows from the right, the last as long as it is. */
function line([first, ...rest]: readonly Cell[], isSelected = false, width = FIRST): Line {
  const begin = `${isSelected ? '>' : ' '} ${padEnd(cut(textOf(first), width - 2), width - 2)}`
  const cells = rest.map((cell, at): Cell => {
    const text = ` ${at === rest.length - 1 ? textOf(cell) : padStart(textOf(cell), OTHERS)}`
    return typeof cell === 'string' ? text : { text, colour: cell.colour }
  })
  return [isSelected ? { text: begin, colour: 'bold' } : begin, ...cells]
}
