/** What may stand in a config.json: the keys, their forms, and what each is for (docs/config.schema.json). */
import * as v from 'valibot'
import { EXIT_MEANINGS } from '../domain/policy.ts'
import { argv, count, described, duration, exitCode, flag, size, word } from './forms.ts'
import { flowKeys } from './schema-flow.ts'

const dirName = v.pipe(
  v.string('must be a text'),
  v.regex(/^(?!\.)[^/\u0000-\u001f\u007f]{1,200}$/, 'must be one plain directory name, without "/" or a leading dot'),
)

/** Each is kept in the item's `msg`, from which they are counted. */
const MOST_ATTEMPTS = 1000

const retry = v.strictObject(
  {
    limit: described(count(0, MOST_ATTEMPTS), 'How often a plain failure becomes a reschedule.'),
    delay: described(duration, 'How long each of these retries waits.'),
  },
  'must be an object with `limit` and `delay`',
)

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
/** Keys of a queue; every one has a default. */
export const queueKeys = {
  handler: described(
    v.union([word, v.pipe(argv, v.minLength(1))], 'must be a path, or a list of program and arguments'),
    'The program run for each item: a path (relative to the queue), or a list of program and arguments. Default: ./handler.',
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
  retry: described(retry, 'What a plain failure (exit 1) is followed by. Default: no retry.'),
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
} as const

/** What a message may say otherwise for its own item (`policy` in `msg`). */
const { retry: itemRetry, max_attempts, reschedule_after, relay_to, max_log, term_timeout } = queueKeys
export const ItemPolicy = v.strictObject(
  { retry: itemRetry, max_attempts, reschedule_after, relay_to, max_log, term_timeout },
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
