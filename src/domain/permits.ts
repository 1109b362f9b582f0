/**
 * Pools: slots that several queues share. A queue belongs to the first pool whose patterns take it; its worker needs a
 * permit of the pool for each run, and the supervisor hands them out in the order of the patterns.
 */

export interface Pool {
  readonly name: string
  /** Names of queues, `*` for any characters; `!` in front: not these. Only `!` patterns: all but those. */
  readonly queues: readonly string[]
  readonly slots: number
}

export interface Member {
  readonly queue: string
  /** What counts for it: runs, what is on its way to it, and what a dead worker of it left running. */
  readonly held: number
  /** What it could use in all, `held` included. */
  readonly wants: number
}

export interface Grant<M extends Member> {
  readonly to: M
  readonly more: number
}

export function poolOf(pools: readonly Pool[], queue: string): Pool | undefined {
  return pools.find((pool) => rankIn(pool, queue) !== undefined)
}

/** Pools that no queue of these belongs to. */
export function poolsWithout(pools: readonly Pool[], queues: readonly string[]): Pool[] {
  const used = new Set(queues.map((queue) => poolOf(pools, queue)))
  return pools.filter((pool) => !used.has(pool))
}

/** The place of the pattern that takes the queue, or undefined. */
export function rankIn(pool: Pool, queue: string): number | undefined {
  const excluding = pool.queues.filter((pattern) => pattern.startsWith('!'))
  if (excluding.some((pattern) => matches(pattern.slice(1), queue))) return undefined
  if (excluding.length === pool.queues.length) return 0
  const rank = pool.queues.findIndex((pattern) => !pattern.startsWith('!') && matches(pattern, queue))
  return rank < 0 ? undefined : rank
}

function matches(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return name === pattern
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}

/**
 * What is free goes to the first that wants it, by pattern and then by name. Nothing is taken back: of a pool that
 * became smaller nothing is granted until enough has come back by itself.
 */
export function allot<M extends Member>(pool: Pool, members: readonly M[]): Grant<M>[] {
  let free = pool.slots - members.reduce((sum, { held }) => sum + held, 0)
  const grants: Grant<M>[] = []
  if (free <= 0) return grants
  const hungry = members.filter(({ held, wants }) => wants > held)
  for (const to of inOrder(pool, hungry)) {
    const more = Math.min(to.wants - to.held, free)
    if (more <= 0) continue
    free -= more
    grants.push({ to, more })
  }
  return grants
}

function inOrder<M extends Member>(pool: Pool, members: readonly M[]): M[] {
  const rank = ({ queue }: M) => rankIn(pool, queue) ?? pool.queues.length
  return members.toSorted((a, b) => rank(a) - rank(b) || (a.queue < b.queue ? -1 : a.queue > b.queue ? 1 : 0))
}
