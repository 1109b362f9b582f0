/** From the fields of a form to a message, as POST /queues/:queue/items takes it. */
import { parseJson } from '../../domain/json.ts'
import type { QueueForm } from '../../service/form.ts'

type Field = QueueForm['fields'][number]

/** A sentence when a field holds what it cannot mean. */
export function messageOf(fields: readonly Field[], given: FormData): Record<string, unknown> | string {
  const message: Record<string, unknown> = {}
  const params: Record<string, unknown> = {}
  for (const field of fields) {
    const value = givenIn(field, given)
    if (value instanceof Mistake) return `${field.label}: ${value.text}`
    if (value === undefined) continue
    if (field.type === 'params') Object.assign(params, value)
    else if (field.name.startsWith('params.')) params[field.name.slice('params.'.length)] = value
    else if (field.type === 'tags') message['tag'] = value
    else if (field.type === 'duration') Object.assign(message, value)
    else message[field.name] = value
  }
  return Object.keys(params).length === 0 ? message : { ...message, params }
}

class Mistake {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Beside the name of a duration, that of the field for a time of the clock. */
export const AT = 'at'

function givenIn(field: Field, given: FormData): unknown {
  if (field.type === 'duration') return timeOf(field, given)
  if (field.hidden) return field.default ?? undefined
  if (field.type === 'boolean') return given.has(field.name)
  if (field.type === 'tags' && field.choices !== null) return chosenTags(field, field.choices, given)
  const raw = given.get(field.name)
  const text = typeof raw === 'string' ? raw : ''
  if (text.trim() === '') return undefined
  switch (field.type) {
    case 'text':
    case 'textarea':
      return text
    case 'number':
    case 'priority':
      return Number(text)
    case 'choice':
      return field.choices?.[Number(text)]?.value
    case 'json':
      return jsonOf(text)
    case 'tags':
      return text.split(/[\s,]+/).filter(Boolean)
    case 'params':
      return paramsOf(text)
    case 'files':
      return undefined
  }
}

/** `name=value` in each line; what is JSON is meant as such. */
function paramsOf(text: string): Record<string, unknown> | Mistake {
  const params: Record<string, unknown> = {}
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const at = line.indexOf('=')
    if (at <= 0) return new Mistake(`"${line}": write name=value`)
    const value = line.slice(at + 1).trim()
    const json = parseJson(value)
    params[line.slice(0, at).trim()] = json === undefined ? value : json
  }
  return params
}

/** null is JSON, too. */
function jsonOf(text: string): unknown {
  const value = parseJson(text)
  return value === undefined ? new Mistake('this is no JSON') : value
}

function chosenTags(field: Field, choices: NonNullable<Field['choices']>, given: FormData): unknown {
  const chosen = given.getAll(field.name).flatMap((index) => choices[Number(index)]?.value ?? [])
  if (field.required && chosen.length === 0) return new Mistake('choose at least one')
  return chosen.length === 0 ? undefined : chosen
}

/** So much later, or at a time of the browser's clock. */
function timeOf(field: Field, given: FormData): unknown {
  if (field.hidden) return field.default === null ? undefined : { in: field.default }
  const text = (name: string) => String(given.get(name) ?? '').trim()
  const [later, at] = [text(field.name), text(AT)]
  if (later !== '' && at !== '') return new Mistake('give a duration or a time, not both')
  if (at !== '') return { at: new Date(at).toISOString() }
  if (later === '') return field.required ? new Mistake('say when') : undefined
  return { in: field.choices === null ? later : field.choices[Number(later)]?.value }
}
