/** `rq pause`, `rq resume`: an admin flag made by `touch` and taken away by `rm`. */
import { switchFlag, switchQueues } from './admin-flag.ts'
import { type Answer, ok, refuse } from './answer.ts'
import type { Context } from './context.ts'
import { rootFlag } from './spool.ts'
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
  if (all) {
    const changed = await switchFlag(rootFlag(context.root, '_paused'), paused)
    return ok([{ queue: null, paused, changed }])
  }
  const { value = [], problems } = await switchQueues(context, names, '_paused', paused)
  return { value: value.map(({ queue, changed }) => ({ queue, paused, changed })), problems }
}
