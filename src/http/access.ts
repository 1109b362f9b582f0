/** Who may call a route. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendRefusal } from './problem.ts'
import { callerOf } from './request.ts'
import { mayActAs, type Role } from './roles.ts'

/** Who has not signed in gets 401, whose role is too small 403. */
export function needs(role: Role) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const caller = callerOf(request)
    if (caller === undefined) return sendRefusal(reply, 'unauthorized', 'give a token, or sign in')
    if (!mayActAs(caller, role))
      return sendRefusal(reply, 'forbidden', `${caller.name} is ${caller.role}, and this is for ${role}s`)
    return undefined
  }
}
