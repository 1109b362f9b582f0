/** A queue's form.json: what a page asks for before it injects an item (docs/FORMS.md). */
import { join } from 'node:path'
import { ExactNumber, formatJson } from '../domain/json.ts'
import { type ConfigResult, checkValue } from './check.ts'
import { type ConfigProblem, readConfigFile } from './file.ts'
import {
  FIELD_KINDS,
  type FieldKind,
  type FieldType,
  type GivenField,
  type ValueType,
  valueProblem,
} from './form-schema.ts'
import { nearest } from './near.ts'

export interface FormField {
  /** `param1` to `param4`, `params.NAME`, `src`, `priority`, `in`, `tags`, `attach`; `params`: further ones, of any name. */
  readonly name: string
  readonly label: string
  readonly help: string | null
  readonly type: FieldType
  readonly choices: readonly FormChoice[] | null
  /** null: none. */
  readonly default: unknown
  readonly required: boolean
  /** The whole text must match it, as in HTML. */
  readonly pattern: string | null
  /** Not shown; its default is sent. */
  readonly hidden: boolean
}

export interface FormChoice {
  readonly value: string | number | boolean
  readonly label: string
}

export interface Form {
  /** In the order in which they are asked. */
  readonly fields: readonly FormField[]
  /** Keys that RQ knows and that have no meaning here. */
  readonly ignored: readonly string[]
}

/** Asked last, and all that is asked where there is no form.json. */
const REST = ['params', 'tags', 'priority', 'in', 'attach'] as const
const LABELS: Readonly<Record<string, string>> = {
  params: 'Parameters',
  tags: 'Tags',
  priority: 'Priority',
  in: 'Start in',
  attach: 'Files',
  src: 'Source',
}
const NAMES = ['param1', 'param2', 'param3', 'param4', 'params.NAME', 'src', ...REST]
/** Of RQ's form: what it asked for besides parameters. */
const IGNORED: readonly string[] = ['mesg_dest', 'mesg_status', 'mesg_post_run_webhook']

/** The form of the queue that lies at `queuePath`, or what is wrong with its form.json. */
export function loadForm(queuePath: string): ConfigResult<Form & { readonly isOwn: boolean }> {
  const file = join(queuePath, 'form.json')
  const reading = readConfigFile(file)
  if (reading.kind === 'bad') return { kind: 'bad', problems: [reading.problem] }
  const checked = readForm(file, reading.kind === 'absent' ? {} : reading.value)
  return checked.kind === 'bad'
    ? checked
    : { kind: 'ok', config: { ...checked.config, isOwn: reading.kind === 'json' } }
}

/** `file` is what the problems name. */
export function readForm(file: string, value: unknown): ConfigResult<Form> {
  const at = (key: string, problem: string, fix: string): ConfigProblem => ({ file, key, problem, fix })
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'bad', problems: [at('', 'must be an object', 'such as {"param1": {"label": "City"}}')] }
  const fields = new Map<string, FormField>()
  const problems: ConfigProblem[] = []
  const ignored: string[] = []
  const { default: rest = 'shown', $schema: _link, ...given } = value as Readonly<Record<string, unknown>>
  if (rest !== 'hidden' && rest !== 'shown')
    problems.push(at('default', 'must be "hidden" or "shown"', 'hidden: only what is named here is asked'))
  for (const [key, field] of Object.entries(given)) {
    const name = key.replace(/^mesg_(?=param[1-4]$|src$)/, '')
    const kind = kindOf(name)
    if (IGNORED.includes(key)) ignored.push(key)
    else if (kind === undefined) problems.push(at(key, 'is no field', hintFor(key)))
    else if (fields.has(name)) problems.push(at(key, `is ${name} once more`, 'keep one of them'))
    else {
      const checked = readField(file, key, name, kind, field)
      if (checked.kind === 'ok') fields.set(name, checked.config)
      else problems.push(...checked.problems)
    }
  }
  if (problems.length > 0) return { kind: 'bad', problems }
  const more = rest === 'hidden' ? [] : REST.filter((name) => !fields.has(name))
  return {
    kind: 'ok',
    config: { fields: [...fields.values(), ...more.map((name) => fieldOf(name, name, {}))], ignored },
  }
}

function kindOf(name: string): FieldKind | undefined {
  if (/^(?:param[1-4]|params\.[^\u0000-\u001f\u007f]{1,200}|src)$/.test(name)) return 'value'
  return REST.find((known) => known === name)
}

function hintFor(key: string): string {
  const near = nearest(key, NAMES)
  return near === undefined ? `fields: ${NAMES.join(', ')}` : `did you mean "${near}"?`
}

function readField(file: string, key: string, name: string, kind: FieldKind, value: unknown): ConfigResult<FormField> {
  const checked = checkValue(file, value, FIELD_KINDS[kind].schema)
  const inner =
    checked.kind === 'bad'
      ? checked.problems
      : contradictions(kind, checked.config).map((found) => ({ file, ...found }))
  const problems = inner.map((found) => ({ ...found, key: found.key === '' ? key : `${key}.${found.key}` }))
  if (checked.kind === 'bad' || problems.length > 0) return { kind: 'bad', problems }
  return { kind: 'ok', config: fieldOf(name, kind, checked.config) }
}

function fieldOf(name: string, kind: FieldKind, given: GivenField): FormField {
  return {
    name,
    label: given.label ?? LABELS[name] ?? name.replace(/^params\./, ''),
    help: given.help ?? null,
    type: kind === 'value' ? typeOf(given) : FIELD_KINDS[kind].type,
    choices: given.choices === undefined ? null : given.choices.map(choiceOf),
    ...{ default: given.default ?? null },
    required: given.required ?? false,
    pattern: given.pattern ?? null,
    hidden: given.hidden ?? false,
  }
}

function choiceOf(choice: NonNullable<GivenField['choices']>[number]): FormChoice {
  return typeof choice === 'object' ? choice : { value: choice, label: String(choice) }
}

function typeOf(given: GivenField): ValueType {
  return given.type ?? (given.choices === undefined ? 'text' : 'choice')
}

type Contradiction = Omit<ConfigProblem, 'file'>

/** Each key may stand there; together they make no field. */
function contradictions(kind: FieldKind, given: GivenField): Contradiction[] {
  const found: Contradiction[] = []
  const say = (key: string, problem: string, fix: string) => found.push({ key, problem, fix })
  const type = typeOf(given)
  const values = given.choices?.map((choice) => choiceOf(choice).value)
  if (kind === 'value' && type === 'choice' && values === undefined)
    say('type', 'is choice, but there is nothing to choose', 'add "choices": [...]')
  if (kind === 'value' && type !== 'choice' && values !== undefined)
    say('choices', `do not go with the type ${type}`, 'leave out the type, or make it "choice"')
  if (values !== undefined && new Set(values).size < values.length)
    say('choices', 'hold one value twice', 'keep one of them')
  for (const [index, value] of (values ?? []).entries()) {
    const problem = valueProblem(kind, kind === 'tags' ? [value] : value)
    if (problem !== undefined) say(`choices.${index}`, problem, `found ${formatJson(value)}`)
  }
  const pattern = patternProblem(given.pattern, type)
  if (pattern !== undefined) say('pattern', ...pattern)
  const wrong = given.default == null || found.length > 0 ? undefined : defaultProblem(kind, type, given, values)
  if (wrong !== undefined) say('default', wrong, `found ${formatJson(given.default)}`)
  if (given.hidden === true && given.required === true && given.default == null)
    say('required', 'cannot be met: the field is hidden, and has no default', 'give it a default')
  return found
}

function patternProblem(pattern: string | undefined, type: ValueType): [problem: string, fix: string] | undefined {
  if (pattern === undefined) return undefined
  if (type !== 'text' && type !== 'textarea') return [`does not go with the type ${type}`, 'only a text has a pattern']
  try {
    whole(pattern)
    return undefined
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return ['is no regular expression', error.message.replace(/^.*: /s, '')]
  }
}

/** As browsers read the attribute of that name. */
function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, 'v')
}

function defaultProblem(
  kind: FieldKind,
  type: ValueType,
  given: GivenField,
  values: readonly unknown[] | undefined,
): string | undefined {
  const { default: value, pattern } = given
  const wrong = kind === 'value' ? typeProblem(type, value) : valueProblem(kind, value)
  if (wrong !== undefined) return wrong
  const chosen = kind === 'tags' && Array.isArray(value) ? value : [value]
  if (values !== undefined && !chosen.every((one) => values.includes(one))) return 'is none of the choices'
  const isText = typeof value === 'string' && pattern !== undefined
  return isText && !whole(pattern).test(value) ? `does not match ${pattern}` : undefined
}

function typeProblem(type: ValueType, value: unknown): string | undefined {
  switch (type) {
    case 'text':
    case 'textarea':
      return typeof value === 'string' ? undefined : 'must be a text'
    case 'number':
      return typeof value === 'number' || value instanceof ExactNumber ? undefined : 'must be a number'
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'must be true or false'
    case 'choice':
    case 'json':
      return undefined
  }
}
