/** Lines over time. What draws them (uPlot) is loaded when the first is shown. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { theme } from '../theme.ts'
import { optionsFor } from './chart-options.ts'
import { clockText } from './format.ts'

export interface Line {
  readonly label: string
  /** A name of style.css: `--good`. */
  readonly colour: `--${string}`
  /** One for each time; null: unknown. */
  readonly values: readonly (number | null)[]
  /** From the ground up. */
  readonly isFilled?: boolean
}

interface Props {
  readonly title: string
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  readonly say: (value: number) => string
  /** The scale reaches at least so far. */
  readonly least: number
  readonly height?: number
  readonly isLog?: boolean
}

export function Chart({ title, times, lines, say, least, height = 118, isLog = false }: Props) {
  const [at, setAt] = useState<number>()
  const place = usePlot({ times, lines, say, least, height, isLog, onPoint: setAt })
  const time = at === undefined ? undefined : times[at]
  return (
    <figure class="chart">
      <figcaption title={time === undefined ? undefined : clockText(time * 1000)}>
        <span class="chart-title">
          {title}
          {time !== undefined && <span class="legend">{new Date(time * 1000).toLocaleTimeString('de')}</span>}
        </span>
        {lines.map(({ label, colour, values }) => (
          <span key={label} class="legend">
            <i style={{ background: `var(${colour})` }} /> {label} <b>{textOf(values, at, say)}</b>
          </span>
        ))}
      </figcaption>
      <div ref={place} class="plot" style={{ height: `${height}px` }} aria-hidden="true" />
      <Summary {...{ title, times, lines, say }} />
    </figure>
  )
}

type Plotted = Parameters<typeof optionsFor>[1] & Pick<Props, 'times'>

function usePlot(plotted: Plotted) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  // What draws may be loaded after the data came.
  const latest = useRef(plotted)
  latest.current = plotted
  const { times, lines, height, isLog } = plotted
  const hasData = times.length > 0
  const shape = `${isLog} ${lines.map(({ label }) => label).join()}`
  useEffect(() => {
    const { current } = place
    // An empty frame would be drawn before the rows that somebody waits for.
    if (current === null || !hasData) return undefined
    let isGone = false
    void import('uplot').then(({ default: Plot }) => {
      if (!isGone) plot.current = new Plot(optionsFor(current, latest.current), dataOf(latest.current), current)
    })
    const watcher = new ResizeObserver(() => plot.current?.setSize({ width: current.clientWidth, height }))
    watcher.observe(current)
    return () => {
      isGone = true
      watcher.disconnect()
      plot.current?.destroy()
      plot.current = undefined
    }
  }, [shape, theme.value, hasData])
  useEffect(() => plot.current?.setData(dataOf(latest.current)), [times, lines])
  return place
}

/** A logarithm knows no zero: what took less than 1 ms took 1. */
function dataOf({ times, lines, isLog }: Plotted): uPlot.AlignedData {
  const shown = (value: number | null) => (isLog && value !== null ? Math.max(1, value) : value)
  return [[...times], ...lines.map(({ values }) => values.map(shown))]
}

/** What the lines show, for who does not see them. */
function Summary({ title, times, lines, say }: Pick<Props, 'title' | 'times' | 'lines' | 'say'>) {
  return (
    <div class="unseen">
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            {['Line', 'Newest', 'Least', 'Most', 'Most at'].map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ label, values }) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              <td>{textOf(values, undefined, say)}</td>
              {extremesOf(values, times, say).map((text, n) => (
                <td key={n}>{text}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function extremesOf(values: Line['values'], times: readonly number[], say: Props['say']): readonly string[] {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return ['–', '–', '–']
  const [least, most] = known.reduce(
    ([a, b], value) => [Math.min(a, value), Math.max(b, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  )
  return [say(least), say(most), clockText((times[values.indexOf(most)] ?? 0) * 1000)]
}

/** Of the time that is pointed at, else the newest that is known. */
function textOf(values: readonly (number | null)[], at: number | undefined, say: (value: number) => string): string {
  const value = at === undefined ? values.findLast((one) => one !== null) : values[at]
  return value === undefined || value === null ? '–' : say(value)
}
