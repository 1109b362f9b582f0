/** `rq down`, `rq up`: a queue that refuses what is new, and starts nothing. */
import { switchQueues } from './admin-flag.ts'
import type { Answer } from './answer.ts'
import type { Context } from './context.ts'
import { defineVerb } from './verb.ts'

export interface Downed {
  readonly queue: string
  readonly down: boolean
  readonly changed: boolean
}

export const down = defineVerb({
  summary: 'refuse new items, and start none',
  details:
    'What runs is finished; what waits stays. `rq inject` answers 75 (busy), relays to the queue wait, its schedules are ' +
    'skipped. Whoever renames a file into que/ is not stopped. `rq pause` accepts items.',
  arguments: { queue: { type: 'queue', summary: 'queues to take down', many: true } },
  options: {},
  examples: [{ command: 'rq down mail', says: 'nothing comes in until `rq up mail`' }],
  run: (context, input) => change(context, input.queue, true),
})

export const up = defineVerb({
  summary: 'accept items again after `rq down`',
  arguments: { queue: { type: 'queue', summary: 'queues to take up again', many: true } },
  options: {},
  examples: [{ command: 'rq up mail', says: 'accept and start items again' }],
  run: (context, input) => change(context, input.queue, false),
})

async function change(context: Context, names: readonly string[], isDown: boolean): Promise<Answer<readonly Downed[]>> {
  const { value = [], problems } = await switchQueues(context, names, '_down', isDown)
  return { value: value.map(({ queue, changed }) => ({ queue, down: isDown, changed })), problems }
}
