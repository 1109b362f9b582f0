/** The API's own description (OpenAPI 3.1): made from the routes, and from what each verb takes and answers. Pure. */
import type { VerbName } from '../service/registry.ts'
import type { Spec, Specs, ValueType, Verb } from '../service/verb.ts'
import { isLocal } from './input.ts'
import { isOfOneItem, ROUTES, type Route } from './routes.ts'

export type Json = { readonly [key: string]: unknown }

const TYPES = {
  flag: { type: 'boolean' },
  text: { type: 'string' },
  queue: { type: 'string' },
  item: { type: 'string' },
  query: { type: 'string', description: 'A query (docs/QUERY.md).' },
  path: {},
  id: { type: 'string', pattern: '^\\d{8}T\\d{6}\\.\\d{6}-[0-9a-z]{6}' },
  priority: { type: 'integer', minimum: 0, maximum: 9 },
  count: { type: 'integer', minimum: 0 },
  bytes: { type: 'integer', minimum: 0 },
  duration: { type: ['string', 'number'], examples: ['90s', '1h30m', 90] },
  time: { type: 'string', examples: ['2026-11-22T10:15:00Z', '@1795342500'] },
  tag: { type: 'string', pattern: '^[\\w.:@-]{1,64}$' },
  pair: { type: 'object', additionalProperties: true },
} as const satisfies Record<ValueType, Json>

export interface Described {
  readonly verbs: Readonly<Record<VerbName, Verb>>
  readonly version: string
  /** What each verb answers, as a JSON schema, and the schemas that these refer to. */
  readonly values: Readonly<Record<string, Json>>
  readonly schemas: Readonly<Record<string, Json>>
}

export function openApi({ verbs, version, values, schemas }: Described): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const [name, routes] of Object.entries(ROUTES) as [VerbName, readonly Route[]][]) {
    for (const [index, route] of routes.entries()) {
      const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
      const operation = operationOf(name, route, verbs[name], values[name] ?? {})
      paths[path] = { ...paths[path], [route.method.toLowerCase()]: { ...operation, operationId: idOf(name, index) } }
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'rqd',
      version,
      description: 'A queue whose store is a directory. Every route is a command of `rq`.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }, { basic: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: SECURITY,
      schemas: { ...schemas, Problem: PROBLEM },
      responses: { Refused: REFUSED },
    },
  }
}

function idOf(name: string, index: number): string {
  return index === 0 ? name : `${name}-${index + 1}`
}

function operationOf(name: string, route: Route, verb: Verb, value: Json): Json {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, word = '']) => word)
  const specs = takenBy(verb, route, inPath)
  const isRead = route.method === 'GET' || route.method === 'DELETE'
  return {
    tags: [route.path.split('/')[1] ?? ''],
    summary: verb.summary,
    description: [verb.details, `The same as \`rq ${name}\`.`].filter((text) => text !== undefined).join('\n\n'),
    'x-role': route.role,
    parameters: [...inPath.map(pathParameter), ...(isRead ? Object.entries(specs).map(queryParameter) : [])],
    ...(isRead || Object.keys(specs).length === 0 ? {} : { requestBody: bodyOf(specs) }),
    responses: { 200: answered(route, value), default: { $ref: '#/components/responses/Refused' } },
  }
}

/** What is neither in the path nor said by the route itself, nor a file of the server's. */
function takenBy(verb: Verb, route: Route, inPath: readonly string[]): Specs {
  const isBulk = route.path.startsWith('/bulk/')
  const said = new Set([...inPath, ...Object.keys(route.fixed ?? {}), ...(isBulk ? ['id'] : [])])
  const all = Object.entries({ ...verb.arguments, ...verb.options })
  const queues: Spec = { type: 'queue', summary: 'only of these', many: true }
  const taken = all
    .filter(([key, spec]) => !said.has(key) && !isLocal(spec))
    .map(([key, spec]) => [key.replaceAll('-', '_'), spec])
  return { ...(isBulk ? { queues } : {}), ...Object.fromEntries(taken) }
}

function schemaOf(spec: Spec): Json {
  // Of a list in one text, `A,B`, the words are parts.
  if (spec.value === '-') return { type: 'object', description: spec.summary.replace(/^"-": /, '') }
  const isWord = spec.words !== undefined && spec.value?.includes(',') !== true
  const one = isWord ? { ...TYPES[spec.type], enum: spec.words } : TYPES[spec.type]
  const schema: Json = spec.many === true && spec.type !== 'pair' ? { type: 'array', items: one } : one
  return { ...schema, description: spec.summary }
}

function pathParameter(name: string): Json {
  const words: Readonly<Record<string, string>> = {
    queue: 'a queue',
    id: 'an id, a part of one, or the name of a dropped file',
  }
  return { name, in: 'path', required: true, schema: { type: 'string' }, description: words[name] ?? name }
}

function queryParameter([name, spec]: [string, Spec]): Json {
  return { name, in: 'query', schema: schemaOf(spec), description: spec.summary }
}

function bodyOf(specs: Specs): Json {
  const properties = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, schemaOf(spec)]))
  return { content: { 'application/json': { schema: { type: 'object', properties, additionalProperties: false } } } }
}

function answered(route: Route, value: Json): Json {
  if (route.own === true) return { description: 'Bytes, or what the section of this route in docs/WEB.md says.' }
  const problems = { type: 'array', items: { $ref: '#/components/schemas/Problem' } }
  const notes = { type: 'array', items: { type: 'string' } }
  const one = isOfOneItem(route) ? (value['items'] ?? value) : value
  const schema = {
    type: 'object',
    properties: { value: one, counts: COUNTS, problems, notes },
    required: ['value', 'problems', 'notes'],
  }
  return {
    description: 'It was done, or some of it: `problems` names the rest.',
    content: { 'application/json': { schema } },
  }
}

/** Of a change of many: how many, where `value` has the first 1,000. */
const COUNTS: Json = {
  type: 'object',
  properties: {
    matched: { type: 'integer' },
    refused: { type: 'integer' },
    did: {
      type: 'array',
      items: {
        type: 'object',
        properties: { queue: { type: 'string' }, did: { type: 'string' }, count: { type: 'integer' } },
      },
    },
  },
}

const PROBLEM: Json = {
  type: 'object',
  properties: { kind: { type: 'string' }, text: { type: 'string' } },
  required: ['kind', 'text'],
}

const REFUSED: Json = {
  description:
    'Refused (RFC 9457): 400 usage, 401, 403, 404, 409 busy, 413, 422 failed, 429, 503 no daemon, 504 unknown outcome.',
  content: {
    'application/problem+json': {
      schema: {
        type: 'object',
        properties: {
          title: { type: 'string' },
          status: { type: 'integer' },
          kind: { type: 'string' },
          detail: { type: 'string' },
          problems: { type: 'array', items: { $ref: '#/components/schemas/Problem' } },
        },
        required: ['title', 'status', 'detail'],
      },
    },
  },
}

const SECURITY: Json = {
  token: { type: 'http', scheme: 'bearer', description: 'The token of the root, in its file `_token`.' },
  basic: { type: 'http', scheme: 'basic', description: 'A user of `rqd user`.' },
  session: { type: 'apiKey', in: 'cookie', name: 'rq_*', description: 'What signing in gave: POST /session.' },
}
