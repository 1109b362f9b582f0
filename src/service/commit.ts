/** `rq commit`: a draft becomes an item, once, however often it is asked for. */
import type { State } from '../domain/item.ts'
import { parseItemName } from '../domain/name.ts'
import { type DraftLook, draftOf, dropDraft, lookAtDraft, publishDraft } from '../fsqueue/draft.ts'
import { hasEnqueueHook } from '../fsqueue/enqueue-hook.ts'
import { isFailedSync, QueueIoError } from '../fsqueue/errors.ts'
import { findNamed } from '../fsqueue/find.ts'
import { look, stateDir, within } from '../fsqueue/place.ts'
import { openToGroup } from '../fsqueue/publish.ts'
import { syncInOrder, treeOf } from '../fsqueue/sync.ts'
import { whereabouts } from '../fsqueue/whereabouts.ts'
import { type Accepting, accepting } from './accepting.ts'
import { type Answer, type Problem, problem } from './answer.ts'
import { askFirst } from './asking.ts'
import type { Context } from './context.ts'
import { callName } from './item-ref.ts'
import { type Found, pathOf } from './lookup.ts'
import { unknownUnlessSynced } from './prep.ts'
import { type Attempted, forEachItem } from './relocate.ts'
import { defineVerb } from './verb.ts'

/** Where an item may lie whose name says no more than its id. */
const LIFE = ['que', 'pause', 'run', '_err'] as const satisfies readonly State[]

export interface Committed {
  readonly queue: string
  readonly id: string
  /** It was published before, and lies in whatever state by now. */
  readonly already: boolean
}

export const commit = defineVerb({
  summary: 'publish items that were begun with prep',
  details:
    'Prints the id when the item is on the disk: exit 0 means that it is, whatever happens to the power. One that was ' +
    'published before is `already committed`, exit 0: after a lost answer it is repeated, and nothing is there twice.',
  arguments: { id: { type: 'item', summary: 'drafts', states: ['prep'], many: true } },
  options: {},
  examples: [{ command: 'rq commit "$ID"', says: 'may be repeated until it answers 0' }],
  run: (context, input) => forEachItem(context, input.id, (item) => commitOne(context, item), ['prep']),
})

/** One draft, by its id. Nothing is published twice. */
export async function commitDraft(context: Context, ref: string): Promise<Answer<Committed>> {
  const { value, problems } = await forEachItem(context, [ref], (item) => commitOne(context, item), ['prep'])
  return { value: value?.[0], problems }
}

async function commitOne(context: Context, item: Found): Promise<Attempted<Committed>> {
  const { queue, at } = item
  const name = callName(at.raw)
  if (at.state !== 'prep') return committedBefore(item, name)
  if (item.id === undefined || parseItemName(at.raw).isMessage)
    return problem('failed', `${name} is no draft of \`rq prep\`: whoever builds it publishes it himself`)
  const into = await accepting(context, queue)
  if ('kind' in into) return into
  const seen = lookAtDraft(pathOf(item))
  if (seen.kind === 'gone') return 'gone'
  if (seen.kind === 'refused') return problem('failed', `${name} cannot be committed: ${seen.why}`)
  if (into.config.shared) openToGroup(pathOf(item))
  const published = { id: item.id, name: at.raw }
  const other = whereabouts(queue.dir, published, context.now(), 'named') ?? findNamed(queue.dir, item.id, LIFE)
  if (other !== undefined)
    return look(pathOf(item)) === undefined
      ? 'gone'
      : problem('failed', `another item of the id ${name} lies in ${other.state}: this one stays a draft`)
  const trouble = await vetoOf(context, into, item, seen)
  return trouble ?? publish(into, item, seen)
}

/** Whoever published it may have been killed before it was on the disk. */
async function committedBefore({ queue, at, id }: Found, name: string): Promise<Attempted<Committed>> {
  // By an id that was given to two: the draft is not what was published.
  if (id !== undefined && draftOf(queue.dir, id) !== undefined)
    return problem('failed', `another item of the id ${name} lies in ${at.state}: this one stays a draft`)
  const { makeDurable } = await import('./inject-once.ts')
  try {
    await makeDurable(queue, at)
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    return problem('unknown-outcome', `${name} lies in ${at.state}, but may not be on the disk: ${error.message}`)
  }
  return { queue: queue.name, id: name, already: true }
}

type Whole = Extract<DraftLook, { kind: 'whole' }>

function vetoOf(
  context: Context,
  { queue, config }: Accepting,
  item: Found,
  { msg, attached }: Whole,
): Promise<Problem | undefined> {
  const paths = attached.map((name) => ({ name, path: within(pathOf(item), 'attach', name) }))
  const attach = paths.map(({ name, path }) => ({ name, source: { kind: 'copy', path } as const }))
  const id = parseItemName(item.at.raw).id
  if (id === undefined || !hasEnqueueHook(queue.dir)) return Promise.resolve(undefined)
  return askFirst(context, queue, config, { id, msg, attach })
}

async function publish({ queue, durable }: Accepting, item: Found, seen: Whole): Promise<Attempted<Committed>> {
  const path = pathOf(item)
  const name = callName(item.at.raw)
  if (durable) {
    const failure = await syncDraft(item)
    if (failure !== undefined) return failure
  }
  // What came or went since it was asked about and synced is asked about and synced as well.
  const now = lookAtDraft(path)
  if (now.kind !== 'whole' || now.print !== seen.print) return 'gone'
  const moved = publishDraft(queue.dir, item.at.raw)
  if (moved === 'gone') return 'gone'
  if (moved === 'taken') return problem('failed', `another item of the name ${name} waits: this one stays a draft`)
  const unknown = durable ? await unknownUnlessSynced(queue, name, ['que', 'prep']) : undefined
  return unknown ?? { queue: queue.name, id: name, already: false }
}

/** What a disk did not take once is not asked for again: the kernel may have dropped it, and would say that all is well. */
async function syncDraft(item: Found): Promise<Problem | undefined> {
  const { dir } = item.queue
  try {
    await syncInOrder([...treeOf(pathOf(item)), stateDir(dir, 'prep')])
    return undefined
  } catch (error) {
    if (!(error instanceof QueueIoError) || !isFailedSync(error) || item.id === undefined) throw error
    await dropDraft(dir, item.id, item.at.raw)
    return problem(
      'failed',
      `${callName(item.at.raw)} is removed, begin anew: the disk did not take it: ${error.message}`,
    )
  }
}
