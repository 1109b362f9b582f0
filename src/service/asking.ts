/** `rq inject` into a queue with a hook `enqueue`: each item is asked for before it is published. */
import { displayName } from '../domain/name.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { askEnqueue } from '../fsqueue/enqueue-hook.ts'
import { type BytePath, toBytes } from '../fsqueue/place.ts'
import type { Draft } from '../fsqueue/publish.ts'
import { type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import type { Queue } from './spool.ts'

/** What the hook says against it, or undefined. */
export async function askFirst(
  context: Context,
  queue: Queue,
  config: QueueConfig,
  { id, msg, attach }: Draft,
): Promise<Problem | undefined> {
  const paths = attach.flatMap(({ source }) => (source.kind === 'data' ? [] : [absolute(source.path)]))
  const about = { queueName: queue.name, root: context.root, id, msg, paths, timeoutMs: config.hooks.timeout }
  const veto = await askEnqueue(queue.dir, about)
  const name = attach.map((file) => displayName(file.name)).join(', ')
  return veto === undefined ? undefined : problem('failed', `${name || id} is not taken: ${veto}`)
}

function absolute(path: BytePath): BytePath {
  return (path.startsWith('/') ? path : `${toBytes(process.cwd())}/${path}`) as BytePath
}
