import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Link, layout, type Picture, type Size } from '../../src/dashboard/pages/graph-layout.ts'

const SIZE: Size = { width: 190, height: 56, across: 110, down: 22, margin: 16 }

function picture(text: string): Picture {
  const links = text.split(' ').map((pair): Link => {
    const [from = '', to = ''] = pair.split('>')
    return { from, to }
  })
  return layout([...new Set(links.flatMap(({ from, to }) => [from, to]))], links, SIZE)
}

/** Names by layer, from above. */
function layers({ boxes }: Picture): string[] {
  const xs = [...new Set(boxes.map(({ x }) => x))].toSorted((a, b) => a - b)
  return xs.map((x) =>
    boxes
      .filter((box) => box.x === x)
      .toSorted((a, b) => a.y - b.y)
      .map(({ name }) => name)
      .join(' '),
  )
}

describe('boxes', () => {
  it.each([
    ['a>b', ['a', 'b']],
    ['a>b b>c a>c', ['a', 'b', 'c']],
    ['a>b a>c b>d c>d', ['a', 'b c', 'd']],
    ['a>b b>a', ['a', 'b']],
    ['in>a a>b b>c c>a', ['in', 'a', 'b', 'c']],
    ['a>d b>c', ['a b', 'd c']],
    ['a>a a>b', ['a', 'b']],
  ])('%s stand as %j', (text, expected) => {
    expect(layers(picture(text))).toEqual(expected)
  })
})

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']
const anyLinks = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...NAMES)), {
    selector: (pair) => pair.join('>'),
    maxLength: 24,
  })
  .map((pairs) => pairs.map(([from, to]): Link => ({ from, to })))

describe('whatever leads where', () => {
  it('no two boxes overlap, and all lie within the picture', () => {
    fc.assert(
      fc.property(anyLinks, (links) => {
        const { boxes, width, height } = layout(NAMES, links, SIZE)
        expect(boxes.map(({ name }) => name).toSorted()).toEqual(NAMES)
        for (const a of boxes) {
          expect(a.x >= SIZE.margin && a.y >= SIZE.margin).toBe(true)
          expect(a.x + SIZE.width <= width - SIZE.margin && a.y + SIZE.height <= height - SIZE.margin).toBe(true)
          for (const b of boxes)
            expect(a === b || Math.abs(a.x - b.x) >= SIZE.width || Math.abs(a.y - b.y) >= SIZE.height).toBe(true)
        }
      }),
    )
  })

  it('each link is drawn from the side of its box to that of the other, and through no box', () => {
    fc.assert(
      fc.property(anyLinks, (links) => {
        const { boxes, routes } = layout(NAMES, links, SIZE)
        const real = links.filter(({ from, to }) => from !== to)
        expect(routes.map(({ from, to }) => `${from}>${to}`)).toEqual(real.map(({ from, to }) => `${from}>${to}`))
        const at = new Map(boxes.map((box) => [box.name, box]))
        for (const { from, to, points } of routes) {
          for (const [name, end] of [
            [from, points[0]],
            [to, points.at(-1)],
          ] as const) {
            const box = at.get(name)
            const x = box?.x ?? Number.NaN
            expect([x, x + SIZE.width]).toContain(end?.x)
            expect(end?.y).toBeGreaterThan(box?.y ?? Number.NaN)
            expect(end?.y).toBeLessThan((box?.y ?? Number.NaN) + SIZE.height)
          }
          // Across a layer it goes straight; between layers there is no box.
          for (const [n, a] of points.entries()) {
            const b = points[n + 1]
            if (b === undefined || a.y !== b.y || Math.abs(a.x - b.x) !== SIZE.width) continue
            for (const box of boxes)
              expect(box.x === Math.min(a.x, b.x) && a.y > box.y && a.y < box.y + SIZE.height).toBe(false)
          }
        }
      }),
    )
  })

  it('no two lines begin or end at the same point of a box', () => {
    fc.assert(
      fc.property(anyLinks, (links) => {
        const ends = layout(NAMES, links, SIZE).routes.flatMap(({ points }) => [points[0], points.at(-1)])
        const texts = ends.map((end) => `${end?.x} ${end?.y}`)
        expect(new Set(texts).size).toBe(texts.length)
      }),
    )
  })
})

it('nothing is a picture of nothing', () => {
  expect(layout([], [], SIZE)).toMatchObject({ boxes: [], routes: [] })
})
