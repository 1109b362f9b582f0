import { expect, test } from 'vitest'
import { configJsonSchema } from '../../src/config/json-schema.ts'

/** `npx vitest run test/unit/config-schema.test.ts -u` writes the file anew. */
test('docs/config.schema.json says what the program accepts', async () => {
  await expect(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`).toMatchFileSnapshot(
    '../../docs/config.schema.json',
  )
})
