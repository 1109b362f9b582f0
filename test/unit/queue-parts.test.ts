import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FormField } from '../../src/config/form.ts'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { wordsFor } from '../../src/dashboard/pages/config-words.ts'
import { diffOf } from '../../src/dashboard/pages/diff.ts'
import { messageOf } from '../../src/dashboard/pages/inject-message.ts'

const FIELD: FormField = {
  ...{ name: 'param1', label: 'City', help: null, type: 'text', choices: null, default: null },
  ...{ required: false, pattern: null, hidden: false },
}
const IN: FormField = { ...FIELD, name: 'in', label: 'Start in', type: 'duration' }
const CHOICES = ['eu', 'us'].map((value) => ({ value, label: value }))

function formOf(given: readonly (readonly [string, string])[]): FormData {
  const form = new FormData()
  for (const [name, value] of given) form.append(name, value)
  return form
}

describe('what a form becomes', () => {
  it.each([
    ['a duration', IN, [['in', '2h']], { in: '2h' }],
    ['a time', IN, [['at', '2031-02-03T04:05:06Z']], { at: '2031-02-03T04:05:06.000Z' }],
    [
      'both are one too many',
      IN,
      [
        ['in', '2h'],
        ['at', '2031-02-03T04:05'],
      ],
      'Start in: give a duration or a time, not both',
    ],
    ['neither, though one is required', { ...IN, required: true }, [], 'Start in: say when'],
    ['neither', IN, [], {}],
    ['a duration that is chosen', { ...IN, choices: CHOICES }, [['in', '1']], { in: 'us' }],
    ['a duration that is hidden', { ...IN, hidden: true, default: '90s' }, [], { in: '90s' }],
    [
      'tags that are chosen',
      { ...FIELD, name: 'tags', type: 'tags', choices: CHOICES },
      [
        ['tags', '0'],
        ['tags', '1'],
      ],
      { tag: ['eu', 'us'] },
    ],
    [
      'no tag, though one is required',
      { ...FIELD, name: 'tags', type: 'tags', choices: CHOICES, required: true },
      [],
      'City: choose at least one',
    ],
    ['null as JSON', { ...FIELD, name: 'params.x', type: 'json' }, [['params.x', 'null']], { params: { x: null } }],
    ['what is no JSON', { ...FIELD, name: 'params.x', type: 'json' }, [['params.x', '{']], 'City: this is no JSON'],
    [
      'null as a parameter',
      { ...FIELD, name: 'params', type: 'params' },
      [['params', 'a=null\nb=x=y']],
      { params: { a: null, b: 'x=y' } },
    ],
  ] as const satisfies readonly (readonly [string, FormField, readonly (readonly [string, string])[], unknown])[])(
    '%s',
    (_, field, given, message) => {
      expect(messageOf([field], formOf(given))).toEqual(message)
    },
  )
})

describe('what is said of a key', () => {
  const schema = configJsonSchema()
  it.each([
    ['timeout', /^How long one run may take/],
    ['retry.limit', /^How often a failure is tried again/],
    ['env.PATH', /^Added to the environment/],
    ['keep.trash', /\w/],
    ['no.such.key', /^$/],
  ])('%s', (key, words) => {
    expect(wordsFor(schema, key)).toMatch(words)
  })
  it('is nothing before the schema is there', () => {
    expect(wordsFor(undefined, 'timeout')).toBe('')
  })
})

it('a difference holds both texts', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', '{', '}'), { minLength: 1 }).map((all) => all.join('\n'))
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const all = diffOf(before, after)
      const without = (kind: string) =>
        all
          .filter((one) => one.kind !== kind)
          .map(({ line }) => line)
          .join('\n')
      expect(without('added')).toBe(before)
      expect(without('removed')).toBe(after)
    }),
  )
})
