/** What one queue does with another, in words. */
import type { EdgeKind } from '../../domain/graph.ts'
import type { Graph } from '../../service/graph.ts'

export const KINDS = {
  relay: 'hands on',
  dup: 'copies to',
  retry: 'retries in',
  alert: 'alerts',
  schedule: 'comes by itself',
  dest: 'where the item says',
} as const satisfies Record<EdgeKind, string>

/** What is missing, and not only because no alert had to be sent yet: its queue is made when it is needed. */
export function trulyMissing({ missing, edges }: Graph): readonly string[] {
  return missing.filter((name) => edges.some(({ to, kind }) => to === name && kind !== 'alert'))
}
