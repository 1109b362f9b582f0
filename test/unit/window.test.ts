import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { linesBetween, offsetsOf, piecesOf } from '../../src/dashboard/ui/window.ts'

const heights = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 200 })

function offsets(of: readonly number[]) {
  const keys = of.map((_, n) => String(n))
  return offsetsOf(keys, new Map(keys.map((key, n) => [key, of[n] ?? 0])), 30)
}

describe('of many lines', () => {
  it('those that were never seen are taken for as high as is usual', () => {
    expect([...offsetsOf(['a', 'b', 'c'], new Map([['b', 50]]), 30)]).toEqual([0, 30, 80, 110])
  })

  it('each that touches what is in view is drawn, and no other', () => {
    fc.assert(
      fc.property(heights, fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 1, max: 1_000 }), (of, top, high) => {
        const at = offsets(of)
        const { first, end } = linesBetween(at, top, top + high)
        of.forEach((_, n) => {
          const isInView = (at[n + 1] ?? 0) > top && (at[n] ?? 0) < top + high
          if (isInView) expect(n >= first && n < end).toBe(true)
          if (n > first && n < end) expect(isInView).toBe(true)
        })
      }),
    )
  })

  it('lines and gaps are together as high as all, and each line stands where it would among all', () => {
    fc.assert(
      fc.property(
        heights,
        fc.nat(250),
        fc.nat(250),
        fc.array(fc.integer({ min: -1, max: 250 })),
        (of, a, b, pinned) => {
          const at = offsets(of)
          const range = { first: Math.min(a, b), end: Math.max(a, b) }
          let y = 0
          const drawn: number[] = []
          for (const piece of piecesOf(at, range, pinned)) {
            if (piece.kind === 'line') {
              expect(y).toBe(at[piece.at])
              drawn.push(piece.at)
            }
            y += piece.kind === 'gap' ? piece.height : (of[piece.at] ?? 0)
          }
          expect(y).toBe(at[of.length])
          const wanted = of.map((_, n) => n).filter((n) => (n >= range.first && n < range.end) || pinned.includes(n))
          expect(drawn).toEqual(wanted)
        },
      ),
    )
  })
})
