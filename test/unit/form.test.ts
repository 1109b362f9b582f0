/** form.json: what a page asks for before it injects. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { formatProblem } from '../../src/config/file.ts'
import { type FormField, readForm } from '../../src/config/form.ts'

function fields(form: unknown): readonly FormField[] {
  const read = readForm('form.json', form)
  if (read.kind === 'bad') throw new Error(read.problems.map(formatProblem).join('; '))
  return read.config.fields
}

function problems(form: unknown): string[] {
  const read = readForm('form.json', form)
  return read.kind === 'ok' ? [] : read.problems.map(({ key, problem }) => `${key}: ${problem}`)
}

function names(form: unknown): string[] {
  return fields(form).map(({ name }) => name)
}

const REST = ['params', 'tags', 'priority', 'in', 'attach']
const hidden = (field: object) => ({ default: 'hidden', ...field })

describe('which fields there are', () => {
  test.each<[string, object, string[]]>([
    ['of a queue that says nothing: what an item may be given', {}, REST],
    [
      'what is named first, in its order',
      { in: {}, param2: {}, param1: {} },
      ['in', 'param2', 'param1', 'params', 'tags', 'priority', 'attach'],
    ],
    [
      'what is named alone, where the others are hidden',
      { default: 'hidden', 'params.city': {}, tags: {} },
      ['params.city', 'tags'],
    ],
    ['none, where all are hidden', { default: 'hidden' }, []],
    [
      'parameters by the names that RQ has',
      { default: 'hidden', mesg_param1: { label: 'A', help: 'B' }, mesg_src: {} },
      ['param1', 'src'],
    ],
    ['without the link for editors', { default: 'hidden', $schema: 'x' }, []],
  ])('%s', (_, form, expected) => expect(names(form)).toEqual(expected))

  it('what RQ asks for and has no meaning here is named, and left out', () => {
    const read = readForm('form.json', hidden({ mesg_dest: { label: 'x' }, mesg_param1: {}, mesg_post_run_webhook: 1 }))
    expect(read).toMatchObject({
      config: { ignored: ['mesg_dest', 'mesg_post_run_webhook'], fields: [{ name: 'param1' }] },
    })
  })
})

describe('a field', () => {
  test.each<[object, Partial<FormField>]>([
    [
      { 'params.city': {} },
      { name: 'params.city', label: 'city', type: 'text', help: null, required: false, hidden: false },
    ],
    [
      { param1: { label: 'Town', help: 'Where to', required: true } },
      { label: 'Town', help: 'Where to', required: true },
    ],
    [
      { param1: { choices: ['a', { value: 2, label: 'two' }] } },
      {
        type: 'choice',
        choices: [
          { value: 'a', label: 'a' },
          { value: 2, label: 'two' },
        ],
      },
    ],
    [{ param1: { pattern: '\\d+', default: '12' } }, { pattern: '\\d+', default: '12' }],
    [{ 'params.n': { type: 'number', default: 0 } }, { type: 'number', default: 0 }],
    [{ 'params.b': { type: 'boolean', default: false } }, { type: 'boolean', default: false }],
    [{ 'params.j': { type: 'json', default: { a: [1] } } }, { type: 'json', default: { a: [1] } }],
    [
      { src: { hidden: true, required: true, default: 'web' } },
      { name: 'src', label: 'Source', hidden: true, default: 'web' },
    ],
    [{ priority: { default: 3, choices: [3, 5] } }, { type: 'priority', default: 3, label: 'Priority' }],
    [{ in: { default: '1h30m' } }, { type: 'duration', default: '1h30m' }],
    [{ tags: { default: ['a'], choices: ['a', 'b'] } }, { type: 'tags', default: ['a'] }],
    [{ attach: { required: true } }, { type: 'files', required: true, label: 'Files' }],
  ])('%j', (form, expected) => expect(fields(hidden(form))).toMatchObject([expected]))
})

describe('what is wrong', () => {
  test.each<[unknown, string[]]>([
    [[], [': must be an object']],
    [{ default: 'no' }, ['default: must be "hidden" or "shown"']],
    [{ param5: {} }, ['param5: is no field']],
    [{ 'params.': {} }, ['params.: is no field']],
    [{ param1: [] }, ['param1: must be an object']],
    [{ param1: { lable: 'x', hepl: 'y' } }, ['param1.lable: is no known key', 'param1.hepl: is no known key']],
    [{ param1: { label: '' } }, ['param1.label: must not be empty']],
    [{ param1: {}, mesg_param1: {} }, ['mesg_param1: is param1 once more']],
    [{ param1: { type: 'date' } }, ['param1.type: must be one of text, textarea, number, boolean, choice, json']],
    [{ param1: { type: 'choice' } }, ['param1.type: is choice, but there is nothing to choose']],
    [{ param1: { type: 'number', choices: [1] } }, ['param1.choices: do not go with the type number']],
    [{ param1: { choices: [] } }, ['param1.choices: must not be empty']],
    [{ param1: { choices: ['a', 'a'] } }, ['param1.choices: hold one value twice']],
    [{ param1: { choices: ['a'], default: 'b' } }, ['param1.default: is none of the choices']],
    [{ param1: { pattern: '(' } }, ['param1.pattern: is no regular expression']],
    [{ param1: { pattern: 'a', type: 'number' } }, ['param1.pattern: does not go with the type number']],
    [{ param1: { pattern: 'a|b', default: 'ab' } }, ['param1.default: does not match a|b']],
    [{ param1: { default: 3 } }, ['param1.default: must be a text']],
    [{ 'params.n': { type: 'number', default: '3' } }, ['params.n.default: must be a number']],
    [{ 'params.b': { type: 'boolean', default: 0 } }, ['params.b.default: must be true or false']],
    [
      { param1: { hidden: true, required: true } },
      ['param1.required: cannot be met: the field is hidden, and has no default'],
    ],
    [{ priority: { default: 10 } }, ['priority.default: must be a whole number from 0 to 9']],
    [{ priority: { choices: [1, 11] } }, ['priority.choices.1: must be a whole number from 0 to 9']],
    [{ priority: { type: 'number' } }, ['priority.type: is no known key']],
    [{ in: { default: 'soon' } }, ['in.default: must be a duration, such as "90s"']],
    [{ tags: { default: ['a b'] } }, ['tags.default: is no tag: letters, digits and _ . : @ -']],
    [{ tags: { default: 'a' } }, ['tags.default: must be a list of tags']],
    [{ tags: { choices: ['a'], default: ['b'] } }, ['tags.default: is none of the choices']],
    [{ attach: { default: 'x' } }, ['attach.default: is no known key']],
    [{ params: { required: true } }, ['params.required: is no known key']],
  ])('%j', (form, expected) => expect(problems(form)).toEqual(expected))

  it('names the near field', () => {
    expect(readForm('form.json', { priorty: {} })).toMatchObject({ problems: [{ fix: 'did you mean "priority"?' }] })
  })
})

const ROOT = new URL('../../', import.meta.url)
const shown = [
  ...[...readFileSync(new URL('docs/FORMS.md', ROOT), 'utf8').matchAll(/^```json\n(.*?)^```$/gms)].map(
    (match, index) => [`docs/FORMS.md, ${index + 1}`, match[1] ?? ''] as const,
  ),
  ...readdirSync(new URL('examples/', ROOT), { recursive: true })
    .map(String)
    .filter((path) => path.endsWith('form.json'))
    .map((path) => [`examples/${path}`, readFileSync(new URL(`examples/${path}`, ROOT), 'utf8')] as const),
]

describe('a form.json that is shown', () => {
  test('is found at all', () => expect(shown.length).toBeGreaterThan(2))
  test.each(shown)('%s', (_name, text) => expect(problems(JSON.parse(text))).toEqual([]))
})
