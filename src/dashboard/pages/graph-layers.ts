/** Into which layer each box comes, and in which order: what leads to another stands before it, where that is possible. Pure. */
import { groupBy } from './group-by.ts'

export interface Link {
  readonly from: string
  readonly to: string
}

/** A link as it is drawn: box, lanes through the layers between, box; always from left to right. */
export interface Chain {
  readonly link: Link
  readonly cells: readonly string[]
  /** It leads back: items go against the order of its cells. */
  readonly isTurned: boolean
}

export interface Layered {
  readonly layerOf: ReadonlyMap<string, number>
  readonly chains: readonly Chain[]
}

export function layersOf(names: readonly string[], links: readonly Link[]): Layered {
  const turned = backLinks(names, links)
  const forward = links.map((link) => (turned.has(link) ? { from: link.to, to: link.from } : link))
  const layerOf = longestWays(names, forward)
  const chains = forward.map(({ from, to }, n): Chain => {
    const [first, last] = [layerOf.get(from) ?? 0, layerOf.get(to) ?? 0]
    const lanes = Array.from({ length: last - first - 1 }, (_, step) => {
      // No name of a queue has a newline.
      const lane = `\n${n} ${step}`
      layerOf.set(lane, first + step + 1)
      return lane
    })
    const link = links[n] ?? { from, to }
    return { link, cells: [from, ...lanes, to], isTurned: turned.has(link) }
  })
  return { layerOf, chains }
}

/** Without circles the longest way to each tells its layer. */
function longestWays(names: readonly string[], links: readonly Link[]): Map<string, number> {
  const layers = new Map(names.map((name) => [name, 0]))
  const after = groupBy(links, ({ from }) => from)
  const missing = new Map(names.map((name) => [name, 0]))
  for (const { to } of links) missing.set(to, (missing.get(to) ?? 0) + 1)
  const ready = names.filter((name) => missing.get(name) === 0)
  for (let name = ready.shift(); name !== undefined; name = ready.shift()) {
    for (const { to } of after.get(name) ?? []) {
      layers.set(to, Math.max(layers.get(to) ?? 0, (layers.get(name) ?? 0) + 1))
      const left = (missing.get(to) ?? 0) - 1
      missing.set(to, left)
      if (left === 0) ready.push(to)
    }
  }
  return layers
}

/** Those that lead back to where the way came from: turned round, there are no circles. */
function backLinks(names: readonly string[], links: readonly Link[]): ReadonlySet<Link> {
  const after = groupBy(links, ({ from }) => from)
  const seen = new Map<string, 'open' | 'done'>()
  const back = new Set<Link>()
  const begin = (name: string) => {
    seen.set(name, 'open')
    return { name, rest: [...(after.get(name) ?? [])].toReversed() }
  }
  for (const start of sourcesFirst(names, links)) {
    const way = seen.has(start) ? [] : [begin(start)]
    for (let step = way.at(-1); step !== undefined; step = way.at(-1)) {
      const next = step.rest.pop()
      if (next === undefined) {
        seen.set(step.name, 'done')
        way.pop()
      } else if (seen.get(next.to) === 'open') back.add(next)
      else if (!seen.has(next.to)) way.push(begin(next.to))
    }
  }
  return back
}

/** Items come in where nothing leads to. */
function sourcesFirst(names: readonly string[], links: readonly Link[]): readonly string[] {
  const led = new Set(links.map(({ to }) => to))
  return [...names.filter((name) => !led.has(name)), ...names.filter((name) => led.has(name))]
}

const SWEEPS = 6

/** Each as near as can be to the middle of what it is linked with: fewer lines cross. */
export function orderedLayers({ layerOf, chains }: Layered): readonly (readonly string[])[] {
  const count = Math.max(-1, ...layerOf.values()) + 1
  const layers: string[][] = Array.from({ length: count }, () => [])
  for (const [cell, layer] of layerOf) layers[layer]?.push(cell)
  const pairs = chains.flatMap(({ cells }) => cells.slice(1).map((cell, n) => [cells[n] ?? '', cell] as const))
  const before = groupBy(pairs, ([, to]) => to)
  const after = groupBy(pairs, ([from]) => from)
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isDown = sweep % 2 === 0
    const rows = rowsOf(layers)
    for (const layer of isDown ? layers : layers.toReversed()) {
      const near = (cell: string) =>
        isDown ? (before.get(cell) ?? []).map(([from]) => from) : (after.get(cell) ?? []).map(([, to]) => to)
      const wish = new Map(
        layer.map((cell) => [cell, mean(near(cell).map((one) => rows.get(one) ?? 0)) ?? rows.get(cell)]),
      )
      layer.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0))
      for (const [row, cell] of layer.entries()) rows.set(cell, row)
    }
  }
  return layers
}

function rowsOf(layers: readonly (readonly string[])[]): Map<string, number> {
  return new Map(layers.flatMap((layer) => layer.map((cell, row) => [cell, row] as const)))
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length
}
