/** What may stand in a config.json: the keys, their forms, and what each is for (docs/config.schema.json). */
import * as v from 'valibot'
import { EXIT_MEANINGS } from '../domain/policy.ts'
import { argv, count, described, duration, exitCode, flag, size, word } from './forms.ts'
import { alertKeys } from './schema-alerts.ts'
import { flowKeys } from './schema-flow.ts'
import { hooksKeys } from './schema-hooks.ts'
import { httpKeys } from './schema-http.ts'
import { keepKeys } from './schema-keep.ts'
import { cgroupKeys, limitKeys } from './schema-limits.ts'
import { poolKeys } from './schema-pools.ts'
import { pressureKeys } from './schema-pressure.ts'
import { itemRetry, retryKeys } from './schema-retry.ts'
import { runAsKeys } from './schema-run-as.ts'
import { scheduleKeys } from './schema-schedule.ts'
import { statsKeys } from './schema-stats.ts'

const dirName = v.pipe(
  v.string('must be a text'),
  v.regex(/^(?!\.)[^/\u0000-\u001f\u007f]{1,200}$/, 'must be one plain directory name, without "/" or a leading dot'),
)

/** Each is kept in the item's `msg`, from which they are counted. */
const MOST_ATTEMPTS = 1000

const dirs = v.strictObject(
  {
    prep: described(dirName, 'Items being built.'),
    que: described(dirName, 'Items waiting.'),
    run: described(dirName, 'Items being run.'),
    pause: described(dirName, 'Items held.'),
    done: described(dirName, 'Items finished.'),
    relayed: described(dirName, 'Items handed to another queue.'),
    _err: described(dirName, 'Items failed for good.'),
  },
  'must be an object: state -> directory name',
)

const envName = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is no name for an environment variable'))
const envValue = v.pipe(v.string('must be a text'), v.regex(/^[^\0]*$/, 'must not hold a NUL character'))
const handlerWord = v.pipe(
  v.string('must be a text'),
  v.nonEmpty('must not be empty'),
  v.regex(/^(?!@)[^\0]*$|^@alert$/, 'is no handler that comes with rqd: there is "@alert"'),
)

/** Keys of a queue; every one has a default. */
export const queueKeys = {
  handler: described(
    v.union([handlerWord, v.pipe(argv, v.minLength(1))], 'must be a path, @alert, or a list of program and arguments'),
    'The program run for each item: a path (relative to the queue), one that comes with rqd (@alert), or a list of program and arguments. Default: ./handler.',
  ),
  exec_prefix: described(argv, 'Put before the handler: ["ionice", "-c3"].'),
  env: described(
    v.record(envName, envValue, 'must be an object: name -> text'),
    'Added to the environment of the handler.',
  ),
  ...flowKeys,
  nice: described(count(-20, 19), 'Nice level of the handler. Default: 0.'),
  settle: described(
    duration,
    'How long a dropped file must have been still. 0 where producers rename into que/. Default: 1s.',
  ),
  marker: described(
    v.pipe(
      v.string('must be a text'),
      v.regex(/^\.[^/,\u0000-\u001f\u007f]{1,30}$/, 'must begin with a dot, such as ".done"'),
    ),
    'A file x waits for x plus this, as in ".done".',
  ),
  max_attempts: described(count(1, MOST_ATTEMPTS), 'Counted attempts before an item fails for good. Default: 15.'),
  ...retryKeys,
  ...limitKeys,
  ...cgroupKeys,
  ...pressureKeys,
  reschedule_after: described(duration, 'How long exit 75 and 111 wait, unless the handler says. Default: 60s.'),
  exit_codes: described(
    v.record(
      exitCode,
      v.picklist(EXIT_MEANINGS, `must be one of ${EXIT_MEANINGS.join(', ')}`),
      'must be an object: exit code -> meaning',
    ),
    'What an exit code means, where it differs from the defaults.',
  ),
  handshake: described(
    v.picklist(['none', 'required'], 'must be "none" or "required"'),
    'required: without a verdict line on fd 3 there is no success. Default: none.',
  ),
  relay_to: described(word, 'The queue that exit 99 relays to, if the message names none.'),
  dup: described(flag, 'Handlers may copy their message to other queues. Default: false.'),
  max_log: described(size, 'What the log of one item may take. Default: 64M.'),
  term_timeout: described(duration, 'From TERM to KILL. Default: 4s.'),
  durability: described(
    v.picklist(['full', 'group', 'none'], 'must be "full", "group" or "none"'),
    'full: one fsync per item; group: concurrent requests share one; none: up to the kernel. Default: group.',
  ),
  dirs: described(dirs, 'Other names for the state directories.'),
  shared: described(flag, 'Opens que/ and prep/ to the group. Default: false.'),
  ...keepKeys,
  ...scheduleKeys,
  ...alertKeys,
  ...hooksKeys,
  ...runAsKeys,
  ...statsKeys,
} as const

/** What a message may say otherwise for its own item (`policy` in `msg`). */
const { max_attempts, reschedule_after, relay_to, max_log, term_timeout } = queueKeys
export const ItemPolicy = v.strictObject(
  { retry: itemRetry, max_attempts, reschedule_after, relay_to, max_log, term_timeout, ...limitKeys },
  'must be an object',
)

const queueSection = v.strictObject(queueKeys, 'must be an object')
const schemaLink = described(v.string('must be a text'), 'For editors: where the schema lies.')

/** `$ROOT/queue/NAME/config.json`. */
export const QueueFile = v.strictObject({ $schema: schemaLink, ...queueKeys }, 'must be an object')

/** `$ROOT/config.json`. */
export const RootFile = v.strictObject(
  {
    $schema: schemaLink,
    warm_workers: described(count(0, 10_000), 'How many workers stay when they have no work. Default: 16.'),
    ...poolKeys,
    ...httpKeys,
    queue: described(queueSection, 'Defaults for all queues.'),
  },
  'must be an object',
)

/** As it stands in a file. */
export type QueueInput = v.InferInput<typeof queueSection>
/** Read: durations in milliseconds, sizes in bytes. */
export type QueueSettings = v.InferOutput<typeof queueSection>

/** Of a merge of settings that were checked one by one. */
export function readSettings(settings: unknown): QueueSettings {
  return v.parse(queueSection, settings)
}
