/** What a field of a form.json may say, by what it is for. */
import * as v from 'valibot'
import { isTag } from '../domain/name.ts'
import { count, duration, flag, word } from './forms.ts'

export const VALUE_TYPES = ['text', 'textarea', 'number', 'boolean', 'choice', 'json'] as const
export type ValueType = (typeof VALUE_TYPES)[number]

const common = { label: v.optional(word), help: v.optional(v.string('must be a text')), hidden: v.optional(flag) }

const scalar = v.union(
  [v.string(), v.pipe(v.number(), v.finite()), v.boolean()],
  'must be a text, a number, true or false',
)
const choice = v.union(
  [scalar, v.strictObject({ value: scalar, label: word })],
  'must be a value, or an object such as {"value": "de", "label": "German"}',
)
const choices = v.optional(v.pipe(v.array(choice, 'must be a list'), v.minLength(1, 'must not be empty')))
const asked = { ...common, choices, default: v.optional(v.unknown()), required: v.optional(flag) }

const AskedField = v.strictObject(asked, 'must be an object, such as {"label": "City"}')
const ValueField = v.strictObject(
  {
    ...asked,
    type: v.optional(v.picklist(VALUE_TYPES, `must be one of ${VALUE_TYPES.join(', ')}`)),
    pattern: v.optional(word),
  },
  'must be an object, such as {"label": "City"}',
)
const FilesField = v.strictObject({ ...common, required: v.optional(flag) }, 'must be an object')
const ParamsField = v.strictObject(common, 'must be an object')

const priority = count(0, 9)
const tags = v.array(
  v.pipe(v.string('must be a text'), v.check(isTag, 'is no tag: letters, digits and _ . : @ -')),
  'must be a list of tags',
)

/** What a field may be for, how a page asks for it, and what it may say. */
export const FIELD_KINDS = {
  value: { type: 'text', schema: ValueField, values: v.unknown() },
  priority: { type: 'priority', schema: AskedField, values: priority },
  in: { type: 'duration', schema: AskedField, values: duration },
  tags: { type: 'tags', schema: AskedField, values: tags },
  attach: { type: 'files', schema: FilesField, values: v.unknown() },
  params: { type: 'params', schema: ParamsField, values: v.unknown() },
} as const satisfies Record<FieldKind, { readonly type: FieldType; readonly schema: object; readonly values: object }>

export type FieldKind = 'value' | 'priority' | 'in' | 'tags' | 'attach' | 'params'
export type FieldType = ValueType | 'priority' | 'duration' | 'tags' | 'files' | 'params'

/** Of a field that was checked. */
export type GivenField = v.InferInput<typeof ValueField>

/** The first thing that is wrong with a value of such a field. */
export function valueProblem(kind: FieldKind, value: unknown): string | undefined {
  return v.safeParse(FIELD_KINDS[kind].values, value).issues?.[0].message
}
