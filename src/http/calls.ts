/** One request as one call of a verb. */
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { formatJson, isRecord } from '../domain/json.ts'
import type { Answer } from '../service/answer.ts'
import type { Context } from '../service/context.ts'
import { MOST_ROWS } from '../service/listing.ts'
import { perform, VERBS, type VerbName } from '../service/registry.ts'
import { noneOf } from '../service/spool.ts'
import type { Verb } from '../service/verb.ts'
import { contextFor } from './context.ts'
import { whenDone } from './done.ts'
import { inputFor } from './input.ts'
import { noteKinds, sendProblems, sendRefusal } from './problem.ts'
import { tellProgress, wantsProgress } from './progress.ts'
import { isOfOneItem, type Route } from './routes.ts'
import { inWordsOfHttp } from './words.ts'

/** So long a request may wait for items to end; the caller asks again. Milliseconds. */
const LONGEST_WAIT = 60_000

export interface Called {
  readonly context: Context
  readonly notes: string[]
}

/** A context whose work ends when the caller goes away. */
export function contextOf(root: string, reply: FastifyReply, input?: () => Readable): Called {
  const gone = new AbortController()
  whenDone(reply, () => gone.abort('SIGTERM'))
  const notes: string[] = []
  const context: Context = {
    ...contextFor(root),
    tell: (event) => {
      if (event.kind === 'note') notes.push(event.text)
    },
    ...(input === undefined ? {} : { input }),
    cancelled: gone.signal,
    mostRows: MOST_ROWS,
  }
  return { context, notes }
}

/** Runs the verb of a route with what its path, its query string and its JSON body say. */
export async function call(
  root: string,
  name: VerbName,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const verb = VERBS[name] as unknown as Verb
  const given = givenIn(route, request)
  const typed = typedIn(verb, given)
  const taken = inputFor(verb, given, Date.now())
  if (!taken.ok) return sendRefusal(reply, 'usage', taken.problem)
  const { input } = taken
  const absent = route.method === 'GET' ? noneOf(root, queuesIn(input)) : []
  if (absent.length > 0) return sendProblems(reply, absent)
  if (name === 'wait') input['timeout'] = Math.min(Number(input['timeout'] ?? LONGEST_WAIT), LONGEST_WAIT)
  const called = contextOf(root, reply, typed === undefined ? undefined : () => Readable.from([typed]))
  const run = async (context: Context) => {
    const answer = await perform(name, context, input)
    return isOfOneItem(route) && Array.isArray(answer.value) ? { ...answer, value: answer.value[0] as unknown } : answer
  }
  if (route.method !== 'GET' && wantsProgress(request))
    return tellProgress(reply, called, run, (answer) => answerText(answer, called.notes))
  return send(reply, await run(called.context), called.notes)
}

/** The queues that a question is about. */
function queuesIn({ queue }: Readonly<Record<string, unknown>>): readonly string[] {
  return Array.isArray(queue) ? queue.filter((name) => typeof name === 'string') : []
}

/** A whole message, which a command line takes from stdin (`--message -`), stands in a body as an object. */
function typedIn(verb: Verb, given: Record<string, unknown>): string | undefined {
  const { message } = given
  if (verb.options['message']?.value !== '-' || !isRecord(message)) return undefined
  given['message'] = '-'
  return formatJson(message)
}

export function send(reply: FastifyReply, answer: Answer<unknown>, notes: readonly string[]): FastifyReply {
  const { value, problems } = answer
  const nothingDone = value === undefined || (Array.isArray(value) && value.length === 0)
  if (problems.length > 0 && nothingDone) return sendProblems(reply, problems)
  noteKinds(reply, problems)
  return reply.type('application/json; charset=utf-8').send(answerText(answer, notes))
}

/** Of a change of many `counts` tells how many; `value` has the first of them. */
export function answerText({ value, counts, problems }: Answer<unknown>, notes: readonly string[]): string {
  const told = problems.map((problem) => ({ ...problem, text: inWordsOfHttp(problem.text) }))
  const said = { problems: told, notes: notes.map(inWordsOfHttp) }
  return formatJson({ value: value ?? null, ...(counts === undefined ? {} : { counts }), ...said })
}

function givenIn(route: Route, request: FastifyRequest): Record<string, unknown> {
  const params = request.params as Readonly<Record<string, string>>
  const given: Record<string, unknown> = {}
  const said = route.method === 'GET' || route.method === 'DELETE' ? request.query : (request.body ?? {})
  for (const [key, value] of Object.entries(isRecord(said) ? said : {})) given[key.replaceAll('_', '-')] = value
  const { queue, id, ...others } = params
  if (id !== undefined && queue !== undefined) given['id'] = [`${queue}/${id}`]
  else if (queue !== undefined) given['queue'] = queue
  // What stands for ids names the queues of a bulk change.
  if (route.path.startsWith('/bulk/')) {
    given['id'] = given['queues'] ?? []
    delete given['queues']
  }
  return { ...given, ...others, ...route.fixed }
}
