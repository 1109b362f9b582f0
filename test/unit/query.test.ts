import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costOf, type Facts, holds, matchText, printQuery, type Query } from '../../src/domain/query.ts'
import { parseQuery } from '../../src/domain/query-parse.ts'
import { glob } from '../../src/domain/query-values.ts'
import { readersAt } from '../../src/service/query.ts'

const NOW = Date.parse('2026-11-26T12:00:00Z')
const READERS = readersAt(NOW)

function parsed(text: string): Query {
  const result = parseQuery(text, READERS)
  if (!result.ok) throw new Error(result.problem)
  return result.query
}

function problemOf(text: string): string {
  const result = parseQuery(text, READERS)
  return result.ok ? 'none' : result.problem
}

interface Known {
  readonly state?: string
  readonly status?: string
  readonly texts?: Readonly<Record<string, readonly string[] | undefined>>
  readonly numbers?: Readonly<Record<string, number | null | undefined>>
  readonly is?: readonly string[]
}

/** An item of which this is known; what has the value undefined is not. */
function facts(known: Known, asked: string[] = []): Facts {
  const key = (field: { name: string; key?: string }) => (field.key === undefined ? field.name : `param.${field.key}`)
  return {
    now: NOW,
    state: () => ({ state: known.state ?? 'que', status: known.status ?? 'waiting' }),
    texts: (field) => {
      asked.push(key(field))
      return known.texts !== undefined && key(field) in known.texts ? known.texts[key(field)] : []
    },
    number: (field) => {
      asked.push(key(field))
      return known.numbers !== undefined && key(field) in known.numbers ? known.numbers[key(field)] : null
    },
    is: (quality) => known.is?.includes(quality) ?? false,
    content: (field, test) => {
      asked.push(key(field))
      return known.texts?.['content']?.some((text) => matchText(test, text) === true)
    },
  }
}

describe('a query', () => {
  it.each<[string, Known, boolean | undefined]>([
    ['', {}, true],
    ['state:_err', { state: '_err', status: 'failed' }, true],
    ['failed', { state: '_err', status: 'failed' }, true],
    ['state:que', { status: 'scheduled' }, true],
    ['state:waiting', { status: 'scheduled' }, false],
    ['queue:mail*', { texts: { queue: ['mail-slow'] } }, true],
    ['queue:mail', { texts: { queue: ['mail-slow'] } }, false],
    ['tag:eu', { texts: { tag: ['us', 'eu'] } }, true],
    ['!tag:slow', { texts: { tag: ['slow'] } }, false],
    ['-tag:slow', { texts: { tag: ['eu'] } }, true],
    ['age>1h', { numbers: { age: 3_600_001 } }, true],
    ['age>1h', { numbers: { age: 3_600_000 } }, false],
    ['age>=1h', { numbers: { age: 3_600_000 } }, true],
    ['age:1h..', { numbers: { age: 3_600_000 } }, true],
    ['age:..10m', { numbers: { age: 600_001 } }, false],
    ['due<1h', { numbers: { due: NOW + 60_000 } }, true],
    ['due<1h', { numbers: { due: NOW + 7_200_000 } }, false],
    ['due<1h', { numbers: { due: null } }, false],
    ['due>2026-11-26T13:00Z', { numbers: { due: NOW + 7_200_000 } }, true],
    ['created>2026-11-20', { numbers: { created: NOW } }, true],
    ['created>2026-11-28', { numbers: { created: NOW } }, false],
    ['priority:0..3', { numbers: { priority: 3 } }, true],
    ['priority:0..3', { numbers: { priority: 4 } }, false],
    ['exit:1', { numbers: { exit: 1 } }, true],
    ['!exit:0', { numbers: {} }, true],
    ['exit:0', { numbers: { exit: undefined } }, undefined],
    ['!exit:0', { numbers: { exit: undefined } }, undefined],
    ['attempts>2', { numbers: { attempts: 3 } }, true],
    ['size>1M', { numbers: { size: 1_048_577 } }, true],
    ['param.user=7', { texts: { 'param.user': ['7'] } }, true],
    ['param.user=7', { texts: { 'param.user': ['77'] } }, false],
    ['param.user:7*', { texts: { 'param.user': ['77'] } }, true],
    ['param.user>9007199254740992', { texts: { 'param.user': ['9007199254740993'] } }, true],
    ['param.user>=9007199254740993', { texts: { 'param.user': ['9007199254740992'] } }, false],
    ['param.user<1e400', { texts: { 'param.user': ['-0.5'] } }, true],
    ['param1<=1.50', { texts: { param1: ['1.5'] } }, true],
    ['param1<1.50', { texts: { param1: ['1.5'] } }, false],
    ['param1<2', { texts: { param1: ['one'] } }, false],
    ['!param1<2', { texts: { param1: ['one'] } }, true],
    ['!param1<2', { texts: { param1: undefined } }, undefined],
    ['param1<2', {}, false],
    ['name:*.csv', { texts: { name: ['a.b.csv'] } }, true],
    ['id:x7f2', { texts: { id: ['20261122T101500.123456-x7f2k9'] } }, true],
    ['text:"timed out"', { texts: { text: ['connection timed out', 'x'] } }, true],
    ['text~/TIMED? out/i', { texts: { text: ['connection timed out'] } }, true],
    ['text~/TIMED? out/', { texts: { text: ['connection timed out'] } }, false],
    ['content="a"', { texts: { content: ['ab'] } }, false],
    ['content:"a"', { texts: { content: ['ab'] } }, true],
    ['content:"a"', {}, undefined],
    ['is:malformed', { is: ['malformed'] }, true],
    ['exit:1 | exit:2', { numbers: { exit: 2 } }, true],
    ['tag:a (exit:1 | exit:2)', { numbers: { exit: 2 }, texts: { tag: ['b'] } }, false],
    ['tag:a | tag:b exit:1', { texts: { tag: ['a'] } }, true],
    ['!(tag:a | tag:b)', { texts: { tag: ['a'] } }, false],
    ['!!tag:a', { texts: { tag: ['a'] } }, true],
  ])('%j of %j is %s', (text, known, expected) => {
    expect(holds(parsed(text), facts(known))).toBe(expected)
  })

  it.each([
    ['stat:_err', 'no field "stat": did you mean "state"?'],
    ['faild', 'no state "faild": did you mean failed?'],
    ['state:faild', 'no state "faild": did you mean failed?'],
    ['report', 'no state "report": say what of an item it is, for example name:*report*'],
    ['colour:red', /^no field "colour": there are state, queue, /],
    ['param:x', '"param" needs the parameter\'s name: param.user=7'],
    ['age:1h', '"age:1h": expected a duration, as in age>1h'],
    ['age>soon', '"age>soon": expected a duration, as in age>1h'],
    ['created>1h', '"created>1h": expected a time, or a duration from now, as in created<2026-11-20T10:15'],
    [
      'priority:3..1',
      '"priority:3..1": expected a whole number, or two with ".." between, as in priority:1 or priority:0..3',
    ],
    ['tag>x', '"tag>": tag is text and has no order; use ":", "=" or "~"'],
    ['param.user>seven', '"param.user>seven": expected a number, as in param.user>1.5'],
    ['age~/x/', '"age~": age is compared, as in age>1h'],
    ['tag:', '"tag:" has no value'],
    ['text:"open', 'a quote is not closed: "open'],
    ['(tag:a', 'a "(" has no ")"'],
    ['tag:a)', 'a ")" has no "("'],
    ['tag:a |', 'a word is missing: beside "|" and within "()" stands one'],
    ['text~x', '"text~" takes a regular expression: text~/timed? out/'],
    ['text~/x', 'a regular expression has no closing "/": /x'],
    ['text~/(/', /^"text~\/\(\/": no regular expression: /],
    ['text~/x/g', '"text~/x/g": the only flag is "i", for either case'],
    ['is:malformd', 'no quality "malformd": did you mean malformed?'],
    ['state>que', '"state>": it takes ":"'],
    ['('.repeat(60), 'parentheses are nested deeper than 50 levels'],
  ])('%j is refused with its fix', (text, expected) => {
    expect(problemOf(text)).toMatch(typeof expected === 'string' ? expected : expected)
    if (typeof expected === 'string') expect(problemOf(text)).toBe(expected)
  })

  it('asks what is cheap first, and nothing dear where that decides', () => {
    const query = parsed('content:"x" exit:1 age>1h tag:eu')
    const asked: string[] = []
    expect(holds(query, facts({ texts: { tag: ['us'] } }, asked))).toBe(false)
    expect(asked).toEqual(['tag'])
    expect(costOf(query)).toBe('content')
    expect(costOf(parsed('tag:eu | name:x'))).toBe('name')
    expect(costOf(parsed('!age>1h'))).toBe('stat')
  })

  const word = fc.constantFrom(
    'failed', 'tag:a', 'age>1h', 'exit:1', 'name:*.c?v', 'text:"a \\"b\\" \\\\ | (c)"', 'content~/a\\/b( c)?/i', 'param.user=7',
    'content=""', 'due:..1h', 'is:empty',
  ) // biome-ignore format: a list
  const texts: fc.Arbitrary<string> = fc.letrec<{ any: string; group: string }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      word,
      fc.tuple(tie('any'), tie('any'), fc.constantFrom(' ', ' | ')).map(([a, b, glue]) => a + glue + b),
      tie('group'),
      tie('any').map((inner) => `!(${inner})`),
    ),
    group: tie('any').map((inner) => `(${inner})`),
  })).any

  it('printed and read again is the same', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const once = printQuery(parsed(text))
        expect(printQuery(parsed(once))).toBe(once)
      }),
    )
  })
  it('whose values are any text is read as it was printed', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (value) => {
        const written = `text:"${value.replace(/["\\]/g, '\\$&')}"`
        const query = parsed(written)
        expect(query).toMatchObject({ value, test: { test: { kind: 'part', text: value } } })
        expect(parsed(printQuery(query))).toMatchObject({ value })
      }),
    )
  })
  it('of garbage is a query or a sentence, never an exception', () => {
    const pieces = fc.constantFrom(
      ...'():|!-"\\/~<>=*. ',
      'state',
      'tag:',
      'age>',
      'param.',
      'text~/',
      'a',
      '\n',
      '1..',
      '\ud800',
    )
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 30 }),
        (all) => typeof parseQuery(all.join(''), READERS).ok === 'boolean',
      ),
    )
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => typeof parseQuery(text, READERS).ok === 'boolean'))
  })
  it('and its denial are never both true', () => {
    const value = fc.constantFrom(undefined, null, 0, 1)
    fc.assert(
      fc.property(texts, value, value, (text, exit, age) => {
        const known = facts({ numbers: { exit, age } })
        expect([holds(parsed(text), known), holds(parsed(`!(${text})`), known)]).not.toEqual([true, true])
      }),
    )
  })
})

describe('a pattern', () => {
  it('means what it would as a regular expression', () => {
    const piece = fc.constantFrom('a', 'b', '*', '?', '.')
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }),
        fc.array(fc.constantFrom('a', 'b', '.'), { maxLength: 8 }),
        (p, t) => {
          const regex = new RegExp(
            `^${p.join('').replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')}$`,
            's',
          )
          expect(glob(p.join(''))(t.join(''))).toBe(regex.test(t.join('')))
        },
      ),
    )
  })
})

describe('a regular expression', () => {
  const find = (source: string, text: string) => {
    const matcher = READERS.regex(source, '')
    return typeof matcher === 'string' ? matcher : matcher(text)
  }
  it('that would take for ever is stopped, and then no more asked', () => {
    const matcher = READERS.regex('(a+)+$', '')
    if (typeof matcher === 'string') throw new Error(matcher)
    for (let n = 0; n < 200; n += 1) expect(matcher(`${'a'.repeat(60)}b`)).toBeUndefined()
  })
  it('finds in short and in long texts', () => {
    expect(find('t.me', 'a time')).toBe(true)
    expect(find('(x|y)+z', 'xyxz')).toBe(true)
    expect(find('t.me', `${'-'.repeat(100_000)}time`)).toBe(true)
    expect(find('t.me', '-'.repeat(100_000))).toBe(false)
  })
})
