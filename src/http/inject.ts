/** POST /queues/:queue/items: one message as JSON, many as JSON lines, or one with files as multipart. */
import { Readable } from 'node:stream'
import multipart, { type Multipart } from '@fastify/multipart'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { formatJson, isRecord, parseJson } from '../domain/json.ts'
import { attachmentName } from '../service/attach-stream.ts'
import { injectParts, type Part } from '../service/inject-parts.ts'
import { dueOf, messageComplaint, msgOf } from '../service/message-options.ts'
import { perform, VERBS } from '../service/registry.ts'
import type { Verb } from '../service/verb.ts'
import { needs } from './access.ts'
import { contextOf, send } from './calls.ts'
import { type InputResult, inputFor } from './input.ts'
import { sendRefusal } from './problem.ts'
import { JSON_LINES } from './progress.ts'

const MOST_FILES = 1_000
const MESSAGE_LIMIT = 2 * 1024 * 1024
/** Of what was published, so many ids are in the answer. */
const MOST_IDS = 10_000

export async function addInject(scope: FastifyInstance, root: string): Promise<void> {
  await scope.register(async (inner) => {
    inner.addContentTypeParser(JSON_LINES, (_request, payload, done) => done(null, payload))
    await inner.register(multipart, {
      limits: {
        files: MOST_FILES,
        fileSize: Number.MAX_SAFE_INTEGER,
        fieldSize: MESSAGE_LIMIT,
        fields: 10,
        parts: MOST_FILES + 10,
      },
      throwFileSizeLimit: true,
      defParamCharset: 'utf8',
      preservePath: false,
    } as object)
    inner.post('/api/v1/queues/:queue/items', { preHandler: needs('operator') }, (request, reply) => {
      if (request.isMultipart()) return injectMultipart(root, request, reply)
      return request.body instanceof Readable
        ? injectLines(root, request, reply, request.body)
        : injectMessage(root, request, reply)
    })
  })
}

async function injectMessage(root: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const taken = messageInput(request, request.body ?? {})
  if (!taken.ok) return sendRefusal(reply, 'usage', taken.problem)
  return publish(root, reply, taken.input)
}

async function injectLines(
  root: string,
  request: FastifyRequest,
  reply: FastifyReply,
  lines: Readable,
): Promise<FastifyReply> {
  const query = request.query as Readonly<Record<string, unknown>>
  const taken = messageInput(request, query)
  if (!taken.ok) return sendRefusal(reply, 'usage', taken.problem)
  return publish(root, reply, { ...taken.input, json: '-' }, lines)
}

/** With the ids of what is on the disk. */
async function publish(root: string, reply: FastifyReply, input: object, body?: Readable): Promise<FastifyReply> {
  const { context, notes } = contextOf(root, reply, body === undefined ? undefined : () => body)
  const ids: string[] = []
  const tell: typeof context.tell = (event) => {
    if (event.kind === 'item' && ids.length < MOST_IDS) ids.push(event.id)
    context.tell(event)
  }
  const answer = await perform('inject', { ...context, tell }, input)
  const value = isRecord(answer.value) ? { ...answer.value, ids } : answer.value
  const hasPublished = ids.length > 0
  return send(
    reply,
    hasPublished ? { ...answer, value } : { ...answer, value: answer.problems.length > 0 ? undefined : value },
    notes,
  )
}

/** `params` of any type, and any other key of a message, go through `message`. */
function messageInput(request: FastifyRequest, body: unknown): InputResult {
  if (!isRecord(body)) return { ok: false, problem: 'the body is no JSON object' }
  const { params, message, ...others } = body
  const text = typeof message === 'string' ? message : formatJson(message ?? {})
  const base = parseJson(text)
  if (!isRecord(base)) return { ok: false, problem: 'message is no JSON object' }
  if (params !== undefined && !isRecord(params)) return { ok: false, problem: 'params is no object' }
  const whole =
    params === undefined
      ? base
      : { ...base, params: { ...(isRecord(base['params']) ? base['params'] : {}), ...params } }
  const { queue } = request.params as { readonly queue: string }
  const given = { ...others, queue, ...(Object.keys(whole).length === 0 ? {} : { message: formatJson(whole) }) }
  const known = Object.fromEntries(Object.entries(given).map(([key, value]) => [key.replaceAll('_', '-'), value]))
  return inputFor(VERBS.inject as unknown as Verb, known, Date.now())
}

async function injectMultipart(root: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const parts = request.parts()
  const first = await parts.next()
  const hasMessage = first.done !== true && first.value.type === 'field' && first.value.fieldname === 'message'
  const given = hasMessage && first.value.type === 'field' ? parseJson(String(first.value.value)) : {}
  const taken = messageInput(request, given)
  if (!taken.ok) return sendRefusal(reply, 'usage', taken.problem)
  const { context, notes } = contextOf(root, reply)
  const wish = wishOf(taken.input)
  const complaint = wish.key === undefined ? messageComplaint(wish.message) : 'key is for messages without files'
  if (complaint !== undefined) return sendRefusal(reply, 'usage', complaint)
  const item = { id: wish.id, priority: wish.priority, due: dueOf(context, wish), tags: wish.tag, msg: msgOf(wish) }
  const { queue } = request.params as { readonly queue: string }
  return send(reply, await injectParts(context, queue, item, filesIn(hasMessage ? undefined : first, parts)), notes)
}

type InjectInput = Parameters<(typeof VERBS)['inject']['run']>[1]

function wishOf(input: Readonly<Record<string, unknown>>): InjectInput {
  // `inputFor` read it by this very specification.
  return input as unknown as InjectInput
}

async function* filesIn(
  first: IteratorResult<Multipart> | undefined,
  rest: AsyncIterableIterator<Multipart>,
): AsyncGenerator<Part, void, void> {
  if (first !== undefined && first.done !== true) yield partOf(first.value)
  for await (const part of rest) yield partOf(part)
}

function partOf(part: Multipart): Part {
  if (part.type === 'field')
    throw new Error(`"${part.fieldname}" is a field: only the first part, "message", may be one`)
  return { name: attachmentName(unescaped(part.filename ?? '')), stream: part.file }
}

/** What browsers escape in the name of a file (HTML: multipart/form-data encoding algorithm). */
function unescaped(name: string): string {
  return name.replace(/%(22|0A|0D)/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
