/** Keys of a config.json that are off as long as nobody sets them: they have no default that could be shown. */
import type { EffectiveValue } from './merge.ts'
import { queueKeys } from './schema.ts'

/** `hold_when.load` has no key below it that is of its own; what lies deeper is the value of `retry.causes`. */
const DEEPEST = 2

/** Those that the values do not tell of, sorted. */
export function offKeys(values: readonly EffectiveValue[]): readonly string[] {
  const isTold = (key: string) => values.some((value) => value.key === key || value.key.startsWith(`${key}.`))
  return keysIn(queueKeys, [])
    .filter((key) => !isTold(key))
    .toSorted()
}

function keysIn(entries: object, path: readonly string[]): string[] {
  return Object.entries(entries).flatMap(([name, schema]) => {
    const below = path.length + 1 < DEEPEST ? entriesOf(schema) : undefined
    return below === undefined ? [[...path, name].join('.')] : keysIn(below, [...path, name])
  })
}

/** Of an object; those of an optional one lie within. */
function entriesOf(schema: unknown): object | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined
  if ('entries' in schema && typeof schema.entries === 'object' && schema.entries !== null) return schema.entries
  return 'wrapped' in schema ? entriesOf(schema.wrapped) : undefined
}
