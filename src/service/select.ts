/** Which items a query is about: by names first, which cost no look at any file. */
import type { State } from '../domain/item.ts'
import { STATES } from '../domain/item.ts'
import type { Millis } from '../domain/name.ts'
import { asksFor, holds, type Query } from '../domain/query.ts'
import { glob } from '../domain/query-values.ts'
import { itemsOf } from '../fsqueue/scan.ts'
import { type Problem, problem } from './answer.ts'
import { type Candidate, factsOf, factsOfState } from './facts.ts'
import { allQueues, openQueue, type Queue } from './spool.ts'
import { workerStatus } from './worker-status.ts'

/** A state of a queue in which there may be items that match. */
export interface Place {
  readonly queue: Queue
  readonly state: State
}

/** The queues of these names, or of patterns such as `mail-*`; all, if there are none. */
export async function queuesNamed(root: string, names: readonly string[]): Promise<Queue[] | Problem> {
  if (names.length === 0) return allQueues(root)
  const chosen = new Map<string, Queue>()
  for (const name of names) {
    const queue = await openQueue(root, name)
    if (!('kind' in queue)) chosen.set(queue.name, queue)
    else if (!/[*?]/.test(name)) return queue
    else {
      const matches = glob(name)
      const all = (await allQueues(root)).filter((one) => matches(one.name))
      if (all.length === 0) return problem('not-found', `no queue is named like "${name}": \`rq queues\` lists them`)
      for (const one of all) chosen.set(one.name, one)
    }
  }
  return [...chosen.values()]
}

/** Where to look: `states` unless the query speaks of them, and nowhere that cannot match. */
export function placesFor(
  queues: readonly Queue[],
  query: Query,
  states: readonly State[],
  now: Millis,
): readonly Place[] {
  const wanted = asksFor(query, 'state') ? [...states, ...STATES.filter((state) => !states.includes(state))] : states
  return queues.flatMap((queue) =>
    wanted
      .filter((state) => holds(query, factsOfState(queue.name, state, now)) !== false)
      .map((state) => ({ queue, state })),
  )
}

/** What may match, by its name alone. `told` is asked before each name is looked at; false ends it. */
export function* candidatesIn(
  { queue, state }: Place,
  query: Query,
  now: Millis,
  told: () => boolean = () => true,
): Generator<Candidate, void, void> {
  const worker = workerStatus(queue.dir)
  for (const at of itemsOf(queue.dir, state)) {
    if (!told()) return
    const candidate = { queue, at, worker }
    if (holds(query, factsOf(candidate, now, 'name')) !== false) yield candidate
  }
}

/** The whole question. undefined: it could not be found out. */
export function matches(candidate: Candidate, query: Query, now: Millis): boolean | undefined {
  return holds(query, factsOf(candidate, now, 'content'))
}
