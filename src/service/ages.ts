/** How old are the items of a state? From names where they have times, and never more than a bounded look. */
import type { State } from '../domain/item.ts'
import { type ItemName, idTime, type Millis, parseItemName } from '../domain/name.ts'
import { finish, type Steps } from '../domain/steps.ts'
import { itemsOf } from '../fsqueue/scan.ts'
import { enteredAt } from './describe.ts'
import type { Queue } from './spool.ts'

/** An lstat each: for names that tell no time. */
const MOST_LOOKS = 10_000
const ITEMS_A_STEP = 256

export interface Aged {
  readonly name: ItemName
  readonly age: Millis
}

export interface Ages {
  readonly items: readonly Aged[]
  /** There are more: what was found stands for them. */
  readonly more: boolean
}

export function agesOf(queue: Queue, state: State, now: Millis, limit: number): Ages {
  return finish(ages(queue, state, now, limit))
}

/** What waits by its arrival; what came into any other state, by when it came there. */
export function* ages(queue: Queue, state: State, now: Millis, limit: number): Steps<Ages> {
  const items: Aged[] = []
  let looks = 0
  for (const at of itemsOf(queue.dir, state)) {
    if (items.length % ITEMS_A_STEP === 0) yield
    if (items.length >= limit || looks >= MOST_LOOKS) return { items, more: true }
    const name = parseItemName(at.raw)
    const arrived = state === 'que' && name.id !== undefined ? idTime(name.id) : undefined
    if (arrived === undefined) looks += 1
    const time = arrived ?? enteredAt(queue.dir, at)
    // undefined: it has left meanwhile.
    if (time !== undefined) items.push({ name, age: Math.max(0, now - time) })
  }
  return { items, more: false }
}

/** Since when the oldest has waited that may run by its time; what is due next joins them at `next`. */
export interface Oldest {
  readonly since: Millis | undefined
  readonly next: Millis
}

export function oldestOf(queue: Queue, now: Millis, limit: number): Oldest {
  let since: Millis | undefined
  let next = Number.POSITIVE_INFINITY
  for (const { name, age } of agesOf(queue, 'que', now, limit).items) {
    const due = name.due === undefined ? 0 : name.due * 1000
    if (due > now) next = Math.min(next, due)
    else since = Math.min(since ?? Number.POSITIVE_INFINITY, Math.max(now - age, due))
  }
  return { since, next }
}

/** Of what may run by its time: since its arrival, or since it was due. */
export function waitingAge({ name, age }: Aged, now: Millis): Millis | undefined {
  if (name.due === undefined) return age
  const over = now - name.due * 1000
  return over < 0 ? undefined : Math.min(age, over)
}
