/** `rq undo`: what was removed goes back to where it was, over nothing. */

import type { Steps } from '../domain/steps.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import type { Located } from '../fsqueue/scan.ts'
import {
  dropEmptyRemoval,
  type Removal,
  type RemovedPage,
  removals,
  removedItems,
  removedPages,
  restoreFromTrash,
} from '../fsqueue/trash.ts'
import { loadNative } from '../os/native.ts'
import { type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { callName, matcher } from './item-ref.ts'
import type { Done } from './relocate.ts'
import { Results, summed } from './results.ts'
import { allQueues, type Queue } from './spool.ts'
import { inTurns, oneByOne, takingTurns } from './turns.ts'
import { defineVerb } from './verb.ts'

interface Thrown {
  readonly queue: Queue
  readonly removal: Removal
  /** Without it all of the removal is meant. */
  readonly item?: Located
}

const NAMES_A_STEP = 256

export const undo = defineVerb({
  summary: 'bring back what was removed, to where it was',
  details:
    'Without ID: all that the last `rq rm` removed, in every queue (not what made way for another item). ID may be a removal, as `rq trash` lists them, or an item. ' +
    'Nothing is overwritten: if the name is taken meanwhile, the item gets a fresh id.',
  arguments: { id: { type: 'text', summary: 'a removal, or an item that was removed', many: true, optional: true } },
  options: {},
  examples: [
    { command: 'rq undo', says: 'the last removal' },
    { command: 'rq undo x7f2k9', says: 'one item' },
  ],
  run: async (context, input) => {
    const all = await inTurns(allRemovals(await allQueues(context.root)))
    const results = new Results<Done>(context)
    for (const thrown of await whatIsMeant(all, input.id)) {
      if ('kind' in thrown) results.refused(thrown)
      else await restoreAll(results.context, thrown, results)
    }
    const answer = await results.answer()
    for await (const { removal } of oneByOne(all)) dropEmptyRemoval(removal)
    return { ...answer, problems: summed(answer.problems) }
  },
})

function* allRemovals(queues: readonly Queue[]): Steps<readonly Thrown[]> {
  const all: Thrown[] = []
  for (const queue of queues) {
    for (const removal of removals(queue.dir)) if (removal.kind !== 'unnamed') all.push({ queue, removal })
    yield
  }
  return all
}

async function whatIsMeant(all: readonly Thrown[], refs: readonly string[]): Promise<readonly (Thrown | Problem)[]> {
  if (refs.length === 0) return lastOf(all)
  const thrown: (Thrown | Problem)[] = []
  for (const ref of refs) thrown.push(...(await inTurns(meant(all, ref))))
  return thrown
}

function lastOf(all: readonly Thrown[]): readonly (Thrown | Problem)[] {
  const newest = all
    .filter(({ removal }) => removal.kind === 'removed')
    .toSorted((a, b) => b.removal.at - a.removal.at)
    .find(({ removal }) => holdsAny(removal))
  if (newest === undefined) return [problem('not-found', 'nothing that was removed can be brought back')]
  return all.filter(({ removal }) => removal.name === newest.removal.name)
}

function holdsAny(removal: Removal): boolean {
  // A generator that is left by a loop closes its directory.
  for (const _ of removedItems(removal)) return true
  return false
}

function* meant(all: readonly Thrown[], ref: string): Steps<readonly (Thrown | Problem)[]> {
  const whole = all.filter(({ removal }) => removal.name === ref)
  if (whole.length > 0) return whole
  const slash = ref.indexOf('/')
  const isMeant = matcher(ref.slice(slash + 1))
  const found: { exact: Thrown[]; part: Thrown[]; none: Thrown[] } = { exact: [], part: [], none: [] }
  for (const { queue, removal } of all) {
    if (slash >= 0 && queue.name !== ref.slice(0, slash)) continue
    let looked = 0
    for (const item of removedItems(removal)) {
      looked += 1
      if (looked % NAMES_A_STEP === 0) yield
      const match = isMeant(item.raw)
      if (match !== 'none') found[match].push({ queue, removal, item })
    }
  }
  const [first, ...others] = found.exact.length > 0 ? found.exact : found.part
  if (first === undefined)
    return [problem('not-found', `nothing that was removed is named "${ref}": \`rq trash\` lists it`)]
  if (others.length === 0) return [first]
  const names = [first, ...others]
    .slice(0, 10)
    .map(({ removal, item }) => `${item === undefined ? '' : callName(item.raw)} (removed as ${removal.name})`)
  return [problem('usage', `"${ref}" may be any of ${names.join(', ')}`)]
}

async function restoreAll(context: Context, { queue, removal, item }: Thrown, results: Results<Done>): Promise<void> {
  // Listed before the first is moved: a directory that changes while it is read may name one twice, or not at all.
  const pages = item === undefined ? await inTurns(pagesOf(removal)) : [{ ...item, names: [item.raw] }]
  const turn = takingTurns()
  for (const { state, bucket, names } of pages)
    for (const raw of names) {
      if (context.cancelled.aborted) return
      await results.add(callName(raw), await restore(context, queue, removal, { state, bucket, raw }))
      const wait = turn()
      if (wait !== undefined) await wait
    }
}

function* pagesOf(removal: Removal): Steps<readonly RemovedPage[]> {
  const pages: RemovedPage[] = []
  for (const page of removedPages(removal)) {
    pages.push(page)
    yield
  }
  return pages
}

async function restore(context: Context, queue: Queue, removal: Removal, item: Located): Promise<Done | Problem> {
  const name = callName(item.raw)
  // Nobody but a worker puts anything into run/.
  if (item.state === 'run') return problem('failed', `${name} was removed from run by hand: mv it to que`)
  try {
    const how = { newId: context.newId, native: await loadNative() }
    const restored = restoreFromTrash(queue.dir, removal, item, how)
    if (restored.kind === 'gone')
      return problem(
        'not-found',
        `${name} is in the trash no more: somebody brought it back, or it was removed for good`,
      )
    context.group?.add(restored.madeDirs, restored.left, () => undefined)
    return { queue: queue.name, id: callName(restored.at.raw), did: `is back in ${item.state}` }
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    return problem('failed', `${name}: ${error.message}`)
  }
}
