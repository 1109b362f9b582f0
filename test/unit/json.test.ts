import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareNumbers, ExactNumber, formatJson, isRecord, parseJson, readJson } from '../../src/domain/json.ts'

/** What a number is worth, as digits and a power of ten, by whole numbers alone; of zero the sign. */
function worth(literal: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? []
  let digits = BigInt(whole + fraction)
  let exponent = BigInt(power) - BigInt(fraction.length)
  if (digits === 0n) return `${sign}0`
  for (; digits % 10n === 0n; digits /= 10n) exponent += 1n
  return `${sign}${digits}e${exponent}`
}

/** The numbers of a JSON text in their order; strings are passed over. */
function numbersIn(text: string): string[] {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g) ?? []
  return tokens.filter((token) => !token.startsWith('"')).map(worth)
}

const digits = (most: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: most })

const literal = fc
  .tuple(
    fc.constantFrom('', '-'),
    digits(40).map((text) => text.replace(/^0+(?=\d)/, '')),
    fc.option(digits(40)),
    fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'E-', 'e-'), digits(4))),
  )
  .map(([sign, whole, fraction, power]) =>
    [sign, whole, fraction === null ? '' : `.${fraction}`, power === null ? '' : power.join('')].join(''),
  )

/** Of text that looks like numbers, of escapes, and of what closes a string too early. */
const text = fc
  .oneof(fc.string(), fc.constantFrom('9007199254740993', '[9007199254740993,', '\\', '\\"', '"', '-0', '__proto__'))
  .map((value) => JSON.stringify(value))

const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    literal,
    text,
    fc.constantFrom('true', 'false', 'null', '[]', '{}'),
    fc.tuple(fc.array(tie('json')), fc.constantFrom(',', ' , ', ',\n')).map(([list, comma]) => `[${list.join(comma)}]`),
    fc
      .tuple(fc.array(fc.tuple(fc.nat(9), tie('json'))), fc.constantFrom(':', ' : '))
      .map(([pairs, colon]) => `{${pairs.map(([_, value], index) => `"k${index}"${colon}${value}`).join(',')}}`),
  ),
}))

describe('any JSON text', () => {
  it('is written with the numbers that it was read with', () => {
    fc.assert(
      fc.property(json, (given) => {
        const written = formatJson(readJson(given))
        expect(numbersIn(written)).toEqual(numbersIn(given))
        expect(numbersIn(formatJson(readJson(written)))).toEqual(numbersIn(given))
      }),
      { numRuns: 1000 },
    )
  })
  it('is otherwise read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(json, (given) => {
        // -0 and what is too large are written as a double writes them.
        const doubles = JSON.stringify(JSON.parse(given), (_, value) => (typeof value === 'number' ? 0 : value))
        const exact = JSON.stringify(readJson(given), (_, value) => (typeof value === 'number' ? 0 : value))
        expect(exact).toBe(doubles)
      }),
      { numRuns: 1000 },
    )
  })
  it('and what is none is none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          json.map((given) => given.slice(0, -1)),
        ),
        (given) => {
          let known: boolean
          try {
            JSON.parse(given)
            known = true
          } catch {
            // It is none.
            known = false
          }
          expect(parseJson(given) !== undefined).toBe(known)
        },
      ),
    )
  })
})

describe('a number', () => {
  const rows: [given: string, written: string, exact: boolean][] = [
    ['0', '0', false],
    ['-0', '-0', true],
    ['-0.00', '-0.00', true],
    ['-0e7', '-0e7', true],
    ['-0.5', '-0.5', false],
    ['1E5', '100000', false],
    ['0.10', '0.1', false],
    ['1.0', '1', false],
    ['1e400', '1e400', true],
    ['-1e400', '-1e400', true],
    ['1e-400', '1e-400', true],
    ['1e0000000400', '1e0000000400', true],
    ['5e-324', '5e-324', false],
    ['3e-324', '3e-324', true],
    ['0e999', '0', false],
    ['999999999999999', '999999999999999', false],
    ['9007199254740991', '9007199254740991', false],
    ['9007199254740993', '9007199254740993', true],
    ['-9007199254740993', '-9007199254740993', true],
    ['9007199254740993.0', '9007199254740993.0', true],
    ['9007199254740.993e3', '9007199254740.993e3', true],
    ['123456789012345678901234567890', '123456789012345678901234567890', true],
    ['0.1234567890123456789', '0.1234567890123456789', true],
    ['0.30000000000000004', '0.30000000000000004', false],
    ['0.1000000000000000000000000', '0.1', false],
    ['0.1000000000000000055511151231257827', '0.1000000000000000055511151231257827', true],
  ]
  it.each(rows)('%s is written as %s', (given, written, exact) => {
    for (const around of ['', ' ']) {
      const value = parseJson(around + given + around)
      expect(value instanceof ExactNumber).toBe(exact)
      expect(formatJson(value)).toBe(written)
    }
    expect(formatJson(parseJson(`{"a":[${given}],"b" : ${given} }`))).toBe(`{"a":[${written}],"b":${written}}`)
  })
  it('of so many digits as a message has bytes is read and written', () => {
    const given = `[${'7'.repeat(1024 * 1024)},0.${'1'.repeat(1024 * 1024)}]`
    expect(formatJson(parseJson(given)) === given).toBe(true)
  })
})

describe('beside a number that is no double', () => {
  const LONG = '9007199254740993'
  const rows: [sentence: string, given: string, written: string][] = [
    ['a string that looks like it stays one', `["${LONG}",${LONG}]`, `["${LONG}",${LONG}]`],
    [
      'a string of quotes and backslashes',
      `["\\\\",${LONG},"\\"${LONG}\\\\\\""]`,
      `["\\\\",${LONG},"\\"${LONG}\\\\\\""]`,
    ],
    ['a key that looks like it', `{"${LONG}":${LONG}}`, `{"${LONG}":${LONG}}`],
    ['of equal keys the last one counts', `{"a":${LONG},"a":{"b":1},"a":"x"}`, '{"a":"x"}'],
    ['of equal keys the last number counts', `{"a":"x","a":[],"a":${LONG}}`, `{"a":${LONG}}`],
    ['half a surrogate pair', `["\\ud800",${LONG}]`, `["\\ud800",${LONG}]`],
    [
      'a key that looks like a prototype',
      `{"__proto__":{"x":${LONG}},"constructor":${LONG}}`,
      `{"__proto__":{"x":${LONG}},"constructor":${LONG}}`,
    ],
    ['a number as prototype', `{"__proto__":${LONG}}`, `{"__proto__":${LONG}}`],
  ]
  it.each(rows)('%s', (_sentence, given, written) => {
    const value = parseJson(given)
    expect(formatJson(value)).toBe(written)
    if (isRecord(value)) expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  })
  it('any depth is read', () => {
    const deep = 100_000
    let value = parseJson('['.repeat(deep) + LONG + ']'.repeat(deep))
    while (Array.isArray(value)) [value] = value
    expect(value).toEqual(new ExactNumber(LONG))
  })
  it('what JSON leaves out is left out', () => {
    const exact = new ExactNumber(LONG)
    expect(formatJson({ a: undefined, b: [undefined, exact], c: new Date(0) })).toBe(
      `{"b":[null,${LONG}],"c":"1970-01-01T00:00:00.000Z"}`,
    )
  })
  it('JSON.stringify writes the nearest that it can', () => {
    expect(JSON.stringify(parseJson(`[${LONG},1e400]`))).toBe('[9007199254740992,1.7976931348623157e+308]')
  })
})

describe('numbers are compared', () => {
  it('as the values that they are', () => {
    fc.assert(
      fc.property(fc.bigInt(), fc.bigInt(), fc.nat(30), (a, b, places) => {
        const compared = compareNumbers(`${a}e-${places}`, `${b}E-${places}`)
        expect(Math.sign(compared ?? Number.NaN)).toBe(a < b ? -1 : a > b ? 1 : 0)
      }),
    )
  })
  it.each([
    ['1.0', '1e0'],
    ['-0', '0'],
    ['0.10', '1E-1'],
  ])('%s is %s', (a, b) => {
    expect(compareNumbers(a, b)).toBe(0)
  })
  it.each(['', 'x', '+1', '01', '1.', ' 1', '0x10', 'Infinity', 'NaN'])('but not %j', (a) => {
    expect(compareNumbers(a, '1')).toBeUndefined()
    expect(compareNumbers('1', a)).toBeUndefined()
  })
})
