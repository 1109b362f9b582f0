/** A queue that is to take items: there, not down, its configuration in order, its directories made and on the disk. */
import type { QueueConfig } from '../domain/policy.ts'
import { ensureQueue } from '../fsqueue/layout.ts'
import { syncInOrder } from '../fsqueue/sync.ts'
import { type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { isDown, loadConfig, openQueue, pathTo, type Queue } from './spool.ts'

export interface Accepting {
  readonly queue: Queue
  readonly config: QueueConfig
  /** Is what is acknowledged to survive a power cut? */
  readonly durable: boolean
}

export async function acceptingQueue(context: Context, name: string): Promise<Accepting | Problem> {
  const queue = await openQueue(context.root, name)
  return 'kind' in queue ? queue : accepting(context, queue)
}

export async function accepting(context: Context, queue: Queue): Promise<Accepting | Problem> {
  if (isDown(queue.dir)) return problem('busy', `queue ${queue.name} is down and takes nothing (its _down says so)`)
  const loaded = await loadConfig(context.root, queue.name)
  if ('problem' in loaded) return problem('failed', `queue ${queue.name}: ${loaded.problem}`)
  ensureQueue(queue.dir, loaded.config.shared)
  const durable = loaded.config.durability !== 'none'
  // A queue may be a directory that somebody made a moment ago.
  if (durable) await syncInOrder(pathTo(context.root, queue.dir))
  return { queue, config: loaded.config, durable }
}
