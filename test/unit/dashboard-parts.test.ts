import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAnsi, textOf } from '../../src/dashboard/ansi.ts'
import { attemptOf, rowsOf, rowsWith } from '../../src/dashboard/pages/item-log-rows.ts'

it('a count is written as in English, whatever it is', () => {
  const english = new Intl.NumberFormat('en')
  fc.assert(
    fc.property(fc.maxSafeInteger(), (count) => {
      expect(countText(count)).toBe(english.format(count))
      expect(countText(count, true)).toBe(`${english.format(count)}+`)
    }),
  )
})

import { countText } from '../../src/dashboard/ui/format.ts'

describe('rows of a log', () => {
  it.each([
    ['one line end at the end is no line', 'a\nb\n', 80, ['a', 'b']],
    ['long lines are folded', 'abcdefg', 3, ['abc', 'def', 'g']],
    ['wide characters take two columns', '日本語x', 4, ['日本', '語x']],
    ['no character is cut in two', 'ab\u{1f600}\u{1f600}', 3, ['ab', '\u{1f600}', '\u{1f600}']],
    ['an empty line stays', 'a\n\nb', 80, ['a', '', 'b']],
  ])('%s', (_, text, columns, rows) => {
    expect(rowsOf(parseAnsi(text), columns).map(({ spans }) => textOf(spans))).toEqual(rows)
  })
  it('lose nothing by being folded', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 20 }), (text, columns) => {
        const [line = []] = parseAnsi(text.replace(/\p{Cc}/gu, ' '))
        const rows = rowsOf([line], columns)
        expect(rows.map(({ spans }) => textOf(spans)).join('')).toBe(textOf(line))
      }),
    )
  })
  it('are found by their text, and attempts by their header', () => {
    const rows = rowsOf(
      parseAnsi('--- 2026-11-22T10:15:00.000Z attempt 2: ./handler\nTimeout\n--- attempt 3: no\n'),
      80,
    )
    expect(rowsWith(rows, 'timeOUT')).toEqual([1])
    expect(rowsWith(rows, '')).toEqual([])
    expect(rows.map(attemptOf)).toEqual([2, undefined, undefined])
  })
})
