/** `rq config`: the value of every key that is in force for a queue, and which file it comes from. */
import { queuePath } from '../config/root.ts'
import { type Answer, problem, refuse } from './answer.ts'
import { openQueue } from './spool.ts'
import { defineVerb } from './verb.ts'

export interface EffectiveConfig {
  readonly queue: string
  readonly values: readonly {
    /** `retry.limit` */
    readonly key: string
    readonly value: unknown
    readonly from: 'default' | 'root' | 'queue'
    /** null for a default. */
    readonly file: string | null
  }[]
}

export const config = defineVerb({
  summary: 'print the configuration in force for a queue, and where each value comes from',
  details:
    'A value comes from the queue’s config.json, else from "queue" in the root’s, else it is the default. Objects are ' +
    'merged key by key, lists are replaced. With KEYs only those, and what lies below them.',
  arguments: {
    queue: { type: 'queue', summary: 'a queue' },
    key: { type: 'text', summary: 'a key, such as retry or retry.limit', many: true, optional: true },
  },
  options: {},
  examples: [
    { command: 'rq config mail', says: 'every value, and whose word it is' },
    { command: 'rq config mail retry', says: 'is my retry policy inherited?' },
    { command: 'rq config mail --json', says: 'for a program' },
  ],
  run: async (context, input): Promise<Answer<EffectiveConfig>> => {
    const queue = await openQueue(context.root, input.queue)
    if ('kind' in queue) return { value: undefined, problems: [queue] }
    const { explainQueueConfig, formatProblem, loadRootConfig } = await import('../config/config.ts')
    const root = loadRootConfig(context.root)
    const path = queuePath(context.root, queue.name)
    const values = root.kind === 'ok' ? explainQueueConfig(path, root.config) : root
    if (values.kind === 'bad') {
      return { value: undefined, problems: values.problems.map((found) => problem('failed', formatProblem(found))) }
    }
    const wanted = values.config.filter(({ key }) => isAskedFor(key, input.key))
    if (wanted.length === 0)
      return refuse('not-found', `no key ${input.key.join(', ')}: \`rq config ${queue.name}\` prints all`)
    const files = { default: null, root: `${context.root}/config.json`, queue: `${path}/config.json` } as const
    return {
      value: { queue: queue.name, values: wanted.map((value) => ({ ...value, file: files[value.from] })) },
      problems: [],
    }
  },
})

function isAskedFor(key: string, asked: readonly string[]): boolean {
  return asked.length === 0 || asked.some((prefix) => key === prefix || key.startsWith(`${prefix}.`))
}
