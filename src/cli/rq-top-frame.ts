/** One screenful of `rq top`: what is seen and where one is, as lines of the terminal's width. Pure. */
import type { Millis } from '../domain/name.ts'
import type { Listing } from '../service/ls.ts'
import type { Top } from '../service/top.ts'
import type { Output } from './output.ts'
import { itemLines, type Line, painted, queueLines, runLines, topHeader } from './rq-top-lines.ts'
import { FILTERS, type Page, refOf, SORTS, selectedOf, type View } from './rq-top-view.ts'

/** What was read last, of each kind of page. */
export interface Seen {
  readonly top: Top | undefined
  readonly listing: Listing | undefined
  readonly lines: readonly string[]
}

interface Size {
  readonly width: number
  readonly height: number
}

const HINTS = {
  queues: 'enter items   p pause or resume   r retry failed   s sort   ? help   q quit',
  items: 'enter more   r retry   p hold or release   c cancel   x remove   f filter   esc back   ? help   q quit',
  item: 'up/down scroll   esc back   q quit',
  help: 'any key leads back',
} as const satisfies Record<Page['kind'], string>

const HELP = [
  'up, down, k, j      select; page up and page down by ten',
  'enter, right, l     the items of the queue; all about the item',
  'esc, left, h        back',
  `s                   queues by ${SORTS.join(', ')}, in turn`,
  `f                   items: ${FILTERS.join(', ')}, in turn`,
  'p                   pause or resume the queue; hold or release the item',
  'r                   run again what failed in the queue, or the item',
  'c                   stop the item that runs; it ends as failed',
  'x                   put the item into the trash; `rq undo` brings it back',
  'ctrl+z, q           suspend, quit',
  '',
  'Before r, c and x do anything, y has to be pressed; any other key changes nothing.',
]

/** As many lines as the screen is high. */
export function frame(view: View, seen: Seen, { width, height }: Size, now: Millis, paint: Output['paint']): string[] {
  const room = Math.max(0, height - 1)
  const lines = body(view.page, seen, now, room).slice(0, room)
  while (lines.length < room) lines.push([])
  return [...lines, foot(view)].map((line) => painted(line, paint, width))
}

function foot({ asked, note, page }: View): Line {
  if (asked !== undefined) return [{ text: `${asked.question} (y/n)`, colour: 'bold' }]
  return [note === '' ? { text: HINTS[page.kind], colour: 'dim' } : note]
}

function body(page: Page, { top, listing, lines }: Seen, now: Millis, room: number): Line[] {
  switch (page.kind) {
    case 'queues':
      return top === undefined ? [] : queuesBody(top, page.selected, room)
    case 'items':
      return itemsBody(page, listing, now, room)
    case 'item':
      return lines.slice(Math.min(page.from, Math.max(0, lines.length - room))).map((line) => [line])
    case 'help':
      return [[{ text: 'rq top', colour: 'bold' }], [], ...HELP.map((line) => [line])]
  }
}

/** What runs has at least a third of the screen, if it needs that. */
function queuesBody(top: Top, chosen: string | undefined, room: number): Line[] {
  const names = top.queues.map(({ name }) => name)
  const selected = selectedOf(names, chosen)
  const runs = runLines(top)
  const left = room - 4
  const [head = [], ...rows] = queueLines(top, selected)
  const forQueues = Math.max(1, left - Math.min(runs.length, Math.floor(left / 3)))
  return [topHeader(top), [], head, ...around(rows, names.indexOf(selected ?? ''), forQueues), [], ...runs]
}

function itemsBody(
  page: Extract<Page, { kind: 'items' }>,
  listing: Listing | undefined,
  now: Millis,
  room: number,
): Line[] {
  const title: Line = [
    { text: page.queue, colour: 'bold' },
    `  ${page.filter}${listing?.more ? ', the first of them' : ''}`,
  ]
  if (listing === undefined) return [title]
  if (listing.items.length === 0) return [title, [], ['none']]
  const refs = listing.items.map(refOf)
  const selected = selectedOf(refs, page.selected)
  const [head = [], ...rows] = itemLines(listing, now, selected)
  return [title, [], head, ...around(rows, refs.indexOf(selected ?? ''), room - 3)]
}

/** As many as there is room for, with this one among them. */
function around<T>(rows: readonly T[], at: number, room: number): T[] {
  const from = Math.max(0, Math.min(at - Math.floor(room / 2), rows.length - room))
  return rows.slice(from, from + Math.max(0, room))
}
