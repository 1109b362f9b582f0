/** The API: a route for each verb, and the few that answer with bytes. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { VerbName } from '../service/registry.ts'
import { needs } from './access.ts'
import { call } from './calls.ts'
import { streamEvents, wantsStream } from './events.ts'
import { addInject } from './inject.ts'
import { addItemRoutes } from './items.ts'
import { lingerAtEnd } from './lingering.ts'
import type { Live } from './live.ts'
import { addProbes } from './probes.ts'
import { callerOf } from './request.ts'
import { ROUTES, type Route } from './routes.ts'
import type { ServerOptions } from './server.ts'
import { sendHead } from './sse.ts'

const BASE = '/api/v1'

export async function addApi(scope: FastifyInstance, options: ServerOptions, live: Live): Promise<void> {
  for (const [name, routes] of Object.entries(ROUTES) as [VerbName, readonly Route[]][]) {
    for (const route of routes) if (route.own !== true) addVerb(scope, options, name, route)
  }
  // Answered before its body was read to the end: nothing more can come over this connection.
  scope.addHook('onSend', async (request, reply) => {
    if (request.raw.complete) return
    reply.header('connection', 'close')
    lingerAtEnd(request.raw.socket)
  })
  addItemRoutes(scope, options.root)
  await addInject(scope, options.root)
  addProbes(scope, options.root)
  const description = readFileSync(join(__dirname, 'openapi.json'))
  scope.get(`${BASE}/openapi.json`, (_request, reply) => reply.type('application/json').send(description))
  scope.get(`${BASE}/session`, { preHandler: needs('viewer') }, (request) => callerOf(request))
  scope.get(`${BASE}/live`, { preHandler: needs('viewer') }, (request, reply) =>
    request.method === 'HEAD' ? sendHead(reply) : live.join(reply),
  )
}

function addVerb(scope: FastifyInstance, options: ServerOptions, name: VerbName, route: Route): void {
  scope.route({
    method: route.method,
    url: `${BASE}${route.path}`,
    preHandler: needs(route.role),
    handler: (request, reply) =>
      name === 'events' && wantsStream(request)
        ? streamEvents(options.root, request, reply)
        : call(options.root, name, route, request, reply),
  })
}
