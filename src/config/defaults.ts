/**
 * What every key is when nobody says anything, in the words of a config.json: `rq config` prints these as they stand.
 * A key that is not here is off by default.
 */
import { availableParallelism } from 'node:os'
import { DEFAULT_EXIT_CODES } from '../domain/policy.ts'
import type { QueueInput } from './schema.ts'

export function defaultSettings() {
  return {
    handler: './handler',
    exec_prefix: [],
    env: {},
    slots: availableParallelism(),
    nice: 0,
    settle: '1s',
    max_attempts: 15,
    retry: { limit: 0, delay: '60s' },
    reschedule_after: '60s',
    exit_codes: DEFAULT_EXIT_CODES,
    handshake: 'none',
    dup: false,
    max_log: '64M',
    term_timeout: '4s',
    durability: 'group',
    dirs: { prep: 'prep', que: 'que', run: 'run', pause: 'pause', done: 'done', relayed: 'relayed', _err: '_err' },
    shared: false,
    stats: { minutes: '7d', hours: '400d' },
  } as const satisfies QueueInput
}
