/** `rq config`: the value of every key that is in force for a queue, and which file it comes from. */
import { queuePath } from '../config/root.ts'
import { readConfigBytes } from '../fsqueue/config-file.ts'
import { type Answer, ok, problem, refuse } from './answer.ts'
import { configVersion } from './config-version.ts'
import type { Context } from './context.ts'
import { openQueue, type Queue } from './spool.ts'
import { defineVerb } from './verb.ts'

export interface EffectiveConfig {
  readonly queue: string
  /** The queue's own file as it lies there, to be edited; null: there is none that can be read. */
  readonly text: string | null
  /** Of that file, for `rq configure --if-version`; null: there is none. */
  readonly version: string | null
  readonly values: readonly {
    /** `retry.limit` */
    readonly key: string
    readonly value: unknown
    readonly from: 'default' | 'root' | 'queue'
    /** null for a default. */
    readonly file: string | null
  }[]
  /** Keys that are off, as no file sets them and there is no default; `rq config --schema` tells what each is for. */
  readonly off: readonly string[]
}

/** What may stand in a config.json. */
export interface ConfigSchema {
  readonly schema: object
}

export const config = defineVerb({
  summary: 'print the configuration in force for a queue, and where each value comes from',
  details:
    'A value comes from the queue’s config.json, else from "queue" in the root’s, else it is the default. Objects are ' +
    'merged key by key, lists are replaced. With KEYs only those, and what lies below them.',
  arguments: {
    queue: { type: 'queue', summary: 'a queue', optional: true },
    key: { type: 'text', summary: 'a key, such as retry or retry.limit', many: true, optional: true },
  },
  options: { schema: { type: 'flag', summary: 'print the JSON schema of a config.json' } },
  examples: [
    { command: 'rq config mail', says: 'every value, and whose word it is' },
    { command: 'rq config mail retry', says: 'is my retry policy inherited?' },
    { command: 'rq config mail --json', says: 'for a program; text and version are those of the queue’s own file' },
    { command: 'rq config --schema', says: 'every key, its form and what it is for' },
  ],
  run: async (context, input): Promise<Answer<EffectiveConfig | ConfigSchema>> => {
    if (input.schema) return ok({ schema: (await import('../config/json-schema.ts')).configJsonSchema() })
    if (input.queue === undefined) return refuse('usage', 'name a queue, or --schema')
    const queue = await openQueue(context.root, input.queue)
    return 'kind' in queue ? { value: undefined, problems: [queue] } : effective(context, queue, input.key)
  },
})

/** Also of a file with mistakes the text is there, for whoever is to correct it. */
async function effective(context: Context, queue: Queue, keys: readonly string[]): Promise<Answer<EffectiveConfig>> {
  const { explainQueueConfig, formatProblem, loadRootConfig } = await import('../config/config.ts')
  const { offKeys } = await import('../config/off-keys.ts')
  const own = readConfigBytes(queue.dir)
  const text = own.kind === 'file' ? own.bytes.toString() : null
  const about = { queue: queue.name, text, version: await configVersion(own) }
  const root = loadRootConfig(context.root)
  const path = queuePath(context.root, queue.name)
  const values = root.kind === 'ok' ? explainQueueConfig(path, root.config) : root
  if (values.kind === 'bad') {
    const problems = values.problems.map((found) => problem('failed', formatProblem(found)))
    return { value: { ...about, values: [], off: [] }, problems }
  }
  const wanted = values.config.filter(({ key }) => isAskedFor(key, keys))
  const off = offKeys(values.config).filter((key) => isAskedFor(key, keys))
  if (wanted.length + off.length === 0)
    return refuse('not-found', `no key ${keys.join(', ')}: \`rq config ${queue.name}\` prints all`)
  const files = { default: null, root: `${context.root}/config.json`, queue: `${path}/config.json` } as const
  return ok({ ...about, values: wanted.map((value) => ({ ...value, file: files[value.from] })), off })
}

function isAskedFor(key: string, asked: readonly string[]): boolean {
  return asked.length === 0 || asked.some((prefix) => key === prefix || key.startsWith(`${prefix}.`))
}
