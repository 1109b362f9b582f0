/**
 * For ten minutes after an unclean boot a claim is put on the disk before it runs: an item that takes the
 * machine down must be found in run/, and counted.
 */
import { attemptPath } from '../fsqueue/attempt.ts'
import { type QueueDir, stateDir } from '../fsqueue/place.ts'
import { syncNow } from '../fsqueue/sync.ts'
import { runPath } from './run.ts'

export function syncClaim(
  queue: QueueDir,
  item: { readonly name: Parameters<typeof runPath>[1]['name']; readonly attempt: number },
): void {
  const path = runPath(queue, item)
  for (const each of [attemptPath(path, item.attempt), path, stateDir(queue, 'run'), stateDir(queue, 'que')])
    syncNow(each)
}
