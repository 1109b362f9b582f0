/**
 * Where an item is whose id and name are known from when it was published: a look or two at any size of the queue,
 * and a listing only where that is wanted and nothing else was found.
 */
import { formatItemName, type ItemId, idTime, type Millis, minuteBucket, parseItemName } from '../domain/name.ts'
import { finish, type Steps } from '../domain/steps.ts'
import { finding } from './find.ts'
import { look, names, place, type QueueDir, stateDir, within } from './place.ts'
import type { Located } from './scan.ts'

export interface Remembered {
  readonly id: ItemId
  /** Its name in que/. */
  readonly name: string
}

export type Care =
  /** By its names where nothing is sorted by minutes: a look or two. */
  | 'quick'
  /** By its names in every state: somebody may have renamed it. */
  | 'named'
  /** Also by listing what waits. */
  | 'thorough'

const OPEN = ['que', 'pause', 'run'] as const

/** In any state. Of what ended, the minutes from the id's own time on, or from `now` where the clock was set back behind it. */
export function whereabouts(queue: QueueDir, item: Remembered, now: Millis, care: Care): Located | undefined {
  return finish(locating(queue, item, now, care))
}

/** The same in steps, where others may have their turn. */
export function* locating(queue: QueueDir, item: Remembered, now: Millis, care: Care): Steps<Located | undefined> {
  // It may have moved from where we had not looked yet to where we had: looked for twice before it is missed.
  for (let turn = 0; turn < 2; turn += 1) {
    const found = byName(queue, item) ?? (care === 'quick' ? undefined : ended(queue, item, now))
    if (found !== undefined) return found
  }
  return care !== 'thorough' ? undefined : yield* finding(queue, item.id, [...OPEN, '_err', 'prep'])
}

/** Does it wait, or run? */
export function isOpen(found: Located | undefined): found is Located & { state: (typeof OPEN)[number] } {
  return found !== undefined && OPEN.some((state) => state === found.state)
}

/** What an item is called once it was claimed. */
function claimedName({ id, name }: Remembered): string {
  const { priority, tags } = parseItemName(name)
  return formatItemName({ base: id, priority, tags })
}

function byName(queue: QueueDir, item: Remembered): Located | undefined {
  const claimed = claimedName(item)
  const places = [
    ...(['que', 'pause'] as const).flatMap((state) => [
      { state, raw: item.name },
      { state, raw: claimed },
    ]),
    { state: 'run' as const, raw: claimed },
    { state: '_err' as const, raw: claimed },
  ]
  const found = places.find(({ state, raw }) => look(place(queue, state, raw)) !== undefined)
  return found === undefined ? undefined : { state: found.state, raw: found.raw as Located['raw'], bucket: undefined }
}

/** The oldest minutes first: most items end soon after they began. */
function ended(queue: QueueDir, item: Remembered, now: Millis): Located | undefined {
  const raw = claimedName(item) as Located['raw']
  const from = minuteBucket(Math.min(idTime(item.id), now))
  for (const state of ['done', 'relayed'] as const) {
    const root = stateDir(queue, state)
    const days = names(root).filter((name) => /^\d{8}$/.test(name) && name >= from.slice(0, 8))
    for (const day of days.toSorted()) {
      const minutes = names(within(root, day)).filter((name) => /^\d{4}$/.test(name))
      for (const minute of minutes.toSorted()) {
        const bucket = `${day}/${minute}`
        if (bucket >= from && look(place(queue, state, raw, bucket)) !== undefined) return { state, raw, bucket }
      }
    }
  }
  return undefined
}
