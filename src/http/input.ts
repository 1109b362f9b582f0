/** From what a request says to what a verb takes: read by the same words as a command line. */

import { ExactNumber, formatJson, isRecord } from '../domain/json.ts'
import type { Millis } from '../domain/name.ts'
import { parseValue } from '../service/values.ts'
import type { Spec, Verb } from '../service/verb.ts'

export type InputResult =
  | { readonly ok: true; readonly input: Record<string, unknown> }
  | { readonly ok: false; readonly problem: string }

/** Nothing on the server's disk is named by a request. */
const LOCAL_ONLY: ReadonlySet<string> = new Set(['path'])

/** `given`: of the query string all values are texts; of a JSON body they may be numbers, booleans, lists, objects. */
export function inputFor(verb: Verb, given: Readonly<Record<string, unknown>>, now: Millis): InputResult {
  const specs: Record<string, Spec> = { ...verb.options, ...verb.arguments }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(specs, name) || isLocal(specs[name]))
  if (unknown !== undefined) {
    const known = Object.keys(specs).filter((name) => !isLocal(specs[name]))
    return { ok: false, problem: `"${unknown}" is not known here: there are ${known.join(', ')}` }
  }
  const input: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const read = readOne(spec, given[name], now)
    if (!read.ok) return { ok: false, problem: `${name}: ${read.problem}` }
    if (read.value === undefined && name in verb.arguments && spec.optional !== true && !isLocal(spec))
      return { ok: false, problem: `${name} is missing: ${spec.summary}` }
    input[name] = read.value
  }
  return { ok: true, input }
}

export function isLocal(spec: Spec | undefined): boolean {
  return spec !== undefined && LOCAL_ONLY.has(spec.type)
}

type Read = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string }

function readOne(spec: Spec, given: unknown, now: Millis): Read {
  if (spec.type === 'flag') return readFlag(given)
  const texts = textsOf(spec, given)
  if (texts === undefined) return { ok: false, problem: 'expected a text, a number, or a list of them' }
  const values: unknown[] = []
  for (const text of texts) {
    const parsed = parseValue(spec.type, text, now)
    if (!parsed.ok) return parsed
    values.push(parsed.value)
  }
  if (spec.many === true) return { ok: true, value: values }
  return values.length > 1 ? { ok: false, problem: 'expected one value' } : { ok: true, value: values[0] }
}

function readFlag(given: unknown): Read {
  if (given === undefined || given === false || given === 'false' || given === '0') return { ok: true, value: false }
  if (given === true || given === 'true' || given === '1' || given === '') return { ok: true, value: true }
  return { ok: false, problem: 'expected true or false' }
}

/** An object stands for pairs: `{"user": "7"}` is `user=7`. */
function textsOf(spec: Spec, given: unknown): string[] | undefined {
  if (given === undefined || given === null) return []
  if (spec.type === 'pair' && isRecord(given))
    return Object.entries(given).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : formatJson(value)}`,
    )
  const list: unknown[] = Array.isArray(given) ? given : [given]
  const isText = (one: unknown) => typeof one === 'string' || typeof one === 'number' || one instanceof ExactNumber
  const texts = list.filter(isText).map(String)
  return texts.length === list.length ? texts : undefined
}
