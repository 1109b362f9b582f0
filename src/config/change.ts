/** Keys of a config.json that are set and taken out: `retry.limit`, and what differs afterwards. Pure. */
import { formatJson, isRecord, parseJson } from '../domain/json.ts'
import type { ConfigProblem } from './file.ts'
import type { Settings } from './merge.ts'

type KeyPath = readonly string[]

export interface Changes {
  /** The value: JSON, or a bare text where it is none. */
  readonly set: readonly (readonly [key: string, value: string])[]
  readonly unset: readonly string[]
}

export type Changed =
  | { readonly kind: 'ok'; readonly settings: Settings }
  | { readonly kind: 'bad'; readonly problem: Omit<ConfigProblem, 'file'> }

/** First what is taken out, then what is set, each in the order given. */
export function applyChanges(settings: Settings, { set, unset }: Changes): Changed {
  let changed = settings
  for (const key of unset) {
    const path = parseKey(key)
    if (path === undefined) return badKey(key)
    changed = without(changed, path)
  }
  for (const [key, text] of set) {
    const path = parseKey(key)
    if (path === undefined) return badKey(key)
    const next = withValue(changed, path, readValue(text))
    if (next === undefined) return inTheWay(changed, path)
    changed = next
  }
  return { kind: 'ok', settings: changed }
}

/** Names between dots; a dot of a name's own is written `\.`, a backslash `\\`. */
export function parseKey(key: string): KeyPath | undefined {
  const names = [...`${key}.`.matchAll(/((?:[^.\\]|\\[.\\])*)\./g)]
  if (names.map(([whole]) => whole).join('') !== `${key}.`) return undefined
  const path = names.map(([, name = '']) => name.replace(/\\([.\\])/g, '$1'))
  return path.includes('') ? undefined : path
}

export function formatKey(path: KeyPath): string {
  return path.map((name) => name.replace(/[.\\]/g, '\\$&')).join('.')
}

/** `3`, `true`, `["a"]`, `{"limit": 3}` or `"3"`; anything else is the text that it is. */
function readValue(text: string): unknown {
  return parseJson(text) ?? text
}

/** The keys whose values differ, in the order of `after`, then those that are gone. An empty object says nothing. */
export function changedKeys(before: unknown, after: unknown): string[] {
  const [old, fresh] = [leaves(before), leaves(after)]
  const changed = [...fresh].filter(([key, value]) => old.get(key) !== value).map(([key]) => key)
  return [...changed, ...[...old.keys()].filter((key) => !fresh.has(key))]
}

function leaves(value: unknown, path: KeyPath = [], found = new Map<string, string>()): Map<string, string> {
  if (isRecord(value)) {
    for (const [name, inner] of Object.entries(value)) leaves(inner, [...path, name], found)
  } else found.set(formatKey(path), formatJson(value))
  return found
}

/** undefined: something on the way is no object. */
function withValue(settings: Settings, [name = '', ...rest]: KeyPath, value: unknown): Settings | undefined {
  if (rest.length === 0) return put(settings, name, value)
  const inner = own(settings, name) ?? {}
  const next = isRecord(inner) ? withValue(inner, rest, value) : undefined
  return next === undefined ? undefined : put(settings, name, next)
}

/** What is not there need not be taken out; an object that is empty for it goes, too. */
function without(settings: Settings, [name = '', ...rest]: KeyPath): Settings {
  if (!Object.hasOwn(settings, name)) return settings
  if (rest.length === 0) return Object.fromEntries(Object.entries(settings).filter(([key]) => key !== name))
  const inner = settings[name]
  if (!isRecord(inner)) return settings
  const left = without(inner, rest)
  const isEmptied = Object.keys(left).length === 0 && Object.keys(inner).length > 0
  return isEmptied ? without(settings, [name]) : put(settings, name, left)
}

function own(settings: Settings, name: string): unknown {
  return Object.hasOwn(settings, name) ? settings[name] : undefined
}

/** A key such as `__proto__` is a key like any other; one that is there keeps its place. */
function put(settings: Settings, name: string, value: unknown): Settings {
  const entries = Object.entries(settings)
  const isThere = Object.hasOwn(settings, name)
  return Object.fromEntries(
    isThere ? entries.map(([key, old]) => [key, key === name ? value : old]) : [...entries, [name, value]],
  )
}

function badKey(key: string): Changed {
  const fix = 'write names with dots between them: retry.limit; a dot of a name\'s own as "\\."'
  return { kind: 'bad', problem: { key, problem: 'is no key', fix } }
}

function inTheWay(settings: Settings, path: KeyPath): Changed {
  let at: unknown = settings
  for (const [depth, name] of path.entries()) {
    at = isRecord(at) ? own(at, name) : undefined
    if (at === undefined || isRecord(at)) continue
    const key = formatKey(path.slice(0, depth + 1))
    return {
      kind: 'bad',
      problem: { key, problem: 'holds no object', fix: `set ${key} as a whole, or unset it first` },
    }
  }
  return badKey(formatKey(path))
}
