import { createGenerator } from 'ts-json-schema-generator'
import { expect, expectTypeOf, test } from 'vitest'
import { type Json, openApi } from '../../src/http/openapi.ts'
import { ROUTES } from '../../src/http/routes.ts'
import type { Answers } from '../../src/service/answers.ts'
import { type ValueOf, VERBS, type VerbName } from '../../src/service/registry.ts'
import type { Verb } from '../../src/service/verb.ts'
import { REPO } from '../rules/sources.ts'

/** What pours bytes has no value. */
type Valued = Exclude<VerbName, 'log' | 'result' | 'cat'>

test('what a verb answers is what the description is made from', () => {
  expectTypeOf((values: { [N in Valued]: ValueOf<N> }): Answers => values).toBeFunction()
  expectTypeOf<Valued>().toEqualTypeOf<keyof Answers>()
})

/** `npx vitest run test/unit/openapi.test.ts -u` writes the file anew. */
test('docs/openapi.json is made from the verbs, the routes and the types of the answers', async () => {
  const generator = createGenerator({
    path: `${REPO}/src/service/answers.ts`,
    tsconfig: `${REPO}/tsconfig.json`,
    type: 'Answers',
    skipTypeCheck: true,
    topRef: false,
    additionalProperties: true,
  })
  const { properties, definitions } = generator.createSchema('Answers')
  const document = openApi({
    verbs: VERBS as unknown as Record<VerbName, Verb>,
    version: '1',
    values: moved(properties) as Record<string, Json>,
    schemas: moved(definitions) as Record<string, Json>,
  })
  await expect(`${JSON.stringify(document, undefined, 1)}\n`).toMatchFileSnapshot('../../docs/openapi.json')
  const paths = document['paths'] as Record<string, object>
  for (const { path, method } of Object.values(ROUTES).flat())
    expect(paths[path.replaceAll(/:(\w+)/g, '{$1}')]).toHaveProperty(method.toLowerCase())
})

/** Definitions are called differently in OpenAPI. */
function moved(schemas: unknown): unknown {
  return JSON.parse(JSON.stringify(schemas).replaceAll('#/definitions/', '#/components/schemas/'))
}
