/** Which items a query is about: by names first, which cost no look at any file. */
import type { State } from '../domain/item.ts'
import { STATES } from '../domain/item.ts'
import type { Millis, QueueName } from '../domain/name.ts'
import { asksFor, holds, type Query } from '../domain/query.ts'
import { glob } from '../domain/query-values.ts'
import { type BytePath, stateDir, within } from '../fsqueue/place.ts'
import { itemsOf, type Located } from '../fsqueue/scan.ts'
import { type Problem, problem } from './answer.ts'
import { type Candidate, factsOf, factsOfPlain, factsOfState } from './facts.ts'
import { NameFacts } from './name-facts.ts'
import { PlainNames } from './plain-names.ts'
import { allQueues, openQueue, type Queue } from './spool.ts'
import { type WorkerStatus, workerStatus } from './worker-status.ts'

const NAMES_A_STEP = 256

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

/** What a query says of names, asked of very many. */
export class NameTests {
  readonly #query: Query
  readonly #now: Millis
  readonly #plain = new PlainNames()
  readonly #workers = new Map<QueueName, WorkerStatus | undefined>()

  constructor(query: Query, now: Millis) {
    this.#query = query
    this.#now = now
  }

  /** Workers have said something new since. */
  renew(): void {
    this.#workers.clear()
  }

  /** Its worker's word is read once for each queue. */
  candidate({ queue }: Place, at: Located): Candidate {
    let worker = this.#workers.get(queue.name)
    if (worker === undefined && !this.#workers.has(queue.name)) {
      worker = workerStatus(queue.dir)
      this.#workers.set(queue.name, worker)
    }
    return { queue, at, worker }
  }

  /** May this item of the place match? Where the place decides it, no name is looked at. */
  of({ queue, state }: Place): (candidate: Candidate) => boolean {
    const query = this.#query
    const now = this.#now
    if (holds(query, factsOfState(queue.name, state, now)) === true) return () => true
    const facts = new NameFacts(now)
    const ofPlain = holds(query, factsOfPlain(queue.name, state, now))
    const test = (candidate: Candidate) => holds(query, facts.of(candidate)) !== false
    if (ofPlain === undefined) return test
    return (candidate) => (this.#plain.isPlain(candidate.at.raw) ? ofPlain : test(candidate))
  }
}

/** Where its items lie; `bucket` is of what ended. */
export function directoryOf({ queue, state }: Place, bucket: string | undefined): BytePath {
  const dir = stateDir(queue.dir, state)
  return bucket === undefined ? dir : within(dir, bucket)
}

/** What may match, by its name alone; undefined where nothing does, now and then. */
export function* candidatesIn(place: Place, tests: NameTests): Generator<Candidate | undefined, void, void> {
  const mayMatch = tests.of(place)
  let since = 0
  for (const at of itemsOf(place.queue.dir, place.state)) {
    const candidate = tests.candidate(place, at)
    since += 1
    if (mayMatch(candidate)) yield candidate
    else if (since % NAMES_A_STEP === 0) yield undefined
  }
}

/** The whole question. undefined: it could not be found out. */
export function matches(candidate: Candidate, query: Query, now: Millis): boolean | undefined {
  return holds(query, factsOf(candidate, now, 'content'))
}
