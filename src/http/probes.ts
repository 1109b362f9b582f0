/** What machines ask: is it alive, is it ready, how much is there. */
import type { FastifyInstance } from 'fastify'
import { daemonRuns } from '../service/daemon.ts'
import { MetricsMemory, metricsText } from '../service/metrics.ts'
import { rootProblem } from '../service/spool.ts'
import { needs } from './access.ts'
import { contextFor } from './context.ts'

/** `/healthz` and `/readyz` tell nothing but a word, so nobody is asked who he is. */
export function addProbes(scope: FastifyInstance, root: string): void {
  scope.get('/healthz', (_request, reply) => reply.type('text/plain').send('ok\n'))
  scope.get('/readyz', async (_request, reply) => {
    const isReady = rootProblem(root) === undefined && (await daemonRuns(root))
    return reply
      .code(isReady ? 200 : 503)
      .type('text/plain')
      .send(isReady ? 'ready\n' : 'no daemon runs on this root\n')
  })
  const memory = new MetricsMemory()
  scope.get('/metrics', { preHandler: needs('viewer') }, async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metricsText(contextFor(root), memory)),
  )
}
