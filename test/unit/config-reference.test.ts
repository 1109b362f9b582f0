import { toJsonSchema } from '@valibot/to-json-schema'
import { expect, test } from 'vitest'
import { defaultSettings } from '../../src/config/defaults.ts'
import { effectiveValues } from '../../src/config/merge.ts'
import { ItemPolicy, QueueFile, RootFile } from '../../src/config/schema.ts'

interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
}

interface Row {
  readonly key: string
  readonly form: string
  readonly description: string
}

const options = { typeMode: 'input', errorMode: 'throw' } as const
const SLOTS_OF_THIS_MACHINE = /^slots$/

/** A key and, of an object, the keys below it. */
function rowsOf(key: string, schema: Schema): Row[] {
  const own = schema.description === undefined ? [] : [{ key, form: formOf(schema), description: schema.description }]
  const objects = [schema, ...(schema.anyOf ?? [])].flatMap((form) => [
    form,
    ...(form.items === undefined ? [] : [form.items]),
  ])
  const below = objects.flatMap(({ properties, additionalProperties }) => [
    ...Object.entries(properties ?? {}).flatMap(([name, inner]) => rowsOf(`${key}.${name}`, inner)),
    ...(typeof additionalProperties === 'object' ? rowsOf(`${key}.*`, additionalProperties) : []),
  ])
  return [...own, ...below]
}

function formOf(schema: Schema): string {
  if (schema.anyOf !== undefined) {
    const forms = [...new Set(schema.anyOf.map(formOf))]
    // A duration or a size: a text with its unit, or a bare number.
    if (forms.includes('duration')) return forms.filter((form) => form !== 'number').join(' or ')
    return (forms.includes('size') ? forms.filter((form) => !/number/.test(form)) : forms).join(' or ')
  }
  if (schema.enum !== undefined) return schema.enum.map((word) => JSON.stringify(word)).join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.pattern?.includes('ms|s|m|h|d|w') === true) return 'duration'
  if (schema.pattern?.includes('KMGTkmgt') === true) return 'size'
  switch (schema.type) {
    case 'array':
      return `list of ${formOf(schema.items ?? {})}`
    case 'string':
      return 'text'
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
      return 'true or false'
    default:
      return 'object'
  }
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function tableOf(rows: readonly Row[], defaults: ReadonlyMap<string, unknown>): string[] {
  const lines = rows.map(({ key, form, description }) => {
    const value = SLOTS_OF_THIS_MACHINE.test(key) ? 'the number of cores' : defaults.get(key)
    const shown =
      value === undefined ? '' : SLOTS_OF_THIS_MACHINE.test(key) ? String(value) : `\`${JSON.stringify(value)}\``
    const words = description.replace(/ Default: [^.]*(?:\.[^.\s][^.]*)*\.$/, '')
    return `| \`${key}\` | ${cell(form)} | ${cell(shown)} | ${cell(words)} |`
  })
  return ['| key | form | default | what it is for |', '|---|---|---|---|', ...lines]
}

/** `npx vitest run test/unit/config-reference.test.ts -u` writes the page anew. */
test('docs/CONFIG.md lists every key with its form, its default and its meaning', async () => {
  const queue = toJsonSchema(QueueFile, options) as Schema
  const root = toJsonSchema(RootFile, options) as Schema
  const defaults = new Map(
    effectiveValues({ default: defaultSettings(), root: {}, queue: {} }).map(({ key, value }) => [key, value] as const),
  )
  const keysOf = (schema: Schema) => Object.entries(schema.properties ?? {}).filter(([name]) => name !== '$schema')
  const rows = keysOf(queue).flatMap(([name, schema]) => rowsOf(name, schema))
  const rootRows = keysOf(root)
    .filter(([name]) => name !== 'queue')
    .flatMap(([name, schema]) => rowsOf(name, schema))
  const own = Object.keys(ItemPolicy.entries).map((key) => `\`${key}\``)
  const page = [
    '# config.json, the reference',
    '',
    'This page is written from the schema that the program checks with; `config.schema.json` beside it is the same for editors',
    '(put `"$schema"` with its path into a file, and keys are completed and explained).',
    '',
    '- `queue/NAME/config.json` speaks for one queue. `config.json` in the root speaks for all of them in its `queue` section.',
    '- The queue beats the root, the root beats the default; objects are merged key by key, lists are replaced.',
    '- `rq config QUEUE` prints what is in force and where each value comes from, and which keys are off; `rqd check` tells what is wrong.',
    '- A file that changes is read anew. A mistake names the file, the key and the fix, stops only its queue, and leaves the items where they are.',
    '- A duration is `"90s"`, `"1h 30m"` or bare seconds; a size is `"64M"` (powers of 1024) or bare bytes.',
    `- A message may say otherwise for its own item, in its \`policy\`: ${own.join(', ')}.`,
    '',
    '## A queue',
    '',
    ...tableOf(rows, defaults),
    '',
    '## The root',
    '',
    ...tableOf(rootRows, new Map([['warm_workers', 16]])),
    '',
  ].join('\n')
  expect(rows.every(({ description }) => description !== '')).toBe(true)
  await expect(page).toMatchFileSnapshot('../../docs/CONFIG.md')
})
