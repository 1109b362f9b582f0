/** What `rq top` shows, as lines of plain text: names are hostile, and no line is longer than the screen. */
import type { Top, TopQueue } from '../service/top.ts'
import { printable } from './output.ts'
import { shortTime } from './rq-render-stats.ts'

export const SORTS = ['name', 'waiting', 'failed', 'oldest'] as const
export type Sort = (typeof SORTS)[number]

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

export function topLines({ root, time, daemon, paused, queues, running }: Top, selected?: string): string[] {
  const state = daemon ? (paused ? 'all queues are paused' : 'the daemon runs') : 'NO DAEMON'
  return [
    `rq top  ${time.slice(0, 19).replace('T', ' ')} UTC  ${printable(root)}  ${state}`,
    '',
    columns(['  QUEUE', 'WAITING', 'RUNNING', 'DONE/MIN', 'FAILED', 'OLDEST', 'WAIT p95', 'STATE']),
    ...queues.map((queue) => queueLine(queue, queue.name === selected)),
    '',
    columns(['  RUNNING', 'ATTEMPT', 'ELAPSED', 'SLOT', 'CPU', 'RSS', 'ITEM AND PROGRESS']),
    ...running.map(({ queue, id, attempt, elapsed, slot, cpu, rss, progress }) =>
      columns([
        `  ${printable(queue)}`,
        String(attempt ?? '-'),
        shortTime(elapsed ?? undefined),
        String(slot ?? '-'),
        shortTime(cpu ?? undefined),
        rss === null ? '-' : `${Math.round(rss / 1024 ** 2)}M`,
        printable([id, progress?.percent == null ? '' : `${progress.percent}%`, progress?.text ?? ''].join(' ').trim()),
      ]),
    ),
  ]
}

function queueLine(queue: TopQueue, isSelected: boolean): string {
  const { name, counts, capped, donePerMinute, oldest, waitP95 } = queue
  const trouble = queue.broken ?? queue.disk
  const state = trouble ?? (queue.down ? 'down' : queue.paused ? 'paused' : queue.worker === null ? '' : 'up')
  return columns([
    `${isSelected ? '>' : ' '} ${printable(name)}`,
    `${counts.que}${capped.includes('que') ? '+' : ''}`,
    String(counts.run),
    String(donePerMinute),
    String(counts._err),
    ...[oldest, waitP95].map((ms) => shortTime(ms ?? undefined)),
    printable(state),
  ])
}

function columns([first = '', ...rest]: readonly string[]): string {
  const last = rest.pop() ?? ''
  return [first.slice(0, 24).padEnd(24), ...rest.map((cell) => cell.padStart(9)), last].join(' ').trimEnd()
}
