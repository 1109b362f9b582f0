/** How uPlot draws our charts. */
import type uPlot from 'uplot'
import type { Line } from './chart.tsx'

export interface Look {
  readonly lines: readonly Line[]
  readonly say: (value: number) => string
  readonly least: number
  readonly height: number
  /** By powers: durations in ms, of which the longest is much longer than most. */
  readonly isLog: boolean
  /** The place in the data that is pointed at. */
  readonly onPoint: (index: number | undefined) => void
}

export function optionsFor(place: HTMLElement, { lines, say, least, height, isLog, onPoint }: Look): uPlot.Options {
  const colour = colours(place)
  const axis = {
    stroke: colour('--dim'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  }
  return {
    width: place.clientWidth,
    height,
    padding: [6, 12, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)] },
    scales: { y: isLog ? LOG : { range: (_plot, _low, high) => [0, Math.max(least, high * 1.08)] } },
    axes: [
      { ...axis, size: 22, space: 56, values: timeTexts },
      { ...axis, size: 52, space: 30, values: (_plot, ticks) => ticks.map(say), ...(isLog ? LOG_AXIS : {}) },
    ],
    series: [
      {},
      ...lines.map(({ label, colour: name, isFilled }) => ({
        ...{ label, stroke: colour(name), width: 1.5, spanGaps: true },
        points: { show: isFilled !== true, size: 3 },
        ...(isFilled === true ? { fill: `color-mix(in srgb, ${colour(name)} 18%, transparent)` } : {}),
      })),
    ],
  }
}

/** A canvas knows no names, and no colour that depends on the theme: what a name comes to just now. */
function colours(place: HTMLElement): (name: string) => string {
  const style = getComputedStyle(place)
  return (name) => {
    place.style.color = `var(${name})`
    const { color } = style
    place.style.color = ''
    return color
  }
}

/** Durations that people think in; ms. */
const ROUND = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000, 604_800_000] as const
const MOST_TICKS = 4

/** From the round duration below all to that above all. */
function logRange(low: number | null, high: number | null): [number, number] {
  const from = ROUND.findLastIndex((one) => one <= (low ?? 1))
  const to = ROUND.findIndex((one) => one >= (high ?? 1))
  const last = to < 0 ? ROUND.length - 1 : to
  const first = Math.max(0, Math.min(from, last - 1))
  return [ROUND[first] ?? 1, Math.max(ROUND[Math.max(last, first + 1)] ?? 10, high ?? 1)]
}

const LOG: uPlot.Scale = { distr: 3, range: (_plot, low, high) => logRange(low, high) }
const LOG_AXIS: uPlot.Axis = {
  splits: (_plot, _axis, low, high) => {
    const all = ROUND.filter((one) => one >= low && one <= high)
    const step = Math.ceil(all.length / MOST_TICKS)
    return all.filter((_one, n) => n % step === 0)
  },
  // What is given is all there is: none is left out as a minor one.
  filter: (_plot, splits) => splits,
}

const DAY = 86_400

/** Days where it reaches over some, else the time of day. */
function timeTexts(_plot: uPlot, ticks: number[]): string[] {
  const reach = (ticks.at(-1) ?? 0) - (ticks[0] ?? 0)
  return ticks.map((tick) => {
    const time = new Date(tick * 1000)
    if (reach > 2 * DAY) return time.toLocaleDateString('en', { weekday: 'short', day: 'numeric' })
    return time.toLocaleTimeString('de', { hour: '2-digit', minute: '2-digit' })
  })
}
