/** When a request is over: answered, or given up by whoever asked. */
import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'

const waiting = new WeakMap<Socket, Set<() => void>>()

/**
 * Calls it once, also of a request that was over before anybody asked. Node tells the answer that is being sent when its
 * connection closes, and not those that wait behind it (HTTP pipelining): they are told here.
 */
export function whenDone(reply: FastifyReply, then: () => void): void {
  const { socket } = reply.request.raw
  const ofSocket = waiting.get(socket) ?? new Set<() => void>()
  const done = () => {
    if (ofSocket.delete(done)) then()
  }
  ofSocket.add(done)
  // Its caller left while a password was looked at, for one: nothing is told of it any more. Not before we return.
  if (socket.destroyed || reply.raw.closed) {
    process.nextTick(done)
    return
  }
  reply.raw.once('close', done)
  if (waiting.has(socket)) return
  waiting.set(socket, ofSocket)
  socket.once('close', () => {
    for (const each of ofSocket) each()
  })
}
