/** Whose word counts: the queue's file before the root's before the default, key by key, also inside objects. Pure. */

export type Settings = Readonly<Record<string, unknown>>

/** Who set a value. */
export const LAYERS = ['default', 'root', 'queue'] as const
export type Layer = (typeof LAYERS)[number]

export interface EffectiveValue {
  /** `retry.limit` */
  readonly key: string
  /** As it stands in the file that set it. */
  readonly value: unknown
  readonly from: Layer
}

/** Objects whose parts make sense only together: the one that is nearer replaces the other whole. */
const UNITS: readonly RegExp[] = [/^schedules\../]

/** Layers from the weakest to the strongest, as one. Lists are replaced, never joined. */
export function mergeSettings(...layers: readonly Settings[]): Settings {
  return layers.reduce((weaker, stronger) => mergeTwo(weaker, stronger, ''), {})
}

function mergeTwo(weaker: Settings, stronger: Settings, at: string): Settings {
  const merged: Record<string, unknown> = { ...weaker }
  for (const [name, value] of Object.entries(stronger)) {
    const before = Object.hasOwn(weaker, name) ? weaker[name] : undefined
    const key = pathOf(at, name)
    // A key such as `__proto__` is a key like any other.
    const next = isObject(before) && isObject(value) && !isUnit(key) ? mergeTwo(before, value, key) : value
    Object.defineProperty(merged, name, { value: next, enumerable: true, configurable: true, writable: true })
  }
  return merged
}

/** Every value in force, and which layer it comes from, in the order of the layers' keys. */
export function effectiveValues(layers: Readonly<Record<Layer, Settings>>): EffectiveValue[] {
  const merged = mergeSettings(layers.default, layers.root, layers.queue)
  return leaves(merged, '').map(({ path, key, value }) => {
    const from = LAYERS.findLast((layer) => has(layers[layer], path)) ?? 'default'
    return { key, value, from }
  })
}

interface Leaf {
  readonly path: readonly string[]
  readonly key: string
  readonly value: unknown
}

function leaves(settings: Settings, at: string, path: readonly string[] = []): Leaf[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const key = pathOf(at, name)
    const here = [...path, name]
    if (isObject(value) && Object.keys(value).length > 0 && !isUnit(key)) return leaves(value, key, here)
    return [{ path: here, key, value }]
  })
}

function has(settings: Settings, path: readonly string[]): boolean {
  let at: unknown = settings
  for (const name of path) {
    if (!isObject(at) || !Object.hasOwn(at, name)) return false
    at = at[name]
  }
  return true
}

function pathOf(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`
}

function isUnit(key: string): boolean {
  return UNITS.some((unit) => unit.test(key))
}

function isObject(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
