/** `rq pause`, `rq resume`: an admin flag made by `touch` and taken away by `rm`. */
import { QueueIoError } from '../fsqueue/errors.ts'
import { removeFile } from '../fsqueue/files.ts'
import { hasFlag, setFlag } from '../fsqueue/layout.ts'
import { type BytePath, inQueue } from '../fsqueue/place.ts'
import { syncInOrder } from '../fsqueue/sync.ts'
import { type Answer, type Problem, problem, refuse } from './answer.ts'
import type { Context } from './context.ts'
import { openQueue, rootFlag } from './spool.ts'
import { defineVerb } from './verb.ts'

export interface Paused {
  /** null: all queues. */
  readonly queue: string | null
  readonly paused: boolean
  readonly changed: boolean
}

const ALL = { type: 'flag', summary: 'all queues of the root, new ones too' } as const

export const pause = defineVerb({
  summary: 'accept items, but start none',
  arguments: { queue: { type: 'queue', summary: 'queues to pause', many: true, optional: true } },
  options: { all: ALL },
  examples: [
    { command: 'rq pause mail', says: 'what runs is finished, nothing new is started' },
    { command: 'rq pause --all', says: 'the whole root' },
  ],
  run: (context, input) => change(context, input.queue, input.all, true),
})

export const resume = defineVerb({
  summary: 'go on after a pause',
  arguments: { queue: { type: 'queue', summary: 'queues to resume', many: true, optional: true } },
  options: { all: { ...ALL, summary: 'take back `rq pause --all`; queues paused by themselves stay so' } },
  examples: [{ command: 'rq resume mail', says: 'start items again' }],
  run: (context, input) => change(context, input.queue, input.all, false),
})

async function change(
  context: Context,
  names: readonly string[],
  all: boolean,
  paused: boolean,
): Promise<Answer<readonly Paused[]>> {
  if (all === names.length > 0) return refuse('usage', 'name one or more queues, or --all')
  const value: Paused[] = []
  const problems: Problem[] = []
  if (all) value.push({ queue: null, paused, changed: await setPaused(rootFlag(context.root, '_paused'), paused) })
  for (const name of names) {
    const queue = await openQueue(context.root, name)
    if ('kind' in queue) {
      problems.push(queue)
      continue
    }
    try {
      value.push({ queue: queue.name, paused, changed: await setPaused(inQueue(queue.dir, '_paused'), paused) })
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      problems.push(problem('failed', error.message))
    }
  }
  return { value, problems }
}

async function setPaused(flag: BytePath, paused: boolean): Promise<boolean> {
  const was = hasFlag(flag)
  if (paused) setFlag(flag)
  else removeFile(flag)
  await syncInOrder([flag.slice(0, flag.lastIndexOf('/')) as BytePath])
  return was !== paused
}
