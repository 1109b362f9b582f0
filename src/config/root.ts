/** Which root a command means. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** `--root`, else `$RQ_ROOT`, else /var/spool/rqd for root and ~/.local/state/rqd for others. */
export function resolveRoot(option?: string, env: NodeJS.ProcessEnv = process.env): string {
  if (option !== undefined && option !== '') return resolve(option)
  const fromEnv = env['RQ_ROOT']
  if (fromEnv !== undefined && fromEnv !== '') return resolve(fromEnv)
  return process.getuid?.() === 0 ? '/var/spool/rqd' : join(homedir(), '.local', 'state', 'rqd')
}

/** `$ROOT/queue/NAME`. */
export function queuePath(root: string, queue: string): string {
  return join(root, 'queue', queue)
}
