/** What takes long goes in slices, and ends between two of them when it is told to. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Stopped } from '../fsqueue/errors.ts'

const SLICE = 128
const LONGEST_REST_MS = 50

/** Works in slices and rests between them: others want the disk, too. `tell`: called at each step. */
export function pacer(cancelled: AbortSignal, tell = (): void => undefined): () => Promise<void> {
  let steps = 0
  let begun = performance.now()
  return async () => {
    if (cancelled.aborted) throw new Stopped()
    tell()
    steps += 1
    if (steps % SLICE !== 0) return
    await sleep(Math.min(LONGEST_REST_MS, (performance.now() - begun) / 2))
    begun = performance.now()
  }
}
