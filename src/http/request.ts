/** What is known about a request beside what it says. */
import type { FastifyRequest } from 'fastify'
import type { Caller } from './roles.ts'

/** They change nothing. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** How a caller showed who he is. A browser sends a cookie, and a password it remembers, also when another site asks it to. */
export type Proof = 'socket' | 'token' | 'basic' | 'cookie'

interface Known {
  readonly caller: Caller
  readonly proof: Proof
  /** Would he be let in again? */
  readonly isStillIn: () => boolean
}

const known = new WeakMap<FastifyRequest, Known>()

/** undefined: nobody signed in. */
export function callerOf(request: FastifyRequest): Caller | undefined {
  return known.get(request)?.caller
}

export function proofOf(request: FastifyRequest): Proof | undefined {
  return known.get(request)?.proof
}

/** For answers that stay open. */
export function isStillIn(request: FastifyRequest): boolean {
  return known.get(request)?.isStillIn() === true
}

export function setCaller(request: FastifyRequest, knownAs: Known): void {
  known.set(request, knownAs)
}
