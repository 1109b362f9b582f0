/** `rq metrics`: figures for Prometheus, from what lies on the disk. Counters never get smaller (docs/METRICS.md). */
import { exposition, type Metric, type Sample } from '../domain/exposition.ts'
import type { State } from '../domain/item.ts'
import type { Millis } from '../domain/name.ts'
import { COUNTERS, type Counter, type StatsRecord } from '../domain/stats.ts'
import { hasFlag } from '../fsqueue/layout.ts'
import { type Answer, ok } from './answer.ts'
import type { Context } from './context.ts'
import { daemonRuns } from './daemon.ts'
import { HistoryTotals } from './history-totals.ts'
import { hasHandler } from './queues.ts'
import { oldestWaiting } from './running.ts'
import { allQueues, isDown, isPaused, type Queue, rootFlag } from './spool.ts'
import { MOST_COUNTED, StateCounts } from './state-counts.ts'
import { oneByOne } from './turns.ts'
import { defineVerb } from './verb.ts'
import { workerStatus } from './worker-status.ts'
import { hostOf } from './workers.ts'

/** What a server keeps from scrape to scrape, so that only what changed is read again. */
export class MetricsMemory {
  readonly totals = new HistoryTotals()
  readonly counts = new StateCounts()
}

const STATES = { que: 'waiting', run: 'running', pause: 'held', _err: 'failed' } as const satisfies Partial<
  Record<State, string>
>

interface QueueFigures {
  readonly queue: string
  readonly items: readonly (readonly [state: string, count: number])[]
  readonly oldest: Millis | undefined
  readonly totals: StatsRecord
  readonly slots: number
  readonly freeSlots: number
  readonly flags: Readonly<Record<'worker_up' | 'queue_paused' | 'queue_down' | 'queue_broken', boolean>>
}

export const metrics = defineVerb({
  summary: 'figures for Prometheus, as text',
  details:
    'In the format that Prometheus scrapes, also for the textfile collector of its node_exporter (docs/METRICS.md).',
  arguments: {},
  options: {},
  examples: [{ command: 'rq metrics | sponge /var/lib/node_exporter/rqd.prom', says: 'from cron' }],
  run: async (context): Promise<Answer<{ text: string }>> => ok({ text: await metricsText(context) }),
})

export async function metricsText(context: Context, memory: MetricsMemory = new MetricsMemory()): Promise<string> {
  const queues: QueueFigures[] = []
  for await (const queue of oneByOne(await allQueues(context.root)))
    queues.push(figuresOf(queue, context.now(), memory))
  return exposition([...(await rootMetrics(context)), ...queueMetrics(queues)])
}

function figuresOf(queue: Queue, now: Millis, { totals, counts }: MetricsMemory): QueueFigures {
  const status = workerStatus(queue.dir)
  const live = status?.alive === true ? status : undefined
  const broken = live === undefined ? undefined : (live.brokenHandler?.problem ?? live.configProblem ?? live.disk)
  return {
    queue: queue.name,
    items: (Object.keys(STATES) as (keyof typeof STATES)[]).map((state) => [
      STATES[state],
      counts.of(queue.dir, state),
    ]),
    oldest: oldestWaiting(queue, now),
    totals: totals.of(queue.dir),
    slots: live?.slots ?? 0,
    freeSlots: live?.freeSlots ?? 0,
    flags: {
      worker_up: live !== undefined,
      queue_paused: isPaused(queue.dir),
      queue_down: isDown(queue.dir),
      queue_broken: broken !== undefined || !hasHandler(queue),
    },
  }
}

async function rootMetrics({ root }: Context): Promise<Metric[]> {
  const { disk, memory, load } = hostOf(root)
  const daemon = await daemonRuns(root)
  return [
    gauge('rqd_daemon_up', 'Does a daemon run on this root?', [one(Number(daemon))]),
    gauge('rqd_paused', 'Are all queues paused?', [one(Number(hasFlag(rootFlag(root, '_paused'))))]),
    gauge('rqd_disk_free_bytes', 'Room on the file system of the root.', given(disk?.bytes.free)),
    gauge('rqd_disk_size_bytes', 'Size of the file system of the root.', given(disk?.bytes.total)),
    gauge('rqd_disk_free_inodes', 'Inodes left on the file system of the root.', given(disk?.inodes.free)),
    gauge('rqd_host_memory_free_bytes', 'What programs may have without swapping.', given(memory?.free)),
    gauge('rqd_host_load1', 'Load of the last minute.', given(load ?? undefined)),
  ]
}

/** Of each queue one figure. */
const GAUGES: readonly (readonly [name: string, help: string, of: (figures: QueueFigures) => number])[] = [
  [
    'rqd_oldest_waiting_seconds',
    'How long the oldest has waited that may run by its time.',
    ({ oldest }) => (oldest ?? 0) / 1000,
  ],
  ['rqd_slots', 'Slots of the worker.', ({ slots }) => slots],
  ['rqd_slots_free', 'Slots that run nothing.', ({ freeSlots }) => freeSlots],
  ['rqd_worker_up', 'Has the queue a worker? One without work has none.', ({ flags }) => Number(flags.worker_up)],
  ['rqd_queue_paused', 'It starts nothing.', ({ flags }) => Number(flags.queue_paused)],
  ['rqd_queue_down', 'It takes nothing.', ({ flags }) => Number(flags.queue_down)],
  [
    'rqd_queue_broken',
    'Its handler, configuration or disk keeps items from running.',
    ({ flags }) => Number(flags.queue_broken),
  ],
]

/** Counted as ends of attempts or items; the others have names of their own. */
const OUTCOMES = COUNTERS.filter((counter) => counter !== 'enqueued' && counter !== 'started')

function queueMetrics(queues: readonly QueueFigures[]): Metric[] {
  const each = (of: (figures: QueueFigures) => number): Sample[] =>
    queues.map((figures) => ({ labels: { queue: figures.queue }, value: of(figures) }))
  const counted = (what: Counter) => each(({ totals }) => totals.counts[what])
  const histograms = (what: 'wait' | 'run') =>
    queues.map(({ queue, totals }) => ({ labels: { queue }, histogram: totals[what] }))
  const states = queues.flatMap(({ queue, items }) =>
    items.map(([state, value]) => ({ labels: { queue, state }, value })),
  )
  const outcomes = OUTCOMES.flatMap((outcome) =>
    counted(outcome).map(({ labels, value }) => ({ labels: { ...labels, outcome }, value })),
  )
  return [
    gauge('rqd_items', `Items in a state; counting stops at ${MOST_COUNTED}.`, states),
    ...GAUGES.map(([name, help, of]) => gauge(name, help, each(of))),
    counter('rqd_items_total', 'Items and attempts by how they ended.', outcomes),
    counter('rqd_enqueued_total', 'Items that arrived.', counted('enqueued')),
    counter('rqd_started_total', 'Attempts that were begun.', counted('started')),
    histogram('rqd_wait_seconds', 'From arrival or due time to the start.', histograms('wait')),
    histogram('rqd_run_seconds', 'From the start to the verdict.', histograms('run')),
  ]
}

type HistogramMetric = Extract<Metric, { type: 'histogram' }>

function histogram(name: string, help: string, samples: HistogramMetric['samples']): Metric {
  return { type: 'histogram', name, help, samples }
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { type: 'gauge', name, help, samples }
}

function counter(name: string, help: string, samples: readonly Sample[]): Metric {
  return { type: 'counter', name, help, samples }
}

function one(value: number): Sample {
  return { labels: {}, value }
}

function given(value: number | undefined, labels: Sample['labels'] = {}): Sample[] {
  return value === undefined ? [] : [{ labels, value }]
}
