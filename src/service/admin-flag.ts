/** An administrator's flag of a queue or a root: a file made by `touch` and taken away by `rm`, and on the disk before anybody is told. */
import { QueueIoError } from '../fsqueue/errors.ts'
import { removeFile } from '../fsqueue/files.ts'
import { hasFlag, setFlag } from '../fsqueue/layout.ts'
import { type BytePath, inQueue } from '../fsqueue/place.ts'
import { syncInOrder } from '../fsqueue/sync.ts'
import { type Answer, type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { openQueue } from './spool.ts'

export interface Switched {
  readonly queue: string
  /** false: it was so already. */
  readonly changed: boolean
}

/** The same flag of several queues; what is wrong with one keeps nobody from the others. */
export async function switchQueues(
  context: Context,
  names: readonly string[],
  flag: '_paused' | '_down',
  on: boolean,
): Promise<Answer<readonly Switched[]>> {
  const value: Switched[] = []
  const problems: Problem[] = []
  for (const name of names) {
    const queue = await openQueue(context.root, name)
    if ('kind' in queue) {
      problems.push(queue)
      continue
    }
    try {
      value.push({ queue: queue.name, changed: await switchFlag(inQueue(queue.dir, flag), on) })
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      problems.push(problem('failed', error.message))
    }
  }
  return { value, problems }
}

/** false: it was so already. */
export async function switchFlag(flag: BytePath, on: boolean): Promise<boolean> {
  const was = hasFlag(flag)
  if (on) setFlag(flag)
  else removeFile(flag)
  await syncInOrder([flag.slice(0, flag.lastIndexOf('/')) as BytePath])
  return was !== on
}
