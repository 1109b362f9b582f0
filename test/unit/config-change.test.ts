/** Keys of a config.json that are set, taken out and compared. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { applyChanges, changedKeys, formatKey, parseKey } from '../../src/config/change.ts'
import { formatJson } from '../../src/domain/json.ts'

type Pairs = readonly (readonly [string, string])[]

function changed(before: object, set: Pairs, unset: readonly string[] = []): unknown {
  const answer = applyChanges(before as Record<string, unknown>, { set, unset })
  return answer.kind === 'ok' ? answer.settings : answer.problem.problem
}

describe('a key', () => {
  test.each([
    ['slots', ['slots']],
    ['retry.limit', ['retry', 'limit']],
    ['schedules.a\\.b.cron', ['schedules', 'a.b', 'cron']],
    ['a\\\\b', ['a\\b']],
    ['', undefined],
    ['.', undefined],
    ['a.', undefined],
    ['.a', undefined],
    ['a..b', undefined],
    ['a\\', undefined],
    ['a\\b', undefined],
  ])('%j is %j', (key, path) => expect(parseKey(key)).toEqual(path))

  it('is read as it was written, whatever the names', () => {
    const names = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(names, (path) => {
        expect(parseKey(formatKey(path))).toEqual(path)
      }),
    )
  })
})

describe('what is set', () => {
  test.each<[string, object, Pairs, unknown]>([
    ['a number', {}, [['slots', '4']], { slots: 4 }],
    ['a text that is no JSON', {}, [['handler', './run']], { handler: './run' }],
    ['a text in quotes', {}, [['env.A', '"1"']], { env: { A: '1' } }],
    ['an empty text', {}, [['relay_to', '']], { relay_to: '' }],
    ['a whole object', { retry: { limit: 1 } }, [['retry', '{"base":"1s"}']], { retry: { base: '1s' } }],
    ['beside what is there', { retry: { limit: 1 } }, [['retry.base', '1s']], { retry: { limit: 1, base: '1s' } }],
    ['in its place', { a: 1, b: 2 }, [['a', '3']], { a: 3, b: 2 }],
    [
      'the last of several',
      {},
      [
        ['a', '1'],
        ['a', '2'],
      ],
      { a: 2 },
    ],
    ['below what is no object', { slots: 4 }, [['slots.big', '1']], 'holds no object'],
    ['below a list', { a: { b: [] } }, [['a.b.c', '1']], 'holds no object'],
    ['under no name', {}, [['a..b', '1']], 'is no key'],
  ])('%s', (_, before, set, after) => expect(changed(before, set)).toEqual(after))

  it('may be called as a property of every object, and changes none but itself', () => {
    const after = changed({}, [
      ['__proto__.polluted', '1'],
      ['constructor', '2'],
    ])
    expect(JSON.stringify(after)).toBe('{"__proto__":{"polluted":1},"constructor":2}')
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })
})

test('a number that is no double stays what it is', () => {
  const after = changed({}, [['schedules.a.params.n', '9007199254740993']])
  expect(formatJson(after)).toBe('{"schedules":{"a":{"params":{"n":9007199254740993}}}}')
  expect(changedKeys(after, changed({}, [['schedules.a.params.n', '9007199254740992']]))).toEqual([
    'schedules.a.params.n',
  ])
})

describe('what is taken out', () => {
  test.each<[string, object, string[], unknown]>([
    ['a key', { a: 1, b: 2 }, ['a'], { b: 2 }],
    ['one of an object', { a: { b: 1, c: 2 } }, ['a.b'], { a: { c: 2 } }],
    ['the last of an object, and the object', { a: { b: { c: 1 } }, d: 1 }, ['a.b.c'], { d: 1 }],
    ['nothing, where nothing is', { a: {} }, ['a.b', 'c.d', 'toString'], { a: {} }],
    ['nothing below a number', { a: 1 }, ['a.b'], { a: 1 }],
    ['a key that is none', { a: 1 }, ['a.'], 'is no key'],
  ])('%s', (_, before, unset, after) => expect(changed(before, [], unset)).toEqual(after))

  it('is taken out before anything is set', () => {
    expect(changed({ slots: 4 }, [['slots.big', '1']], ['slots'])).toEqual({ slots: { big: 1 } })
  })
})

describe('what has changed', () => {
  test.each<[unknown, unknown, string[]]>([
    [{}, {}, []],
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1 }, { a: 2, b: 1 }, ['a', 'b']],
    [{ a: { b: 1, c: 2 } }, { a: { c: 3 } }, ['a.c', 'a.b']],
    [{ a: 1 }, { a: { b: 1 } }, ['a.b', 'a']],
    [{ a: [1] }, { a: [1, 2] }, ['a']],
    [{}, { retry: {} }, []],
    [{}, { s: { 'a.b': 1 } }, ['s.a\\.b']],
  ])('%j → %j: %j', (before, after, keys) => expect(changedKeys(before, after)).toEqual(keys))

  it('is nothing of a value and itself, and what was set where it was not', () => {
    const settings = fc.dictionary(
      fc.string({ minLength: 1 }),
      fc.oneof(fc.integer(), fc.dictionary(fc.string(), fc.boolean())),
    )
    fc.assert(
      fc.property(settings, fc.string({ minLength: 1 }), (before, name) => {
        expect(changedKeys(before, before)).toEqual([])
        const key = formatKey([name])
        fc.pre(!Object.hasOwn(before, name))
        expect(changedKeys(before, changed(before, [[key, '1']]))).toEqual([key])
        expect(changed(changed(before, [[key, '1']]) as object, [], [key])).toEqual(before)
      }),
    )
  })
})
