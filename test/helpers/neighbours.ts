import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { bootId } from '../../src/os/process.ts'
import { newId, openQueue, type TestQueue, testQueue } from './worker.ts'

/** A queue `source`, and beside it in the same root `target`, at which no worker works. */
export function neighbours(program: string, config: object = {}): { queue: TestQueue; target: TestQueue } {
  const queue = testQueue(program, config, 'source')
  const path = join(dirname(queue.path), 'target')
  for (const dir of ['que', 'prep', 'run']) mkdirSync(join(path, dir), { recursive: true })
  return { queue, target: openQueue(path) }
}

/** In run/, its verdict written: to be retried in `other`; and not moved. */
export function recordedRetry(queue: TestQueue, other: string): string {
  const id = newId()
  const dir = join(queue.path, 'run', id)
  mkdirSync(join(dir, 'job'), { recursive: true })
  const attempts = [{ n: 1, verdict: 'reschedule', to: 'que', queue: other, due: 1_900_000_000, exit: 1 }]
  writeFileSync(join(dir, 'msg'), JSON.stringify({ attempts }))
  writeFileSync(join(dir, 'attempt.1'), `#1   \n# 999999 1 ${bootId()}\n#status\n`)
  writeFileSync(join(dir, 'started.1'), '')
  return id
}
