/**
 * The text format that Prometheus reads, version 0.0.4. Written here, as all our numbers are snapshots of what lies on the
 * disk: libraries for it keep counters in memory, and a histogram cannot be given to them. Pure.
 */
import { boundOf, type Histogram } from './histogram.ts'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly labels: Labels
  readonly value: number
}

export type Metric =
  | {
      readonly type: 'gauge' | 'counter'
      readonly name: string
      readonly help: string
      readonly samples: readonly Sample[]
    }
  | {
      readonly type: 'histogram'
      readonly name: string
      readonly help: string
      readonly samples: readonly { readonly labels: Labels; readonly histogram: Histogram }[]
    }

/** Every third part of a decade or so: of all bounds of our histograms, these. */
const EVERY = 6
const LAST = 84

/** A metric without samples is left out. */
export function exposition(metrics: readonly Metric[]): string {
  return metrics.map((metric) => (metric.samples.length === 0 ? '' : `${linesOf(metric).join('\n')}\n`)).join('')
}

function linesOf(metric: Metric): string[] {
  const { name, help, type } = metric
  const head = [`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`]
  switch (metric.type) {
    case 'gauge':
    case 'counter':
      return [...head, ...metric.samples.map(({ labels, value }) => line(name, labels, value))]
    case 'histogram':
      return [...head, ...metric.samples.flatMap(({ labels, histogram }) => histogramLines(name, labels, histogram))]
  }
}

/** Seconds. The bounds are those of our own buckets, so that nothing is counted on the wrong side of one. */
function histogramLines(name: string, labels: Labels, { buckets, sum }: Histogram): string[] {
  const lines: string[] = []
  let count = 0
  let next = 0
  const ordered = [...buckets].toSorted(([a], [b]) => a - b)
  for (let bucket = 0; bucket <= LAST; bucket += EVERY) {
    for (let one = ordered[next]; one !== undefined && one[0] <= bucket; one = ordered[next]) {
      count += one[1]
      next += 1
    }
    lines.push(line(`${name}_bucket`, { ...labels, le: String(boundOf(bucket) / 1000) }, count))
  }
  const total = ordered.reduce((all, [, n]) => all + n, 0)
  return [
    ...lines,
    line(`${name}_bucket`, { ...labels, le: '+Inf' }, total),
    line(`${name}_sum`, labels, sum / 1000),
    line(`${name}_count`, labels, total),
  ]
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}`
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"')
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
