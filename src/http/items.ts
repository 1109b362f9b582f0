/** The routes of one item that answer with bytes: its log, its files, its result. */
import { PassThrough, type Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { attachmentName, attachStream, detachFrom } from '../service/attach-stream.ts'
import { openAttachment, openItemLog } from '../service/open-file.ts'
import { perform } from '../service/registry.ts'
import { needs } from './access.ts'
import { contextOf, send } from './calls.ts'
import { sendFile } from './files.ts'
import { sendProblems, sendRefusal } from './problem.ts'

interface ItemParams {
  readonly queue: string
  readonly id: string
  readonly name?: string
}

const ITEM = '/api/v1/items/:queue/:id'

export function addItemRoutes(scope: FastifyInstance, root: string): void {
  const viewer = { preHandler: needs('viewer') }
  scope.get(`${ITEM}/attach/:name`, viewer, (request, reply) => sendPayload(root, request, reply))
  scope.get(`${ITEM}/payload`, viewer, (request, reply) => sendPayload(root, request, reply))
  scope.get(`${ITEM}/result`, viewer, (request, reply) => sendPoured(root, 'result', request, reply))
  scope.get(`${ITEM}/log`, viewer, (request, reply) => {
    const { follow, from = '0' } = request.query as { readonly follow?: string; readonly from?: string }
    if (!/^\d{1,15}$/.test(from)) return sendRefusal(reply, 'usage', 'from: expected a number of bytes')
    if (follow !== undefined && follow !== 'false') return sendPoured(root, 'log', request, reply)
    return sendLog(root, request, reply)
  })
  scope.delete(`${ITEM}/attach/:name`, { preHandler: needs('operator') }, async (request, reply) => {
    const { context, notes } = contextOf(root, reply)
    const { name = '' } = request.params as ItemParams
    return send(reply, await detachFrom(context, refOf(request), [attachmentName(name)]), notes)
  })
  addUpload(scope, root)
}

/** The body is the file, whatever type it says: it is not read before somebody may. */
function addUpload(scope: FastifyInstance, root: string): void {
  void scope.register(async (uploads) => {
    uploads.removeAllContentTypeParsers()
    uploads.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    uploads.put(
      `${ITEM}/attach/:name`,
      { preHandler: needs('operator'), bodyLimit: Number.MAX_SAFE_INTEGER },
      async (request, reply) => {
        const { context, notes } = contextOf(root, reply)
        const { name = '' } = request.params as ItemParams
        const { sha256, md5, size } = request.query as Readonly<Record<string, string | undefined>>
        const expected = { sha256, md5, size: size === undefined ? undefined : Number(size) }
        const body = (request.body ?? PassThrough.from([])) as Readable
        return send(reply, await attachStream(context, refOf(request), attachmentName(name), body, expected), notes)
      },
    )
  })
}

function refOf(request: FastifyRequest): string {
  const { queue, id } = request.params as ItemParams
  return `${queue}/${id}`
}

async function sendPayload(root: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { context } = contextOf(root, reply)
  const { value, problems } = await openAttachment(context, refOf(request), (request.params as ItemParams).name)
  return value === undefined ? sendProblems(reply, problems) : sendFile(request, reply, value, 'file')
}

async function sendLog(root: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { context } = contextOf(root, reply)
  const { value, problems } = await openItemLog(context, refOf(request))
  return value === undefined ? sendProblems(reply, problems) : sendFile(request, reply, value, 'log')
}

/** What a verb tells piece by piece, as it tells it; a refusal before the first piece is a refusal of the request. */
function sendPoured(
  root: string,
  verb: 'log' | 'result',
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const called = contextOf(root, reply)
  const bytes = new PassThrough()
  const type = verb === 'result' ? 'application/json' : 'text/plain; charset=utf-8'
  const { from = 0 } = request.query as { readonly from?: string }
  const id = refOf(request)
  const input = verb === 'log' ? { id, follow: true, raw: true, from: Number(from) } : { id }
  return new Promise((resolve, reject) => {
    let hasBegun = false
    const begin = () => {
      if (hasBegun) return
      hasBegun = true
      resolve(reply.type(type).send(bytes))
    }
    const waiting = verb === 'log' ? setTimeout(begin, 1_000) : undefined
    const tell: typeof called.context.tell = (event) => {
      if (event.kind !== 'log') return called.context.tell(event)
      begin()
      bytes.write(event.chunk)
    }
    perform(verb, { ...called.context, tell, room: () => roomIn(bytes) }, input).then(
      ({ problems }) => {
        clearTimeout(waiting)
        if (!hasBegun && problems.length > 0) return resolve(sendProblems(reply, problems))
        begin()
        bytes.end()
      },
      (error: unknown) => {
        clearTimeout(waiting)
        if (hasBegun) bytes.destroy(error instanceof Error ? error : new Error(String(error)))
        else reject(error)
      },
    )
  })
}

/** What nobody reads is not gathered here. */
function roomIn(bytes: PassThrough): Promise<void> {
  if (!bytes.writableNeedDrain || bytes.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      bytes.off('drain', end).off('close', end)
      resolve()
    }
    bytes.once('drain', end).once('close', end)
  })
}
