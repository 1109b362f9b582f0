import { toJsonSchema } from '@valibot/to-json-schema'
import { expect, test } from 'vitest'
import { QueueFile, RootFile } from '../../src/config/schema.ts'

const options = { typeMode: 'input', errorMode: 'throw' } as const

/** `npx vitest run test/unit/config-schema.test.ts -u` writes the file anew. */
test('docs/config.schema.json says what the program accepts', async () => {
  const { $schema, ...queue } = toJsonSchema(QueueFile, options)
  const { $schema: _, ...root } = toJsonSchema(RootFile, options)
  const schema = {
    $schema,
    title: 'config.json of rqd',
    description: 'Of a queue ($RQ_ROOT/queue/NAME/config.json), or of the root ($RQ_ROOT/config.json).',
    anyOf: [{ $ref: '#/definitions/queue' }, { $ref: '#/definitions/root' }],
    definitions: { queue, root },
  }
  await expect(`${JSON.stringify(schema, undefined, 2)}\n`).toMatchFileSnapshot('../../docs/config.schema.json')
})
