/** Holds what a config.json says against its schema; every problem names the key and the fix. */
import * as v from 'valibot'
import { ExactNumber } from '../domain/json.ts'
import { type ConfigProblem, readConfigFile } from './file.ts'
import { nearest } from './near.ts'

export type ConfigResult<T> =
  | { readonly kind: 'ok'; readonly config: T }
  | { readonly kind: 'bad'; readonly problems: readonly ConfigProblem[] }

type ObjectSchema = v.GenericSchema & { readonly entries: Readonly<Record<string, v.GenericSchema>> }

/** As it stands in the file, once it is known to be right. A file that is not there says nothing: `{}`. */
export function checkFile<S extends ObjectSchema>(file: string, schema: S): ConfigResult<v.InferInput<S>> {
  const reading = readConfigFile(file)
  if (reading.kind === 'bad') return { kind: 'bad', problems: [reading.problem] }
  return checkValue(file, reading.kind === 'absent' ? {} : reading.value, schema)
}

/** `file` is what the problems name. */
export function checkValue<S extends ObjectSchema>(
  file: string,
  given: unknown,
  schema: S,
): ConfigResult<v.InferInput<S>> {
  const value = withDoubles(given, schema)
  const shape = shapeProblems(schema, value, '').map((found) => ({ file, ...found }))
  const result = v.safeParse(schema, value)
  if (result.success && shape.length === 0) return { kind: 'ok', config: value as v.InferInput<S> }
  const issues = (result.issues ?? []).filter((issue) => !isUnknownKey(issue)).map((issue) => describe(file, issue))
  return { kind: 'bad', problems: [...shape, ...issues] }
}

/** Nothing of ours is nested deeper. */
const LEVELS = 20

/** Numbers that the schema knows are reckoned with, and are doubles; what may be anything stays as exact as it is. */
function withDoubles(value: unknown, schema: v.GenericSchema | undefined, levels = LEVELS): unknown {
  const bare = schema === undefined ? undefined : unwrap(schema)
  if (levels === 0 || bare?.type === 'unknown' || typeof value !== 'object' || value === null) return value
  if (value instanceof ExactNumber) return value.toNumber()
  if (Array.isArray(value)) return value.map((inner) => withDoubles(inner, undefined, levels - 1))
  const entries = bare === undefined ? {} : entriesOf(bare)
  const each = bare?.type === 'record' && 'value' in bare ? (bare.value as v.GenericSchema) : undefined
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const known = Object.hasOwn(entries, name) ? entries[name] : each
      return [name, withDoubles(inner, known, levels - 1)]
    }),
  )
}

function isUnknownKey(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never'
}

/**
 * What valibot leaves open: it stops at the first unknown key of an object, where a person wants them all,
 * each with the right one; and a list is an object to it.
 */
function shapeProblems(
  schema: v.GenericSchema,
  value: unknown,
  key: string,
  top = schema,
): Omit<ConfigProblem, 'file'>[] {
  const bare = unwrap(schema)
  if (Array.isArray(value) && (bare.type === 'strict_object' || bare.type === 'record')) {
    return [{ key, problem: 'must be an object', fix: 'found a list' }]
  }
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value) && bare.type === 'array' && 'item' in bare) {
    const each = bare.item as v.GenericSchema
    return value.flatMap((inner, index) => shapeProblems(each, inner, pathOf(key, String(index)), top))
  }
  if (bare.type === 'record' && 'value' in bare) {
    const each = bare.value as v.GenericSchema
    return Object.entries(value).flatMap(([name, inner]) => shapeProblems(each, inner, pathOf(key, name), top))
  }
  if (!('entries' in bare)) return []
  const entries = entriesOf(bare)
  return Object.entries(value).flatMap(([name, inner]) => {
    const path = pathOf(key, name)
    const known = Object.hasOwn(entries, name) ? entries[name] : undefined
    return known === undefined
      ? [unknownKey(path, name, Object.keys(entries), top)]
      : shapeProblems(known, inner, path, top)
  })
}

function entriesOf(schema: v.GenericSchema): Readonly<Record<string, v.GenericSchema>> {
  const bare = unwrap(schema)
  return 'entries' in bare ? (bare.entries as Record<string, v.GenericSchema>) : {}
}

function pathOf(key: string, name: string): string {
  return key === '' ? name : `${key}.${name}`
}

function unknownKey(
  key: string,
  name: string,
  known: readonly string[],
  top: v.GenericSchema,
): Omit<ConfigProblem, 'file'> {
  const near = nearest(name, known)
  const meant = elsewhere(name, top) ?? (near === undefined ? undefined : `"${near}"`)
  const fix = meant === undefined ? `known keys: ${known.join(', ')}` : `did you mean ${meant}?`
  return { key, problem: 'is no known key', fix }
}

/** Where a key of just this name is known. */
function elsewhere(name: string, top: v.GenericSchema): string | undefined {
  const entries = entriesOf(top)
  if (Object.hasOwn(entries, name)) return `"${name}", outside of any other`
  const outer = Object.entries(entries).find(([, inner]) => Object.hasOwn(entriesOf(inner), name))?.[0]
  return outer === undefined ? undefined : `"${outer}.${name}"`
}

/** The schema inside `optional`; a pipe carries the properties of its first schema. */
function unwrap(schema: v.GenericSchema): v.GenericSchema {
  return 'wrapped' in schema ? unwrap(schema.wrapped as v.GenericSchema) : schema
}

function describe(file: string, issue: v.BaseIssue<unknown>): ConfigProblem {
  const key = v.getDotPath(issue) ?? ''
  const found = issue.received === 'undefined' ? 'nothing' : issue.received
  return { file, key, problem: issue.message, fix: `found ${found.length > 60 ? `${found.slice(0, 60)}…` : found}` }
}
