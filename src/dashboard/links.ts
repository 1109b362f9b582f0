/** Where things are shown. */
import { link } from './router.ts'

export type Parameters = Readonly<Record<string, string | undefined>>

export function queueHref(queue: string, parameters: Parameters = {}): string {
  return link(['queues', queue], parameters)
}

/** `id`: its id, or the name of a file that was dropped and has none yet. */
export function itemHref(queue: string, id: string): string {
  return link(['items', queue, id])
}
