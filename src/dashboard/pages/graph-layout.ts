/**
 * Where the boxes and lines of a picture of queues stand: in layers, from left to right, as items go. Lines that pass a
 * layer have a place of their own in it, so that no line runs through a box. Pure; the same every time.
 */

import { type Layered, type Link, layersOf, orderedLayers } from './graph-layers.ts'
import { groupBy } from './group-by.ts'

export type { Link } from './graph-layers.ts'

export interface Size {
  readonly width: number
  readonly height: number
  /** Between layers. */
  readonly across: number
  /** Between boxes of a layer. */
  readonly down: number
  readonly margin: number
}

export interface Box {
  readonly name: string
  readonly x: number
  readonly y: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** From the side of a box to the side of another one, in the order in which items go. */
export interface Route {
  readonly from: string
  readonly to: string
  readonly points: readonly Point[]
}

export interface Picture {
  readonly boxes: readonly Box[]
  readonly routes: readonly Route[]
  readonly width: number
  readonly height: number
}

/** What is left between two lines that pass a layer. */
const LANE = 26

/** `links`: each pair once; from one to itself none is drawn. */
export function layout(names: readonly string[], links: readonly Link[], size: Size): Picture {
  const real = links.filter(({ from, to }) => from !== to)
  const layered = layersOf(names, real)
  const layers = orderedLayers(layered)
  const places = placesOf(layers, size)
  const boxes = names.flatMap((name) => {
    const place = places.get(name)
    return place === undefined ? [] : [{ name, x: place.x, y: place.top }]
  })
  const count = layers.length
  const tops = [...places.values()]
  return {
    boxes,
    routes: routesOf(layered, places, size),
    width: 2 * size.margin + count * size.width + Math.max(0, count - 1) * size.across,
    height: Math.max(0, ...tops.map(({ top, height }) => top + height)) + size.margin,
  }
}

interface Place {
  readonly x: number
  readonly top: number
  readonly height: number
}

/** Each layer stands in the middle of the height. */
function placesOf(layers: readonly (readonly string[])[], size: Size): ReadonlyMap<string, Place> {
  const heightOf = (cell: string) => (isLane(cell) ? LANE : size.height)
  const heights = layers.map((layer) => layer.reduce((sum, cell) => sum + heightOf(cell) + size.down, -size.down))
  const most = Math.max(0, ...heights)
  const places = new Map<string, Place>()
  for (const [at, layer] of layers.entries()) {
    let top = size.margin + (most - (heights[at] ?? 0)) / 2
    for (const cell of layer) {
      places.set(cell, { x: size.margin + at * (size.width + size.across), top, height: heightOf(cell) })
      top += heightOf(cell) + size.down
    }
  }
  return places
}

function isLane(cell: string): boolean {
  return cell.startsWith('\n')
}

/** Lines begin and end at their own place of a box's side, in the order of where they lead. */
function routesOf({ chains }: Layered, places: ReadonlyMap<string, Place>, size: Size): readonly Route[] {
  const ends = chains.flatMap(({ cells }, chain) => [
    { chain, at: 'first' as const, box: cells[0] ?? '', next: cells[1] ?? '' },
    { chain, at: 'last' as const, box: cells.at(-1) ?? '', next: cells.at(-2) ?? '' },
  ])
  const ports = new Map<string, number>()
  for (const [, side] of groupBy(ends, ({ box, at }) => `${at} ${box}`)) {
    const order = side.toSorted((a, b) => middle(places.get(a.next)) - middle(places.get(b.next)) || a.chain - b.chain)
    for (const [n, { chain, at, box }] of order.entries()) {
      const place = places.get(box)
      if (place !== undefined) ports.set(`${at} ${chain}`, place.top + (place.height * (n + 1)) / (order.length + 1))
    }
  }
  return chains.map(({ link, cells, isTurned }, chain) => {
    const points = cells.flatMap((cell, n): Point[] => {
      const place = places.get(cell)
      if (place === undefined) return []
      if (n === 0) return [{ x: place.x + size.width, y: ports.get(`first ${chain}`) ?? 0 }]
      if (n === cells.length - 1) return [{ x: place.x, y: ports.get(`last ${chain}`) ?? 0 }]
      const y = middle(place)
      return [
        { x: place.x, y },
        { x: place.x + size.width, y },
      ]
    })
    return { ...link, points: isTurned ? points.toReversed() : points }
  })
}

function middle(place: Place | undefined): number {
  return place === undefined ? 0 : place.top + place.height / 2
}
