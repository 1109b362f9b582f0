/** `rq graph`: how the queues hand items to one another, from their configuration and from what happened lately. */
import { type Configured, configuredEdges, type Edge, edgesOf, queueOf } from '../domain/graph.ts'
import { parseItemName } from '../domain/name.ts'
import { formOf, messageOf } from '../fsqueue/content.ts'
import { unlessDenied } from '../fsqueue/errors.ts'
import { place } from '../fsqueue/place.ts'
import { itemsOf } from '../fsqueue/scan.ts'
import { type Answer, ok } from './answer.ts'
import { lastEvents } from './event-log.ts'
import { type QueueRow, queues as queuesVerb } from './queues.ts'
import { loadConfig, openQueue, type Queue } from './spool.ts'
import { oneByOne } from './turns.ts'
import { defineVerb } from './verb.ts'

/** The newest that a queue relayed, a message each. */
const MOST_RELAYED = 200
/** Of the end of its log. */
const LOG_BYTES = 256 * 1024

export interface GraphNode extends Pick<QueueRow, 'counts' | 'capped' | 'paused' | 'down'> {
  readonly name: string
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly Edge[]
  /** Where edges lead to, and there is no such queue. */
  readonly missing: readonly string[]
}

export const graph = defineVerb({
  summary: 'how queues hand items to one another',
  details:
    'Edges are what the configuration says (relay, retry, alert, schedule) and what happened (also dup, and dest: where the item itself said), ' +
    `with how often: of the newest ${MOST_RELAYED} that each queue relayed, and of the last ${LOG_BYTES / 1024} KiB of its log.`,
  arguments: { queue: { type: 'queue', summary: 'only what leads from these', many: true, optional: true } },
  options: {},
  examples: [{ command: 'rq graph', says: 'all of them' }],
  run: async (context, input): Promise<Answer<Graph>> => {
    const { value, problems } = await queuesVerb.run(context, input)
    if (value === undefined) return { value, problems }
    const edges: Edge[] = []
    for await (const { name } of oneByOne(value.queues)) {
      const queue = await openQueue(context.root, name)
      // It was removed meanwhile.
      if ('kind' in queue) continue
      const loaded = await loadConfig(context.root, queue.name)
      const configured = 'config' in loaded ? configuredEdges(name, loaded.config) : []
      edges.push(...edgesOf(name, configured, seenFrom(queue, alertsQueue(configured))))
    }
    const nodes = value.queues.map(({ name, counts, capped, paused, down }) => ({ name, counts, capped, paused, down }))
    const missing = await absent(context.root, edges)
    return ok({ nodes, edges, missing }, problems)
  },
})

async function absent(root: string, edges: readonly Edge[]): Promise<string[]> {
  const names = [...new Set(edges.map(({ to }) => to))].toSorted()
  const missing: string[] = []
  for (const name of names) if ('kind' in (await openQueue(root, name))) missing.push(name)
  return missing
}

type Seen = Configured & { readonly times: number }

/** What was relayed lies in relayed/ and stands in the log: it is counted once. */
function seenFrom(queue: Queue, alerts: string): Seen[] {
  const seen: Seen[] = []
  const relays = new Map<string, Configured>()
  for (const [id, to] of relayedItems(queue)) relays.set(`${id} ${to}`, { to, kind: 'relay' })
  for (const entry of lastEvents(queue.dir, queue.name, LOG_BYTES)) {
    const { kind, id, to, why, sent, retryQueue } = entry
    if (kind === 'published' && typeof to === 'string') {
      if (why === 'dup') seen.push({ to, kind: 'dup', times: 1 })
      else relays.set(`${String(id)} ${to}`, { to, kind: 'relay' })
    } else if (kind === 'item-ended' && typeof retryQueue === 'string')
      seen.push({ to: retryQueue, kind: 'retry', times: 1 })
    else if (kind === 'schedule-fired') seen.push({ to: queue.name, kind: 'schedule', times: 1 })
    else if (kind === 'alerted' && typeof sent === 'number') seen.push({ to: alerts, kind: 'alert', times: sent })
  }
  return [...seen, ...[...relays.values()].map((edge) => ({ ...edge, times: 1 }))]
}

/** The log does not say where alerts went; the configuration says where they go. */
function alertsQueue(configured: readonly Configured[]): string {
  return configured.find(({ kind }) => kind === 'alert')?.to ?? 'alerts'
}

function* relayedItems(queue: Queue): Generator<[string, string]> {
  let left = MOST_RELAYED
  for (const at of itemsOf(queue.dir, 'relayed')) {
    if (left <= 0) return
    left -= 1
    const path = place(queue.dir, at.state, at.raw, at.bucket)
    const form = formOf(path, at.raw)
    const reading = form === undefined ? undefined : unlessDenied(() => messageOf(path, form), undefined)
    const last = reading?.kind === 'msg' ? reading.msg.attempts?.at(-1) : undefined
    // What its handler relayed itself went nowhere that we know.
    if (last?.verdict === 'relay' && last.to !== undefined) yield [String(parseItemName(at.raw).id), queueOf(last.to)]
  }
}
