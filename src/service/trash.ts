/** `rq trash`: what was removed; `--empty` removes it for good. */
import type { State } from '../domain/item.ts'
import type { Millis } from '../domain/name.ts'
import { Stopped } from '../fsqueue/errors.ts'
import { Scratch } from '../fsqueue/scratch.ts'
import { type Removal, removals, removedItems } from '../fsqueue/trash.ts'
import { type Answer, ok, type Problem, problem, refuse } from './answer.ts'
import type { Context } from './context.ts'
import { isoTime } from './describe.ts'
import { callName } from './item-ref.ts'
import { pacer } from './pacer.ts'
import { queuesNamed } from './select.ts'
import type { Queue } from './spool.ts'
import { oneByOne } from './turns.ts'
import { defineVerb } from './verb.ts'

const DEFAULT_LIMIT = 50

export interface Removed {
  readonly queue: string
  /** What `rq undo` takes to bring back all of it. */
  readonly removal: string
  readonly removed: string | null
  /** null: it was removed by an earlier version, and where it was is not known. */
  readonly state: State | null
  readonly id: string
}

export interface Trash {
  readonly items: readonly Removed[]
  readonly more: boolean
  /** Removals that are gone for good now. */
  readonly emptied: number
}

export const trash = defineVerb({
  summary: 'list what was removed, the last first; or remove it for good',
  arguments: { queue: { type: 'queue', summary: 'only of these queues', many: true, optional: true } },
  options: {
    limit: { type: 'count', summary: `at most so many (default ${DEFAULT_LIMIT}, 0: all)`, value: 'N', short: 'n' },
    empty: { type: 'flag', summary: 'remove it for good, all that is older than --older; needs --yes' },
    older: { type: 'duration', summary: 'with --empty: only what was removed before so long', value: 'DURATION' },
    yes: { type: 'flag', summary: 'with --empty: yes, for good', short: 'y' },
  },
  examples: [
    { command: 'rq trash mail', says: 'what `rq undo` could bring back' },
    { command: 'rq trash --empty --older 7d --yes', says: 'gone for good' },
  ],
  run: async (context, input) => {
    const queues = await queuesNamed(context.root, input.queue)
    if ('kind' in queues) return { value: undefined, problems: [queues] }
    if (!input.empty) {
      if (input.older !== undefined || input.yes) return refuse('usage', '--older and --yes go with --empty')
      return ok(await list(queues, input.limit === 0 ? Number.POSITIVE_INFINITY : (input.limit ?? DEFAULT_LIMIT)))
    }
    if (!input.yes) return refuse('usage', '--empty removes for good what `rq undo` could bring back: add --yes')
    return empty(context, queues, context.now() - (input.older ?? 0))
  },
})

async function list(queues: readonly Queue[], limit: number): Promise<Trash> {
  const found: { queue: Queue; removal: Removal }[] = []
  for await (const queue of oneByOne(queues)) for (const removal of removals(queue.dir)) found.push({ queue, removal })
  const all = found.toSorted((a, b) => b.removal.at - a.removal.at)
  const items: Removed[] = []
  for (const { queue, removal } of all) {
    for (const item of rowsOf(queue, removal)) {
      if (items.length >= limit) return { items, more: true, emptied: 0 }
      items.push(item)
    }
  }
  return { items, more: false, emptied: 0 }
}

function* rowsOf(queue: Queue, removal: Removal): Generator<Removed> {
  const row = { queue: queue.name, removal: removal.name, removed: isoTime(removal.at) }
  if (removal.kind === 'unnamed') yield { ...row, state: null, id: removal.name }
  for (const { state, raw } of removedItems(removal)) yield { ...row, state, id: callName(raw) }
}

/** Each goes by one rename first: nobody brings back half an item. What is cut short behind that is ended by a cleaner. */
async function empty(context: Context, queues: readonly Queue[], before: Millis): Promise<Answer<Trash>> {
  const problems: Problem[] = []
  let emptied = 0
  const pace = pacer(context.cancelled)
  try {
    for (const { dir, name } of queues) {
      const onProblem = (text: string) => problems.push(problem('failed', `${name}: ${text}`))
      const scratch = new Scratch(dir, context.newId().slice(0, 29), { pace, onProblem })
      for (const removal of removals(dir)) {
        if (removal.at > before || context.cancelled.aborted) continue
        const taken = scratch.take(removal.path)
        if (taken === undefined) continue
        emptied += 1
        await scratch.remove(taken, 0, { items: 0, bytes: 0 })
      }
    }
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
  }
  return { value: { items: [], more: false, emptied }, problems }
}
