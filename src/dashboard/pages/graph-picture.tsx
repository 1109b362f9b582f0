import { useMemo, useState } from 'preact/hooks'
import type { Edge } from '../../domain/graph.ts'
import type { Graph, GraphNode } from '../../service/graph.ts'
import { queueHref } from '../links.ts'
import { queues } from '../live.ts'
import { countText, rateText } from '../ui/format.ts'
import { KINDS, trulyMissing } from './graph-kinds.ts'
import { type Box, layout, type Point, type Route, type Size } from './graph-layout.ts'
import { groupBy } from './group-by.ts'

const SIZE: Size = { width: 196, height: 58, across: 118, down: 22, margin: 16 }

/** All that leads from one queue to another. */
interface Line {
  readonly from: string
  readonly to: string
  readonly edges: readonly Edge[]
}

export function Picture({ graph }: { readonly graph: Graph }) {
  const lines = linesOf(graph.edges)
  const shape = lines.map(({ from, to }) => `${from}\n${to}`).join('\n\n')
  const picture = useMemo(() => layout(namesOf(lines), lines, SIZE), [shape])
  /** The queue that is pointed at: what has nothing to do with it steps back. */
  const [focus, setFocus] = useState<string>()
  if (lines.length === 0) return null
  const near = new Set(
    lines.filter(({ from, to }) => from === focus || to === focus).flatMap(({ from, to }) => [from, to]),
  )
  const { width, height, boxes, routes } = picture
  const isDim = (...names: readonly string[]) => focus !== undefined && !names.includes(focus)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
    <section class="graph panel scroll" tabIndex={0} aria-label="Picture; the table below says the same">
      {/* biome-ignore lint/a11y/useSemanticElements: an SVG can be no fieldset, and its links are to be reached */}
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label="Queues">
        <ArrowHead />
        {routes.map((route, n) => (
          <Arrow
            key={`${route.from}\n${route.to}`}
            route={route}
            edges={lines[n]?.edges ?? []}
            isDim={isDim(route.from, route.to)}
          />
        ))}
        {boxes.map((box) => (
          <QueueBox
            key={box.name}
            box={box}
            graph={graph}
            isDim={focus !== undefined && !near.has(box.name)}
            onPoint={setFocus}
          />
        ))}
      </svg>
    </section>
  )
}

function ArrowHead() {
  return (
    <defs>
      <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
        <path d="M0 0 L8 4 L0 8 z" />
      </marker>
    </defs>
  )
}

function linesOf(edges: readonly Edge[]): readonly Line[] {
  const between = edges.filter(({ from, to }) => from !== to)
  return [...groupBy(between, ({ from, to }) => `${from}\n${to}`).values()].flatMap((all) => {
    const [first] = all
    return first === undefined ? [] : [{ from: first.from, to: first.to, edges: all }]
  })
}

function namesOf(lines: readonly Line[]): readonly string[] {
  return [...new Set(lines.flatMap(({ from, to }) => [from, to]))].toSorted()
}

interface ArrowProps {
  readonly route: Route
  readonly edges: readonly Edge[]
  readonly isDim: boolean
}

function Arrow({ route: { points }, edges, isDim }: ArrowProps) {
  const [first] = edges
  if (first === undefined) return null
  const isConfigured = edges.some(({ configured }) => configured)
  const at = Math.floor((points.length - 1) / 2)
  const [a, b] = [points[at], points[at + 1]]
  const text = edges.map(({ kind, seen }) => `${KINDS[kind]}${seen > 0 ? ` ${countText(seen)}` : ''}`).join(', ')
  return (
    <g class={`edge ${first.kind}${isConfigured ? '' : ' only-seen'}${isDim ? ' dim' : ''}`}>
      <path d={pathOf(points)} marker-end="url(#arrow)" />
      {a !== undefined && b !== undefined && (
        <text x={(a.x + b.x) / 2} y={(a.y + b.y) / 2 - 5} text-anchor="middle">
          {text}
        </text>
      )}
    </g>
  )
}

/** Straight across a layer, in a bow from one to the next. */
function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points
  if (first === undefined) return ''
  let from = first
  const parts = [`M${from.x} ${from.y}`]
  for (const to of rest) {
    const bend = (to.x - from.x) / 2
    parts.push(
      from.y === to.y ? `L${to.x} ${to.y}` : `C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`,
    )
    from = to
  }
  return parts.join(' ')
}

interface BoxProps {
  readonly box: Box
  readonly graph: Graph
  readonly isDim: boolean
  readonly onPoint: (name: string | undefined) => void
}

const LONGEST = 22

function QueueBox({ box: { name, x, y }, graph, isDim, onPoint }: BoxProps) {
  const node = graph.nodes.find((one) => one.name === name)
  const comesByItself = graph.edges.some(({ from, kind }) => kind === 'schedule' && from === name)
  const isMissing = trulyMissing(graph).includes(name)
  const look = isMissing ? ' missing' : node === undefined ? '' : failedOf(node) > 0 ? ' failing' : ''
  const marks = `${comesByItself ? ' ◷' : ''}${node?.paused === true ? ' ‖' : ''}${node?.down === true ? ' ⏻' : ''}`
  return (
    <g transform={`translate(${x} ${y})`} class={`node${look}${isDim ? ' dim' : ''}`}>
      <a
        href={queueHref(name)}
        onPointerEnter={() => onPoint(name)}
        onPointerLeave={() => onPoint(undefined)}
        onFocusIn={() => onPoint(name)}
        onFocusOut={() => onPoint(undefined)}
      >
        <title>{`${name}: ${stateOf(node)}`}</title>
        <rect width={SIZE.width} height={SIZE.height} rx="8" />
        <text x="12" y="24" class="name">
          {name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name}
          <tspan class="marks">{marks}</tspan>
        </text>
        <text x="12" y="44" class="counts">
          {isMissing ? 'no such queue' : node === undefined ? 'made when it is needed' : countsText(node)}
        </text>
      </a>
    </g>
  )
}

function countsOf(node: GraphNode): GraphNode['counts'] {
  return queues.value.get(node.name)?.counts ?? node.counts
}

function failedOf(node: GraphNode): number {
  return countsOf(node)._err
}

function countsText(node: GraphNode): string {
  const { que, _err: failed } = countsOf(node)
  const rate = queues.value.get(node.name)?.donePerMinute ?? 0
  return [
    `${countText(que)} waiting`,
    ...(failed > 0 ? [`${countText(failed)} failed`] : []),
    ...(rate > 0 ? [`${rateText(rate)}/min`] : []),
  ].join(' · ')
}

function stateOf(node: GraphNode | undefined): string {
  if (node === undefined) return 'it does not exist'
  return `${countsText(node)}${node.paused ? ', paused' : ''}${node.down ? ', down' : ''}`
}
