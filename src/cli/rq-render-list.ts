/** `rq ls` for people. */
import type { Millis } from '../domain/name.ts'
import type { Status } from '../service/describe.ts'
import { ITEMS_BOUND, NAMES_BOUND } from '../service/looking.ts'
import type { Column, Listed, Listing } from '../service/ls.ts'
import type { Progress } from '../service/progress.ts'
import { type Cell, type Colour, printable, table } from './output.ts'
import type { Screen } from './rq-render.ts'
import { span } from './rq-span.ts'

export const STATUS_COLOURS: Partial<Record<Status, Colour>> = {
  failed: 'red',
  running: 'green',
  held: 'yellow',
  unavailable: 'red',
}

const HEADS: Partial<Record<Column, string>> = { priority: 'PRI' }

export function renderList(listing: Listing, { out, err, now, input }: Screen): void {
  const { items, queue } = listing
  if (input['ids'] === true)
    for (const row of items) out.line(row.id ?? `${printable(row.queue)}/${printable(row.name)}`)
  else if (items.length > 0) {
    const columns = columnsOf(input['columns'], queue)
    table(
      out,
      columns.map((column) => HEADS[column] ?? column.toUpperCase()),
      items.map((row) => columns.map((column) => cellOf(row, column, now))),
    )
  }
  for (const text of remarks(listing)) err.line(`rq: ${text}`)
}

function columnsOf(given: unknown, queue: string | null): readonly Column[] {
  if (typeof given === 'string') return given.split(',').map((word) => word.trim() as Column)
  return [...(queue === null ? (['queue'] as const) : []), 'id', 'status', 'priority', 'age', 'note']
}

function remarks({ more, sorted, bounded, looked, opened }: Listing): string[] {
  const files = opened === 0 ? '' : ` and into ${opened} items`
  return [
    ...(more
      ? [`there are more${sorted ? '' : '; these are the first found, --sort order shows the first to run'} (--limit)`]
      : []),
    ...(bounded
      ? [`looked at ${looked} names${files} of more (at most ${NAMES_BOUND} and ${ITEMS_BOUND}); --deep looks at all`]
      : []),
  ]
}

function cellOf(row: Listed, column: Column, now: Millis): Cell {
  switch (column) {
    case 'id':
      return row.id ?? row.name
    case 'name':
    case 'queue':
      return row[column]
    case 'status':
      return statusCell(row.status)
    case 'priority':
      return String(row.priority)
    case 'age':
      return row.since === null ? '' : span(now - Date.parse(row.since))
    case 'created':
    case 'due':
    case 'finished':
      return row[column] ?? ''
    case 'tags':
      return row.tags.join(' ')
    case 'size':
    case 'attempts':
    case 'exit':
      return row[column]?.toString() ?? ''
    case 'text':
      return row.text ?? ''
    case 'note':
      return noteText(row, now)
  }
}

function statusCell(status: Status): Cell {
  const colour = STATUS_COLOURS[status]
  return colour === undefined ? status : { text: status, colour }
}

/** What else there is to know of an item, in few words. */
export function noteText(row: Listed, now: Millis): string {
  const due = row.due === null ? 0 : Date.parse(row.due) - now
  return [
    ...(due > 0 ? [`in ${span(due)}`] : []),
    ...(row.attempt === undefined ? [] : [`attempt ${row.attempt}`]),
    ...(row.progress === undefined ? [] : [shortened(progressText(row.progress))]),
    ...row.tags.map((tag) => `+${tag}`),
    ...(row.why === undefined ? [] : [row.why]),
    ...(row.text === undefined ? [] : [shortened(row.text)]),
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
