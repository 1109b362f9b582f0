/** How old are the items of a state? From names where they have times, and never more than a bounded look. */
import type { State } from '../domain/item.ts'
import { type ItemName, idTime, type Millis, parseItemName } from '../domain/name.ts'
import { itemsOf } from '../fsqueue/scan.ts'
import { enteredAt } from './describe.ts'
import type { Queue } from './spool.ts'

/** An lstat each: for names that tell no time. */
const MOST_LOOKS = 10_000

export interface Aged {
  readonly name: ItemName
  readonly age: Millis
}

export interface Ages {
  readonly items: readonly Aged[]
  /** There are more: what was found stands for them. */
  readonly more: boolean
}

/** What waits by its arrival; what came into any other state, by when it came there. */
export function agesOf(queue: Queue, state: State, now: Millis, limit: number): Ages {
  const items: Aged[] = []
  let looks = 0
  for (const at of itemsOf(queue.dir, state)) {
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

/** Of what may run by its time: since its arrival, or since it was due. */
export function waitingAge({ name, age }: Aged, now: Millis): Millis | undefined {
  if (name.due === undefined) return age
  const over = now - name.due * 1000
  return over < 0 ? undefined : Math.min(age, over)
}
