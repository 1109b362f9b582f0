/** How a queue went, from its history on the disk. */
import { useMemo, useState } from 'preact/hooks'
import type { Figures, Stats } from '../../service/stats.ts'
import { useFetched } from '../fetched.ts'
import { RANGES, RangeChoice, rangeOfLink } from '../ranges.tsx'
import { query, withQuery } from '../router.ts'
import { Chart, type Line } from '../ui/chart.tsx'
import { countText, durationText, rateText } from '../ui/format.ts'

const KEY = 'rqd-charts'
const EVERY = 15_000

/** A phone has no room for them unless they are asked for. */
function isWanted(): boolean {
  const said = localStorage.getItem(KEY)
  return said === null ? innerWidth > 720 : said === 'open'
}

interface Props {
  readonly queue: string
  /** Its place is kept, and nothing asked for, before. */
  readonly isReady: boolean
}

export function QueueCharts({ queue, isReady }: Props) {
  const [isOpen, setOpen] = useState(isWanted)
  const toggle = () => {
    localStorage.setItem(KEY, isOpen ? 'closed' : 'open')
    setOpen(!isOpen)
  }
  return (
    <section class="history" aria-label="History">
      <div class="bar">
        <button type="button" class="quiet small" aria-expanded={isOpen} onClick={toggle}>
          {isOpen ? '▾' : '▸'} History
        </button>
        <span class="grow" />
        {isOpen && <ScaleChoice />}
        <RangeChoice />
      </div>
      {isOpen && <Charts queue={queue} isReady={isReady} />}
    </section>
  )
}

function isLogInLink(): boolean {
  return query.value.get('scale') === 'log'
}

/** Of the durations: a few that took long leave nothing to see of the others, unless it is by powers. */
function ScaleChoice() {
  const isLog = isLogInLink()
  return (
    <nav class="choices" aria-label="Scale of wait and run">
      <a href={withQuery({ scale: undefined })} aria-current={isLog ? undefined : 'true'}>
        linear
      </a>
      <a href={withQuery({ scale: 'log' })} aria-current={isLog ? 'true' : undefined}>
        log
      </a>
    </nav>
  )
}

function Charts({ queue, isReady }: Props) {
  const range = rangeOfLink()
  const isLog = isLogInLink()
  const { value, problem } = useFetched<Stats>(
    isReady ? '/stats' : undefined,
    { queue, since: range, by: RANGES[range].by, fill: true },
    0,
    EVERY,
  )
  const rows = value?.queues[0]?.rows ?? NONE
  const charts = useMemo(() => chartsOf(rows), [rows])
  const times = useMemo(() => rows.map(({ from }) => Date.parse(from) / 1000), [rows])
  const isQuiet = value !== undefined && rows.every(isNothing)
  return (
    <div class="charts">
      {charts.map((chart) => (
        <Chart key={chart.title} {...chart} isLog={isLog && chart.isDuration === true} times={times} />
      ))}
      <p class="charts-note" role="status">
        {problem ?? (isQuiet ? `Nothing happened in the last ${RANGES[range].title}` : '')}
      </p>
    </div>
  )
}

const NONE: readonly Row[] = []

interface OneChart {
  readonly title: string
  readonly say: (value: number) => string
  readonly least: number
  readonly isDuration?: true
  readonly lines: readonly Line[]
}

type Of = (row: Row) => number | null | undefined

type Row = Figures & { readonly span: number }

function isNothing({ done, failed, retried, waiting, wait, run }: Row): boolean {
  return done + failed + retried + waiting === 0 && wait === null && run === null
}

const minutesOf = ({ span }: Row) => Math.max(1, span / 60_000)

function chartsOf(rows: readonly Row[]): readonly OneChart[] {
  return [
    { title: 'Ended, a minute', say: rateText, least: 4, lines: endedLines(rows) },
    { title: 'Wait', say: durationText, least: 1_000, isDuration: true, lines: percentileLines(rows, 'wait') },
    { title: 'Run', say: durationText, least: 1_000, isDuration: true, lines: percentileLines(rows, 'run') },
    {
      title: 'Waiting',
      say: wholeText,
      least: 4,
      lines: [line(rows, 'items', '--accent', ({ waiting }) => waiting, true)],
    },
    {
      title: 'Oldest',
      say: durationText,
      least: 10_000,
      lines: [line(rows, 'age', '--violet', ({ oldest }) => oldest, true)],
    },
  ]
}

function wholeText(value: number): string {
  return countText(Math.round(value))
}

function line(rows: readonly Row[], label: string, colour: Line['colour'], of: Of, isFilled = false): Line {
  return { label, colour, isFilled, values: rows.map((row) => of(row) ?? null) }
}

function endedLines(rows: readonly Row[]): readonly Line[] {
  return [
    line(rows, 'done', '--good', (row) => row.done / minutesOf(row), true),
    line(rows, 'failed', '--bad', (row) => row.failed / minutesOf(row)),
    line(rows, 'retried', '--warn', (row) => row.retried / minutesOf(row)),
  ]
}

function percentileLines(rows: readonly Row[], what: 'wait' | 'run'): readonly Line[] {
  return [
    line(rows, 'p50', '--good', (row) => row[what]?.p50),
    line(rows, 'p95', '--warn', (row) => row[what]?.p95),
    line(rows, 'p99', '--bad', (row) => row[what]?.p99),
  ]
}
