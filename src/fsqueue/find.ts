/** Finding one item by its id, in bounded work: by name where the name is known, else by listing. */
import { BUCKETED, type State } from '../domain/item.ts'
import { type ItemId, idTime, minuteBucket, parseItemName, type RawName } from '../domain/name.ts'
import { finish, type Steps } from '../domain/steps.ts'
import { look, names, place, type QueueDir, stateDir, within } from './place.ts'
import { type Located, scanPages } from './scan.ts'

/** Where to look first: what is short and likely. */
const ORDER: readonly State[] = ['run', '_err', 'pause', 'que', 'done', 'relayed', 'prep']

export function findItem(queue: QueueDir, id: ItemId, states: readonly State[] = ORDER): Located | undefined {
  return finish(finding(queue, id, states))
}

/** It may move from where we have not looked yet to where we have: it is looked for twice, or so often, before it is missed. */
export function* finding(queue: QueueDir, id: ItemId, states: readonly State[], looks = 2): Steps<Located | undefined> {
  for (let tries = 0; tries < looks; tries += 1) {
    const found = yield* findingOnce(queue, id, states)
    if (found !== undefined) return found
  }
  return undefined
}

/** One look through all of them. */
export function* findingOnce(queue: QueueDir, id: ItemId, states: readonly State[]): Steps<Located | undefined> {
  const named = findNamed(queue, id, states)
  if (named !== undefined) return named
  for (const state of states) {
    const found = yield* BUCKETED[state] ? findInBuckets(queue, state, id) : findByListing(queue, state, id)
    if (found !== undefined) return found
  }
  return undefined
}

/** Only where the name is the id itself, without suffixes: a look or two, at any size of the queue. */
export function findNamed(queue: QueueDir, id: ItemId, states: readonly State[] = ORDER): Located | undefined {
  for (const state of states) {
    const exact = BUCKETED[state] ? undefined : exactName(queue, state, id)
    if (exact !== undefined) return exact
  }
  return undefined
}

function exactName(queue: QueueDir, state: State, id: ItemId): Located | undefined {
  for (const raw of [id, `${id}.msg`]) {
    if (look(place(queue, state, raw)) !== undefined) return { state, raw: raw as string as RawName, bucket: undefined }
  }
  return undefined
}

function* findByListing(queue: QueueDir, state: State, id: ItemId): Steps<Located | undefined> {
  for (const page of scanPages(stateDir(queue, state))) {
    for (const raw of page)
      if (raw.startsWith(id) && parseItemName(raw).id === id) return { state, raw, bucket: undefined }
    yield
  }
  return undefined
}

/** From the id's own time forward, since an item ends after it began; then backward, since clocks are set. */
function* findInBuckets(queue: QueueDir, state: State, id: ItemId): Steps<Located | undefined> {
  const root = stateDir(queue, state)
  const born = minuteBucket(idTime(id))
  const later: string[] = []
  const earlier: string[] = []
  for (const day of names(root)
    .filter((name) => /^\d{8}$/.test(name))
    .toSorted()) {
    for (const minute of names(within(root, day))
      .filter((name) => /^\d{4}$/.test(name))
      .toSorted()) {
      const bucket = `${day}/${minute}`
      if (bucket >= born) later.push(bucket)
      else earlier.push(bucket)
    }
  }
  for (const bucket of [...later, ...earlier.toReversed()]) {
    if (look(place(queue, state, id, bucket)) !== undefined) return { state, raw: id as string as RawName, bucket }
    const found = names(within(root, bucket)).find((raw) => raw.startsWith(id) && parseItemName(raw).id === id)
    if (found !== undefined) return { state, raw: found, bucket }
    yield
  }
  return undefined
}
