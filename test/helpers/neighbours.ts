import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openQueue, type TestQueue, testQueue } from './worker.ts'

/** A queue `source`, and beside it in the same root `target`, at which no worker works. */
export function neighbours(program: string, config: object = {}): { queue: TestQueue; target: TestQueue } {
  const queue = testQueue(program, config, 'source')
  const path = join(dirname(queue.path), 'target')
  for (const dir of ['que', 'prep', 'run']) mkdirSync(join(path, dir), { recursive: true })
  return { queue, target: openQueue(path) }
}
