/** From what a person wrote to the one item that is meant. */
import { nearest } from '../config/near.ts'
import type { State } from '../domain/item.ts'
import { type ItemId, parseItemId, parseItemName } from '../domain/name.ts'
import type { Steps } from '../domain/steps.ts'
import { findingOnce, findNamed } from '../fsqueue/find.ts'
import { type BytePath, place, type QueueDir } from '../fsqueue/place.ts'
import { itemsOf, type Located } from '../fsqueue/scan.ts'
import { type Problem, problem } from './answer.ts'
import { callName, matcher } from './item-ref.ts'
import { allQueues, openQueue, type Queue } from './spool.ts'
import { inTurns } from './turns.ts'
import { bytesOf } from './values.ts'

export interface Found {
  readonly queue: Queue
  readonly at: Located
  /** undefined for a dropped file, which gets its id when it is claimed. */
  readonly id: ItemId | undefined
}

/** What is short first; que/ may hold a million. */
const STATES = ['run', 'pause', '_err', 'done', 'relayed', 'que', 'prep'] as const satisfies readonly State[]
/** What was met on both sides of a move is where it went: a draft is committed, and nothing goes back to prep/. */
const LISTING = ['prep', ...STATES.slice(0, -1)] as const satisfies readonly State[]
/** Parts of names are looked for among so many of each state; whole ids anywhere. */
const LISTED = 200_000
const FINISHED_LISTED = 20_000
const KEPT_FOR_SUGGESTION = 5_000
const CANDIDATES = 10
const NAMES_A_STEP = 256

export type Finder = (ref: string) => Promise<Found | Problem>

/** Looks for many references, and lists the queues once. Of several that may be meant, one in a `preferred` state is. */
export function finder(root: string, preferred: readonly State[] = []): Finder {
  let everywhere: Promise<Queue[]> | undefined
  return async (ref) => {
    const slash = ref.indexOf('/')
    if (slash < 0) {
      everywhere ??= allQueues(root)
      return findIn(await everywhere, ref, preferred)
    }
    const queue = await openQueue(root, ref.slice(0, slash))
    return 'kind' in queue ? queue : findIn([queue], ref.slice(slash + 1), preferred)
  }
}

export function pathOf(item: Found): BytePath {
  return place(item.queue.dir, item.at.state, item.at.raw, item.at.bucket)
}

/** Where an item is now that was somewhere else before. */
export async function findAgain(item: Found): Promise<Found | undefined> {
  return item.id === undefined ? undefined : inTurns(findWhole([item.queue], item.id))
}

/** The same, in whatever queue: a retry may run in another. */
export async function findAnywhere(root: string, item: Found): Promise<Found | undefined> {
  return item.id === undefined ? undefined : inTurns(findWhole(await allQueues(root), item.id))
}

async function findIn(queues: readonly Queue[], ref: string, preferred: readonly State[]): Promise<Found | Problem> {
  const id = parseItemId(bytesOf(ref))
  const mayBeDraft = id !== undefined && preferred.includes('prep')
  const draft = mayBeDraft ? await inTurns(findDraft(queues, id)) : undefined
  const whole = draft ?? (id === undefined ? undefined : await inTurns(findWhole(queues, id)))
  return whole ?? (await inTurns(findPart(queues, ref, preferred)))
}

/** prep/ is small, and what waits may be a million: whoever means a draft looks there first. */
function* findDraft(queues: readonly Queue[], id: ItemId): Steps<Found | undefined> {
  for (const queue of queues) {
    const at = yield* findingOnce(queue.dir, id, ['prep'])
    if (at !== undefined) return { queue, at, id }
    yield
  }
  return undefined
}

/**
 * First by name, which costs nothing; only then by listing, which may cost a second for a million. And once more,
 * because an item that moves on while we look from state to state may be met in none.
 */
function* findWhole(queues: readonly Queue[], id: ItemId): Steps<Found | undefined> {
  for (const find of [naming, findingOnce, findingOnce]) {
    for (const queue of queues) {
      const at = yield* find(queue.dir, id, STATES)
      if (at !== undefined) return { queue, at, id }
    }
  }
  return undefined
}

function* naming(queue: QueueDir, id: ItemId, states: readonly State[]): Steps<Located | undefined> {
  yield
  return findNamed(queue, id, states)
}

function* findPart(queues: readonly Queue[], ref: string, preferred: readonly State[]): Steps<Found | Problem> {
  const matches = matcher(ref)
  const exact = new Map<string, Found>()
  const parts = new Map<string, Found>()
  const others: string[] = []
  for (const queue of queues) {
    for (const at of listed(queue)) {
      if (at === undefined) {
        yield
        continue
      }
      const match = matches(at.raw)
      if (match === 'none') {
        if (others.length < KEPT_FOR_SUGGESTION) others.push(callName(at.raw))
        continue
      }
      const found: Found = { queue, at, id: parseItemName(at.raw).id }
      // The same id twice: it moved while we listed, and was met on both sides.
      ;(match === 'exact' ? exact : parts).set(`${queue.name}/${found.id ?? `${at.state}/${at.raw}`}`, found)
    }
  }
  return only([...(exact.size > 0 ? exact : parts).values()], preferred, ref, others)
}

/** undefined, now and then: others may have their turn. */
function* listed(queue: Queue): Generator<Located | undefined> {
  for (const state of LISTING) {
    const most = state === 'done' || state === 'relayed' ? FINISHED_LISTED : LISTED
    let count = 0
    for (const at of itemsOf(queue.dir, state)) {
      if (count >= most) break
      if (count % NAMES_A_STEP === 0) yield undefined
      count += 1
      yield at
    }
  }
}

function only(
  matches: readonly Found[],
  preferred: readonly State[],
  ref: string,
  others: readonly string[],
): Found | Problem {
  const [first, second] = matches
  if (first === undefined) return absent(ref, others)
  if (second === undefined) return first
  const [better, another] = matches.filter(({ at }) => preferred.includes(at.state))
  if (better !== undefined && another === undefined) return better
  const shown = matches
    .slice(0, CANDIDATES)
    .map(({ queue, at }) => `${queue.name}/${callName(at.raw)} (in ${at.state})`)
  const more = matches.length > shown.length ? ` and ${matches.length - shown.length} more` : ''
  return problem('usage', `"${ref}" may be any of ${shown.join(', ')}${more}`)
}

function absent(ref: string, others: readonly string[]): Problem {
  const near = nearest(ref, others) ?? nearestRandom(ref, others)
  return problem('not-found', `no item "${ref}"${near === undefined ? '' : `: did you mean ${near}?`}`)
}

/** Of the six random characters, one mistyped. */
function nearestRandom(ref: string, others: readonly string[]): string | undefined {
  if (ref.length < 5 || ref.length > 7) return undefined
  const near = nearest(
    ref,
    others.map((name) => name.slice(23, 29)),
  )
  return near === undefined ? undefined : others.find((name) => name.slice(23, 29) === near)
}
