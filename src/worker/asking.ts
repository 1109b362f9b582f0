/** Asking the queue that a copy shall go to: its hook `enqueue` may refuse it. */
import { readlinkSync } from 'node:fs'
import { type ItemId, parseItemId } from '../domain/name.ts'
import { askEnqueue, hasEnqueueHook } from '../fsqueue/enqueue-hook.ts'
import { attachments } from '../fsqueue/message.ts'
import { queueDir, toBytes, within } from '../fsqueue/place.ts'
import { type Copy, copyMsg, type Neighbour, neighbour } from './neighbours.ts'
import { runPath } from './run.ts'
import type { Settled } from './verdict.ts'
import type { Worker } from './worker.ts'

/** Has that queue, a neighbour that was found, such a hook? */
export function asksFirst(name: string | undefined): boolean {
  return name !== undefined && hasEnqueueHook(queueDir(`../${name}`))
}

/** Why the queue that a settled item is relayed to does not take it, or undefined. */
export async function askAboutRelay(worker: Worker, { ended, msg }: Settled): Promise<string | undefined> {
  const as = msg.relay === undefined ? undefined : parseItemId(msg.relay.id)
  if (msg.relay === undefined || as === undefined) return undefined
  const target = neighbour(msg.relay.to, worker.root)
  if (target.kind !== 'ok') return undefined
  const item = runPath(worker.options.queue, ended)
  const veto = await askAbout(worker, target, { as, item, id: ended.id, msg })
  return veto === undefined ? undefined : `relay to ${target.name}: ${veto}`
}

export async function askAbout(
  worker: Worker,
  target: Extract<Neighbour, { kind: 'ok' }>,
  copy: Pick<Copy, 'item' | 'id' | 'msg'> & { readonly as: ItemId },
): Promise<string | undefined> {
  if (!hasEnqueueHook(target.queue)) return undefined
  const attached = attachments(copy.item)
  const here = toBytes(readlinkSync('/proc/self/cwd'))
  const names = attached.kind === 'ok' ? attached.names : []
  return askEnqueue(target.queue, {
    queueName: target.name,
    root: worker.options.root,
    id: copy.as,
    msg: copyMsg(copy, target.name),
    paths: names.map((name) => within(copy.item, 'attach', name)).map((path) => `${here}/${path}` as typeof path),
    timeoutMs: target.config.hooks.timeout,
  })
}
