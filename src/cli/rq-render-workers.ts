/** What `rq workers`, `rq causes` and `rq graph` answered, for people. */
import type { Causes } from '../service/causes.ts'
import type { Graph } from '../service/graph.ts'
import type { WorkerRow, WorkerState, Workers } from '../service/workers.ts'
import { type Cell, type Colour, type Output, printable, table } from './output.ts'
import { progressText } from './rq-render-list.ts'
import { shortTime } from './rq-render-stats.ts'

const COLOURS = {
  starting: 'yellow',
  running: 'green',
  stopping: 'yellow',
  retired: 'dim',
  none: 'red',
} as const satisfies Record<WorkerState, Colour>

export function renderWorkers({ daemon, supervisor, host, workers }: Workers, out: Output, now: number): void {
  const process =
    supervisor === null ? '' : ` ${supervisor.pid}, up ${ago(supervisor.since, now)}, ${mebi(supervisor.rss)}`
  out.line(`supervisor: ${daemon ? out.paint('green', `runs${process}`) : out.paint('red', 'none')}`)
  const { load, cores, memory, disk } = host
  out.line(
    `host: load ${load ?? '-'} of ${cores} cores, memory free ${mebi(memory?.free)}, disk free ${mebi(disk?.bytes.free)}, ` +
      `${disk?.inodes.free ?? '-'} inodes`,
  )
  out.line('')
  const head = ['QUEUE', 'STATE', 'PID', 'SINCE', 'RSS', 'SEEN', 'SLOTS', 'FREE']
  table(
    out,
    head,
    workers.map((one) => workerCells(one, now)),
  )
  const running = workers.flatMap((one) => one.running)
  if (running.length === 0) return
  out.line('')
  table(
    out,
    ['QUEUE', 'SLOT', 'ATTEMPT', 'ELAPSED', 'CPU', 'RSS', 'ITEM AND PROGRESS'],
    running.map(({ queue, slot, attempt, elapsed, cpu, rss, id, progress }) => [
      queue,
      String(slot ?? '-'),
      String(attempt ?? '-'),
      shortTime(elapsed ?? undefined),
      shortTime(cpu ?? undefined),
      mebi(rss ?? undefined),
      progress === null ? id : `${id} ${progressText(progress)}`,
    ]),
  )
}

function workerCells({ queue, state, process, seen, slots, free }: WorkerRow, now: number): Cell[] {
  return [
    queue,
    { text: state, colour: COLOURS[state] },
    String(process?.pid ?? '-'),
    process === null ? '-' : ago(process.since, now),
    mebi(process?.rss),
    seen === null ? '-' : ago(seen, now),
    String(slots),
    String(free),
  ]
}

function ago(time: string, now: number): string {
  return shortTime(Math.max(0, now - Date.parse(time)))
}

function mebi(bytes: number | undefined): string {
  return bytes === undefined ? '-' : `${Math.round(bytes / 1024 ** 2)}M`
}

export function renderCauses({ groups, more, capped, unknown }: Causes, out: Output, err: Output, now: number): void {
  table(
    out,
    ['COUNT', 'QUEUE', 'NEWEST', 'OLDEST', 'EXAMPLE', 'CAUSE'],
    groups.map(({ count, queue, newest, oldest, examples, reason }) => [
      { text: String(count), colour: 'red' },
      queue,
      ago(newest, now),
      ago(oldest, now),
      examples[0] ?? '',
      reason,
    ]),
  )
  if (more > 0) err.line(`rq: ${more} more groups (--limit)`)
  for (const queue of capped) err.line(`rq: ${printable(queue)}: there are more items; looking stopped`)
  if (unknown > 0) err.line(`rq: ${unknown} items could not be read`)
}

/** Edges that were never seen are told as well: somebody meant them. */
export function renderGraph({ edges, missing }: Graph, out: Output, err: Output): void {
  table(
    out,
    ['FROM', 'KIND', 'TO', 'SEEN', 'CONFIGURED'],
    edges.map(({ from, kind, to, seen, configured }) => [
      from,
      kind,
      missing.includes(to) ? { text: to, colour: 'red' } : to,
      String(seen),
      configured ? 'yes' : '',
    ]),
  )
  for (const name of missing) err.line(`rq: there is no queue ${printable(name)}`)
}
