/** Refusals over HTTP: RFC 9457 problem documents, from the same kinds that give `rq` its exit codes. */
import type { FastifyReply } from 'fastify'
import type { Problem, ProblemKind } from '../service/answer.ts'
import { inWordsOfHttp } from './words.ts'

export type RefusalKind = ProblemKind | 'unauthorized' | 'forbidden' | 'too-large' | 'too-many' | 'unavailable'

export const STATUS = {
  usage: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  busy: 409,
  'too-large': 413,
  failed: 422,
  'too-many': 429,
  'daemon-down': 503,
  unavailable: 503,
  'unknown-outcome': 504,
} as const satisfies Record<RefusalKind, number>

const TITLES = {
  usage: 'The request is not right',
  unauthorized: 'Sign in first',
  forbidden: 'Not allowed',
  'not-found': 'There is no such thing',
  busy: 'Not now',
  'too-large': 'Too large',
  failed: 'It could not be done',
  'too-many': 'Too many requests',
  'daemon-down': 'The daemon does not run',
  unavailable: 'Not possible at the moment',
  'unknown-outcome': 'It may have been done or not',
} as const satisfies Record<RefusalKind, string>

export function sendRefusal(reply: FastifyReply, kind: RefusalKind, detail: string): FastifyReply {
  return sendProblems(reply, [{ kind, text: detail }])
}

/** The status is of the first; all are told. */
export function sendProblems(
  reply: FastifyReply,
  problems: readonly (Problem | { readonly kind: RefusalKind; readonly text: string })[],
): FastifyReply {
  const kind = problems[0]?.kind ?? 'failed'
  noteKinds(reply, problems)
  const told = problems.map((problem) => ({ ...problem, text: inWordsOfHttp(problem.text) }))
  const detail = told.map(({ text }) => text).join('; ')
  return reply
    .code(STATUS[kind])
    .type('application/problem+json')
    .send(
      JSON.stringify({ type: 'about:blank', title: TITLES[kind], status: STATUS[kind], kind, detail, problems: told }),
    )
}

const kinds = new WeakMap<FastifyReply, readonly string[]>()

/** For the audit log, what an answer tells of beside its status. */
export function noteKinds(reply: FastifyReply, problems: readonly { readonly kind: string }[]): void {
  kinds.set(reply, [...new Set(problems.map(({ kind }) => kind))])
}

export function kindsOf(reply: FastifyReply): readonly string[] {
  return kinds.get(reply) ?? []
}
