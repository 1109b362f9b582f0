/** How queues hand items to one another: what their configuration says, and what was seen. Pure. */
import type { AlertPolicy } from './alerts.ts'
import type { QueueConfig } from './policy.ts'
import type { GiveUp } from './retry.ts'

/** `dest`: it went where the item itself said. A schedule leads from a queue to itself. */
export const EDGE_KINDS = ['relay', 'dup', 'retry', 'alert', 'schedule', 'dest'] as const
export type EdgeKind = (typeof EDGE_KINDS)[number]

export interface Edge {
  readonly from: string
  readonly to: string
  readonly kind: EdgeKind
  /** How often it happened, as far as was looked. */
  readonly seen: number
  /** The configuration says so. */
  readonly configured: boolean
}

export type Configured = Pick<Edge, 'to' | 'kind'>

/** Where a queue's configuration leads. `queue`: its name. */
export function configuredEdges(queue: string, { policy, alerts, schedules }: QueueConfig): Configured[] {
  const { relayTo, retry } = policy
  const rules = [retry, ...Object.values(retry.exits), ...Object.values(retry.causes)]
  return unique([
    ...targets('relay', [relayTo, ...rules.map(({ onGiveUp }) => givenUp(onGiveUp))]),
    ...targets(
      'retry',
      rules.map(({ queue: elsewhere }) => elsewhere),
    ),
    ...targets('alert', [alertsTo(alerts)]),
    ...(schedules.length === 0 ? [] : [{ to: queue, kind: 'schedule' as const }]),
  ]).filter(({ to, kind }) => kind === 'schedule' || to !== queue)
}

function targets(kind: EdgeKind, to: readonly (string | undefined)[]): Configured[] {
  return to.flatMap((one) => (one === undefined ? [] : [{ to: queueOf(one), kind }]))
}

/** RQ writes `/q/name`. */
export function queueOf(dest: string): string {
  return dest.replace(/^\/q\//, '')
}

function givenUp(onGiveUp: GiveUp): string | undefined {
  return onGiveUp === 'fail' ? undefined : onGiveUp.relay_to
}

function alertsTo({ to, queue }: AlertPolicy): string | undefined {
  return to.length === 0 ? undefined : queue
}

function unique(edges: readonly Configured[]): Configured[] {
  return [...new Map(edges.map((edge) => [`${edge.kind} ${edge.to}`, edge])).values()]
}

/** What was seen, added to what is configured: a relay to where the configuration leads is one, any other is the item's own. */
export function edgesOf(
  from: string,
  configured: readonly Configured[],
  seen: Iterable<Configured & { readonly times: number }>,
): Edge[] {
  const edges = new Map<string, Edge>()
  for (const { to, kind } of configured) edges.set(`${kind} ${to}`, { from, to, kind, seen: 0, configured: true })
  for (const { to, kind: told, times } of seen) {
    const kind = told === 'relay' && !edges.has(`relay ${to}`) ? 'dest' : told
    const key = `${kind} ${to}`
    const edge = edges.get(key) ?? { from, to, kind, seen: 0, configured: false }
    edges.set(key, { ...edge, seen: edge.seen + times })
  }
  return [...edges.values()]
}
