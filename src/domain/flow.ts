/**
 * Flow: what holds an item back because of others that run or ran lately: classes of slots, weights, concurrency and
 * rates of keys. A key is a tag `NAME:VALUE`. All of it is decided by names; the time is a parameter.
 */
import type { Coalesce } from './coalesce.ts'
import type { ItemId, Millis, RawName } from './name.ts'
import type { WaitReason } from './pick.ts'
import { Window } from './rate-window.ts'
import { keyOf } from './tags.ts'

export interface SlotClass {
  /** Any of these; `*` is every item. Empty: all but those of `not`. */
  readonly tags: readonly string[]
  readonly not: readonly string[]
  readonly n: number
}

export interface Rate {
  readonly count: number
  readonly per: Millis
}

export interface FlowPolicy {
  /** Whether `slots` was given as a list, or weights are used. */
  readonly classes: readonly SlotClass[]
  /** Tag -> slots that such an item takes. */
  readonly weights: Readonly<Record<string, number>>
  /** Name of a key -> how many of an equal key may run at one time. */
  readonly concurrency: Readonly<Record<string, number>>
  readonly rate: Rate | undefined
  readonly rates: Readonly<Record<string, Rate>>
  /** Names of keys; the first of them that an item has is its line. */
  readonly order: readonly string[]
  readonly coalesce: Coalesce | undefined
}

export interface Shut {
  readonly reason: WaitReason
  /** Entries that wait for the same thing are parked together. */
  readonly key: string
  /** When it opens by itself; infinite when only an end can open it. */
  readonly until: Millis
}

interface Taken {
  readonly slotClass: number
  readonly weight: number
  readonly keys: readonly string[]
}

/** `user:7` of the first name in `order` that the tags have. */
export function lineOf(policy: FlowPolicy, tags: readonly string[]): string | undefined {
  for (const name of policy.order) {
    const key = keyOf(tags, name)
    if (key !== undefined) return key
  }
  return undefined
}

/** The indices of the classes that take an item, the most specific first, then in the order given. */
export function classesOf(
  classes: readonly SlotClass[],
  tags: readonly string[],
  ranked: readonly number[] = rankedClasses(classes),
): number[] {
  return ranked.filter((index) => fits(classes[index], tags))
}

/** The most specific first: the same for every item. */
function rankedClasses(classes: readonly SlotClass[]): number[] {
  return classes.map((_, index) => index).sort((a, b) => breadth(classes[a]) - breadth(classes[b]) || a - b)
}

function fits(slotClass: SlotClass | undefined, tags: readonly string[]): boolean {
  const { tags: wanted, not } = slotClass ?? NO_CLASS
  if (not.some((tag) => tags.includes(tag))) return false
  return wanted.length === 0 || wanted.includes('*') || wanted.some((tag) => tags.includes(tag))
}

function breadth(slotClass: SlotClass | undefined): number {
  if (slotClass === undefined) return 3
  const takesAll = slotClass.tags.length === 0 || slotClass.tags.includes('*')
  return takesAll ? (slotClass.not.length > 0 ? 1 : 2) : 0
}

const NO_CLASS: SlotClass = { tags: ['*'], not: [], n: 0 }

export function weightOf(policy: FlowPolicy, tags: readonly string[]): number {
  return Math.max(1, ...tags.map((tag) => (Object.hasOwn(policy.weights, tag) ? (policy.weights[tag] ?? 1) : 1)))
}

/** What runs, and what started lately. */
export class FlowState {
  readonly policy: FlowPolicy
  readonly #taken = new Map<ItemId, Taken>()
  readonly #used: number[]
  readonly #ranked: readonly number[]
  readonly #names: readonly string[]
  /** Classes in which a heavy item waits for room: nothing lighter takes it away until the next end there. */
  readonly #reserved = new Map<number, RawName>()
  readonly #counts = new Map<string, number>()
  readonly #windows = new Map<string, Window>()

  constructor(policy: FlowPolicy) {
    this.policy = policy
    this.#used = policy.classes.map(() => 0)
    this.#ranked = rankedClasses(policy.classes)
    this.#names = policy.classes.map(nameOf)
  }

  /** Why an item with these tags may not start now, or undefined. `raw` tells it from others of the same tags. */
  gate(raw: RawName, tags: readonly string[], now: Millis): Shut | undefined {
    return this.#keyGate(tags) ?? this.#rateGate(tags, now) ?? this.#classGate(raw, tags)
  }

  #keyGate(tags: readonly string[]): Shut | undefined {
    for (const key of tags) {
      const limit = limitOf(this.policy.concurrency, key)
      if (limit === undefined || (this.#counts.get(key) ?? 0) < limit) continue
      return { reason: { kind: 'key-busy', key, limit }, key: `key:${key}`, until: Number.POSITIVE_INFINITY }
    }
    return undefined
  }

  #rateGate(tags: readonly string[], now: Millis): Shut | undefined {
    for (const [key, rate] of this.#ratesOf(tags)) {
      const until = this.#windows.get(key)?.opensAt(now) ?? 0
      if (until > now) return { reason: { kind: 'rate', key, ...rate, until }, key: `rate:${key}`, until }
    }
    return undefined
  }

  #ratesOf(tags: readonly string[]): [string, Rate][] {
    const { rate, rates } = this.policy
    const found: [string, Rate][] = rate === undefined ? [] : [['', rate]]
    for (const key of tags) {
      const own = limitOf(rates, key)
      if (own !== undefined) found.push([key, own])
    }
    return found
  }

  #classGate(raw: RawName, tags: readonly string[]): Shut | undefined {
    const { classes } = this.policy
    const until = Number.POSITIVE_INFINITY
    const fitting = classesOf(classes, tags, this.#ranked)
    if (fitting.length === 0) return { reason: { kind: 'no-class' }, key: 'no-class', until }
    const weight = weightOf(this.policy, tags)
    if (fitting.some((index) => this.#hasRoom(index, weight, raw))) return undefined
    const free = Math.max(...fitting.map((index) => (classes[index]?.n ?? 0) - (this.#used[index] ?? 0)))
    const key = `class:${fitting.join('.')}:${weight}`
    if (weight === 1 || free <= 0)
      return { reason: { kind: 'class-busy', classes: fitting.map((i) => this.#names[i] ?? '') }, key, until }
    const first = fitting.find((index) => !this.#reserved.has(index))
    if (first !== undefined) this.#reserved.set(first, raw)
    return { reason: { kind: 'weight', weight, free }, key, until }
  }

  #hasRoom(index: number, weight: number, raw?: RawName): boolean {
    const holder = this.#reserved.get(index)
    if (holder !== undefined && holder !== raw) return false
    const { n = 0 } = this.policy.classes[index] ?? {}
    return (this.#used[index] ?? 0) + Math.min(weight, n) <= n
  }

  /** Heavy ones for which room is kept. */
  reserving(): RawName[] {
    return [...new Set(this.#reserved.values())]
  }

  /** It does not wait any more: it starts, in whatever class has room, or is gone. The keys that opened by it. */
  forget(raw: RawName): string[] {
    const kept = [...this.#reserved].filter(([, holder]) => holder === raw)
    for (const [index] of kept) this.#reserved.delete(index)
    return kept.length === 0 ? [] : ['class']
  }

  /** It runs. `fresh`: it started now, and counts for its rates. */
  begin(id: ItemId, tags: readonly string[], now: Millis, fresh: boolean): void {
    if (this.#taken.has(id)) return
    const weight = weightOf(this.policy, tags)
    const fitting = classesOf(this.policy.classes, tags, this.#ranked)
    // What was adopted runs, whatever the limits say by now.
    const slotClass = fitting.find((index) => this.#hasRoom(index, weight)) ?? fitting[0] ?? -1
    const keys = tags.filter((tag) => limitOf(this.policy.concurrency, tag) !== undefined)
    const taken = { slotClass, weight: Math.min(weight, this.policy.classes[slotClass]?.n ?? weight), keys }
    this.#taken.set(id, taken)
    if (slotClass >= 0) this.#used[slotClass] = (this.#used[slotClass] ?? 0) + taken.weight
    for (const key of keys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    if (!fresh) return
    for (const [key, rate] of this.#ratesOf(tags)) this.#window(key, rate).add(now)
  }

  #window(key: string, rate: Rate): Window {
    const known = this.#windows.get(key)
    if (known !== undefined) return known
    const made = new Window(rate.count, rate.per)
    this.#windows.set(key, made)
    return made
  }

  /** It runs no more. The keys that opened by it: `key:user:7`; and `class` for any of the classes. */
  end(id: ItemId): string[] {
    const taken = this.#taken.get(id)
    if (taken === undefined) return []
    this.#taken.delete(id)
    const { slotClass, weight, keys } = taken
    if (slotClass >= 0) this.#used[slotClass] = Math.max(0, (this.#used[slotClass] ?? 0) - weight)
    this.#reserved.delete(slotClass)
    for (const key of keys) {
      const count = (this.#counts.get(key) ?? 0) - 1
      if (count > 0) this.#counts.set(key, count)
      else this.#counts.delete(key)
    }
    return ['class', ...keys.map((key) => `key:${key}`)]
  }

  /** Starts that still count, by key ('' is the queue): what the next worker should know. */
  recent(now: Millis): Record<string, readonly Millis[]> {
    const entries: [string, readonly Millis[]][] = []
    for (const [key, window] of this.#windows) {
      const times = window.times(now)
      if (times.length === 0) this.#windows.delete(key)
      else entries.push([key, times])
    }
    return Object.fromEntries(entries)
  }

  /** What a worker before us remembered; anything that is no list of times is left out. */
  remember(recent: Readonly<Record<string, unknown>>, now: Millis): void {
    for (const [key, times] of Object.entries(recent)) {
      const rate = key === '' ? this.policy.rate : limitOf(this.policy.rates, key)
      if (rate === undefined || !Array.isArray(times)) continue
      const window = this.#window(key, rate)
      for (const time of times) if (typeof time === 'number' && time <= now) window.add(time)
    }
  }
}

/** What is said of the key's name: of `user:7` the value under `user`. */
function limitOf<T>(limits: Readonly<Record<string, T>>, key: string): T | undefined {
  const colon = key.indexOf(':')
  if (colon <= 0 || colon === key.length - 1) return undefined
  const name = key.slice(0, colon)
  return Object.hasOwn(limits, name) ? limits[name] : undefined
}

function nameOf({ tags, not }: SlotClass): string {
  return [...tags, ...not.map((tag) => `!${tag}`)].join(' ')
}
