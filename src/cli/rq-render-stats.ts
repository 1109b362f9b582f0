/** What `rq stats`, `qshape` and `health` answered, for people. */
import type { HealthAnswer } from '../service/health.ts'
import type { Shape } from '../service/qshape.ts'
import type { Figures, Stats } from '../service/stats.ts'
import { type Cell, printable, table } from './output.ts'
import type { Screen } from './rq-render.ts'

const HEAD = [
  'DONE',
  'FAILED',
  'RETRIED',
  'RELAYED',
  'ENQUEUED',
  'ENDED/MIN',
  'WAIT p50',
  'p95',
  'RUN p50',
  'p95',
  'p99',
  'MAX',
  'OLDEST',
]

export function renderStats({ queues, total, by }: Stats, { out }: Screen): void {
  const isWide = out.isTerminal
  if (by === null) {
    const rows = [...queues, ...(queues.length === 1 ? [] : [total])].map(({ queue, total: sum, trend }) => [
      queue ?? 'TOTAL',
      ...cells(sum),
      ...(isWide ? [sparkline(trend)] : []),
    ])
    table(out, ['QUEUE', ...HEAD, ...(isWide ? ['DONE OVER TIME'] : [])], rows)
    return
  }
  const rows = queues.flatMap(({ queue, rows: spans }) =>
    spans.map((one) => [queue ?? '', timeText(one.from, by), ...cells(one)]),
  )
  table(out, ['QUEUE', by.toUpperCase(), ...HEAD], rows)
}

function timeText(iso: string, by: string): string {
  return by === 'day' ? iso.slice(0, 10) : `${iso.slice(0, 10)} ${iso.slice(11, 16)}`
}

function cells(sum: Figures | null): Cell[] {
  if (sum === null) return HEAD.map(() => '-')
  const { done, failed, retried, relayed, enqueued, rate, wait, run, oldest } = sum
  return [
    String(done),
    failed === 0 ? '0' : { text: String(failed), colour: 'red' },
    ...[retried, relayed, enqueued].map(String),
    rate.toFixed(rate < 10 ? 1 : 0),
    ...[wait?.p50, wait?.p95, run?.p50, run?.p95, run?.p99, run?.max, oldest].map(shortTime),
  ]
}

/** Two figures are enough: `340ms`, `1.2s`, `15m`. */
export function shortTime(ms: number | undefined): string {
  if (ms === undefined) return '-'
  const [size, unit] = (
    [
      [86_400_000, 'd'],
      [3_600_000, 'h'],
      [60_000, 'm'],
      [1000, 's'],
    ] as const
  ).find(([least]) => ms >= least) ?? [1, 'ms']
  const value = ms / size
  return `${value < 10 && unit !== 'ms' ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)}${unit}`
}

const BARS = '▁▂▃▄▅▆▇█'

export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, 0)
  if (most === 0) return ''
  return values
    .map((value) => (value === 0 ? ' ' : BARS[Math.ceil((value / most) * 8) - 1]))
    .join('')
    .trimEnd()
}

export function renderShape({ bounds, total, rows, capped, by }: Shape, { out, err }: Screen): void {
  const last = bounds.at(-1) ?? 0
  const shown = rows.map(({ key, total: sum, ages }) => [key, String(sum), ...ages.map(String)])
  table(
    out,
    [by.toUpperCase(), 'T', ...bounds.map(String), `${last}+`],
    [['TOTAL', String(total.total), ...total.ages.map(String)], ...shown],
  )
  for (const queue of capped) err.line(`rq: ${printable(queue)}: there are more; counting stopped (--limit)`)
}

export function renderHealth({ health, text, perfdata }: HealthAnswer, { out }: Screen): void {
  // A bar would begin the figures.
  const words = printable(text).replaceAll('|', '/')
  out.line(`RQ ${health}: ${words}${perfdata.length === 0 ? '' : ` | ${perfdata.map(printable).join(' ')}`}`)
}
