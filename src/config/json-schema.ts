/** The JSON schema of a config.json, made from the one that the program checks with (docs/config.schema.json). */
import { toJsonSchema } from '@valibot/to-json-schema'
import { QueueFile, RootFile } from './schema.ts'

const OPTIONS = { typeMode: 'input', errorMode: 'throw' } as const

export function configJsonSchema() {
  const { $schema, ...queue } = toJsonSchema(QueueFile, OPTIONS)
  const { $schema: _, ...root } = toJsonSchema(RootFile, OPTIONS)
  return {
    $schema,
    title: 'config.json of rqd',
    description: 'Of a queue ($RQ_ROOT/queue/NAME/config.json), or of the root ($RQ_ROOT/config.json).',
    anyOf: [{ $ref: '#/definitions/queue' }, { $ref: '#/definitions/root' }],
    definitions: { queue, root },
  }
}
