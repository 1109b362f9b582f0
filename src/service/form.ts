/** `rq form`: what a page asks for before it injects an item, from the queue's form.json. */

import type { FormField } from '../config/form.ts'
import { queuePath } from '../config/root.ts'
import { type Answer, ok, problem } from './answer.ts'
import { openQueue } from './spool.ts'
import { defineVerb } from './verb.ts'

export interface QueueForm {
  readonly queue: string
  /** Of the form.json; null: there is none, and these are the fields of any queue. */
  readonly path: string | null
  /** In the order in which they are asked. */
  readonly fields: readonly FormField[]
  /** Keys of the file that have no meaning here. */
  readonly ignored: readonly string[]
}

export const form = defineVerb({
  summary: 'print the fields that a page asks for before it injects an item',
  details:
    'They are those of the form.json in the queue; without one, parameters, tags, priority, time and files. What is ' +
    'wrong with it is said with file, key and fix, and keeps nobody from injecting.',
  arguments: { queue: { type: 'queue', summary: 'a queue' } },
  options: {},
  examples: [
    { command: 'rq form mail', says: 'is my form.json right?' },
    { command: 'rq form mail --json', says: 'for a program' },
  ],
  run: async (context, input): Promise<Answer<QueueForm>> => {
    const queue = await openQueue(context.root, input.queue)
    if ('kind' in queue) return { value: undefined, problems: [queue] }
    const { loadForm } = await import('../config/form.ts')
    const { formatProblem } = await import('../config/file.ts')
    const path = queuePath(context.root, queue.name)
    const loaded = loadForm(path)
    if (loaded.kind === 'bad')
      return { value: undefined, problems: loaded.problems.map((found) => problem('failed', formatProblem(found))) }
    const { fields, ignored, isOwn } = loaded.config
    return ok({ queue: queue.name, path: isOwn ? `${path}/form.json` : null, fields, ignored })
  },
})
