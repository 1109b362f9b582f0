/** What the overview shows of a queue: what is pushed, and what its history says of the chosen time. */
import type { Stats } from '../../service/stats.ts'
import type { TopQueue } from '../../service/top.ts'
import { now, queues } from '../live.ts'
import { RANGES, type Range } from '../ranges.tsx'
import { rankOf, type Trouble, troublesOf } from '../trouble.ts'

export type QueueStats = Stats['total']

export interface OverviewRow {
  readonly queue: TopQueue
  readonly stats: QueueStats | undefined
  /** Failed for good, a minute, over the chosen time; null: unknown. */
  readonly failedPerMinute: number | null
  readonly troubles: readonly Trouble[]
}

const kept = new WeakMap<TopQueue, OverviewRow>()

/** The same object as long as nothing of it changed: only rows that did are drawn again. */
function rowOf(queue: TopQueue, stats: QueueStats | undefined, range: Range): OverviewRow {
  const before = kept.get(queue)
  if (before !== undefined && before.stats === stats) return before
  const failed = stats === undefined ? null : (stats.total?.failed ?? 0) / (RANGES[range].ms / 60_000)
  const troubles = troublesOf(queue, now.value?.daemon === true)
  const row = { queue, stats, failedPerMinute: failed, troubles }
  kept.set(queue, row)
  return row
}

/** What a group of queues comes to. */
export function totalOf(rows: readonly OverviewRow[]): OverviewRow {
  const [first] = rows
  if (first === undefined) throw new Error('a group has a queue')
  const counts = { ...first.queue.counts }
  for (const { queue } of rows.slice(1)) for (const state of STATES) counts[state] += queue.counts[state]
  const sum = (of: (row: OverviewRow) => number | null) => rows.reduce((all, row) => all + (of(row) ?? 0), 0)
  const ages = rows.flatMap(({ queue }) => queue.oldest ?? [])
  const queue = {
    ...first.queue,
    counts,
    capped: STATES.filter((state) => rows.some((row) => row.queue.capped.includes(state))),
    donePerMinute: sum((row) => row.queue.donePerMinute),
    oldest: ages.length === 0 ? null : Math.max(...ages),
  }
  const isKnown = rows.some(({ failedPerMinute }) => failedPerMinute !== null)
  return { queue, stats: undefined, troubles: [], failedPerMinute: isKnown ? sum((row) => row.failedPerMinute) : null }
}

const STATES = ['que', 'run', 'pause', '_err', 'done', 'relayed'] as const

export type Order = (row: OverviewRow) => number | string

export function overviewRows(
  stats: ReadonlyMap<string, QueueStats>,
  range: Range,
  filter: string,
  order: Order | undefined,
  isReversed: boolean,
): readonly OverviewRow[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  const rows: OverviewRow[] = []
  for (const queue of queues.value.values()) {
    const name = queue.name.toLowerCase()
    if (words.every((word) => matches(name, word))) rows.push(rowOf(queue, stats.get(queue.name), range))
  }
  const sign = isReversed ? -1 : 1
  // The queues come by name, and the sort keeps that among equals.
  const key = order ?? (({ troubles }: OverviewRow) => rankOf(troubles))
  return rows.toSorted((a, b) => (order === undefined ? 1 : sign) * compare(key(a), key(b)))
}

/** A part of the name, or a pattern such as `mail-*`. */
function matches(name: string, word: string): boolean {
  if (!word.includes('*')) return name.includes(word)
  const parts = word.split('*')
  const [first = ''] = parts
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  const last = parts.at(-1) ?? ''
  return name.length - last.length >= at && name.endsWith(last)
}

function compare(a: number | string, b: number | string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
