/**
 * What every key is when nobody says anything, in the words of a config.json: `rq config` prints these as they stand.
 * A key that is not here is off by default.
 */
import { availableParallelism } from 'node:os'
import { DEFAULT_EXIT_CODES } from '../domain/policy.ts'
import type { QueueInput } from './schema.ts'
import { DEFAULT_RETRY_SETTINGS } from './schema-retry.ts'

/** `$RQ_TERM_TIMEOUT` in seconds, of the daemon's environment, stands in where no file says anything. */
function defaultTermTimeout(): string {
  const given = process.env['RQ_TERM_TIMEOUT'] ?? ''
  return /^\d{1,6}(\.\d+)?$/.test(given) ? `${given}s` : '4s'
}

export function defaultSettings() {
  return {
    handler: './handler',
    exec_prefix: [],
    env: {},
    slots: availableParallelism(),
    nice: 0,
    settle: '1s',
    max_attempts: 15,
    retry: DEFAULT_RETRY_SETTINGS,
    reschedule_after: '60s',
    exit_codes: DEFAULT_EXIT_CODES,
    handshake: 'none',
    cgroup: 'auto',
    dup: false,
    max_log: '64M',
    term_timeout: defaultTermTimeout(),
    durability: 'group',
    dirs: { prep: 'prep', que: 'que', run: 'run', pause: 'pause', done: 'done', relayed: 'relayed', _err: '_err' },
    shared: false,
    keep: { prep: '36h', trash: '7d', every: '10m' },
    archive: { dir: 'archive', states: [] },
    alerts: {
      to: [],
      on: { failed: true, gave_up: true, down: true },
      every: '15m',
      repeat: '1d',
      queue: 'alerts',
      smtp: 'smtp://127.0.0.1:25',
    },
    hooks: { timeout: '60s' },
    no_new_privs: false,
    limits: {},
    stats: { minutes: '7d', hours: '400d' },
  } as const satisfies QueueInput
}
