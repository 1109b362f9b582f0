import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Output, printable, printableLog, table, toJson } from '../../src/cli/output.ts'

function screen(): Output & { readonly said: string[] } {
  const said: string[] = []
  return {
    said,
    isTerminal: true,
    paint: (_colour, text) => text,
    line: (text) => said.push(text),
    bytes: () => undefined,
  }
}

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

describe('what is printed', () => {
  it('never holds a control character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(CONTROL)
        expect(printableLog(text).replace(/[\n\t]/g, '')).not.toMatch(CONTROL)
        expect(toJson({ text })).not.toMatch(CONTROL)
      }),
    )
  })
  it('is otherwise as it was', () => {
    expect(printable('naïve 日本 😀 \\ "')).toBe('naïve 日本 😀 \\ "')
    expect(printable('a\nb\t\x1b[31m\u202e')).toBe('a\\nb\\t\\x1b[31m\\u202e')
  })
  it('is the same value, as JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(toJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
})

describe('a table', () => {
  it('has columns as wide as their widest cell', () => {
    const out = screen()
    table(
      out,
      ['A', 'LONG'],
      [
        ['xxx', 'y'],
        [{ text: 'z', colour: 'red' }, ''],
      ],
    )
    expect(out.said).toEqual(['A    LONG', 'xxx  y', 'z'])
  })
  it('is not widened by one monster, and not broken by a newline', () => {
    const out = screen()
    table(
      out,
      ['NAME', 'B'],
      [
        ['x'.repeat(200), '1'],
        ['a\nb', '2'],
      ],
    )
    expect(out.said[0]?.length).toBeLessThan(70)
    expect(out.said).toHaveLength(3)
    expect(out.said[2]).toContain('a\\nb')
  })
})
