/** Changes of many items: first how many, then the change itself, told while it goes on. */
import type { Done } from '../service/relocate.ts'
import { type Answered, change, changeSlowly, itemPath, type Progress } from './api.ts'

export type BulkVerb = 'retry' | 'rm' | 'hold' | 'release' | 'move' | 'edit' | 'kill' | 'clone'

export interface Change {
  readonly verb: BulkVerb
  /** Of the verb, besides which items. */
  readonly options: Readonly<Record<string, unknown>>
}

export interface Which {
  readonly queues: readonly string[]
  readonly where: string
}

export interface Outcome {
  readonly matched: number
  /** `waits again` → 12. */
  readonly did: ReadonlyMap<string, number>
  readonly items: readonly Done[]
  /** What was refused, and what else is to be said. */
  readonly said: readonly string[]
}

export async function countOf(verb: BulkVerb, which: Which, signal: AbortSignal): Promise<Outcome> {
  const body = { ...which, dry_run: true }
  return outcomeOf(await changeSlowly<readonly Done[]>(`/bulk/${verb}`, body, () => undefined, signal))
}

export async function changeAll(
  { verb, options }: Change,
  which: Which,
  tell: (progress: Progress) => void,
  signal?: AbortSignal,
): Promise<Outcome> {
  const body = { ...options, ...which }
  return outcomeOf(await changeSlowly<readonly Done[]>(`/bulk/${verb}`, body, tell, signal))
}

export async function changeOne({ verb, options }: Change, queue: string, id: string): Promise<Outcome> {
  const path = itemPath(queue, id)
  switch (verb) {
    case 'rm':
      return outcomeOf(await change<Done>('DELETE', path))
    case 'edit':
      return outcomeOf(await change<Done>('PATCH', path, options))
    case 'retry':
    case 'hold':
    case 'release':
    case 'move':
    case 'kill':
    case 'clone':
      return outcomeOf(await change<Done>('POST', `${path}/${verb}`, options))
  }
}

/** What was removed, as `undo` takes it. */
export async function bringBack(items: readonly Done[]): Promise<Outcome> {
  return bringBackAs(items.map(({ queue, id }) => `${queue}/${id}`))
}

/** Items, or whole removals, as the trash names them; none: the last removal. */
export async function bringBackAs(ids: readonly string[]): Promise<Outcome> {
  return outcomeOf(await change<readonly Done[]>('POST', '/undo', ids.length === 0 ? {} : { id: ids }))
}

function outcomeOf({ value, counts, problems, notes }: Answered<readonly Done[] | Done>): Outcome {
  const items = [value].flat()
  const did = new Map<string, number>()
  const told = counts?.did ?? items.map((one) => ({ did: one.did, count: 1 }))
  for (const one of told) did.set(one.did, (did.get(one.did) ?? 0) + one.count)
  const said = [...problems.map(({ text }) => text), ...notes]
  return { matched: counts?.matched ?? items.length + problems.length, did, items, said }
}
