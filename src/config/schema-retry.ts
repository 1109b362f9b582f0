/** Keys for what follows a failure (docs/RETRY.md). */
import * as v from 'valibot'
import { type GiveUp, GROWTHS, RETRY_CAUSES, type RetryPolicy, type RuleParts, retryPolicy } from '../domain/retry.ts'
import { count, described, duration, exitCode, word } from './forms.ts'

/** Each attempt is kept in the item's `msg`, from which they are counted. */
const MOST_RETRIES = 1000
const BACKOFF = 'must be "constant", "linear", "exponential", or a list of durations'
const GIVE_UP = 'must be "fail", or {"relay_to": QUEUE}'

function factorFrom(from: number, to: number) {
  const message = `must be a number from ${from} to ${to}`
  return v.pipe(v.number(message), v.minValue(from, message), v.maxValue(to, message))
}

const ruleKeys = {
  limit: described(
    count(-1, MOST_RETRIES),
    'How often a failure is tried again; -1: as often as max_attempts allows. Default: 0.',
  ),
  backoff: described(
    v.union([v.picklist(GROWTHS), v.pipe(v.array(duration), v.minLength(1))], BACKOFF),
    'How the delays grow; a list holds them itself, and its last one counts beyond its end. Default: exponential.',
  ),
  base: described(duration, 'The first delay. Default: 10s.'),
  factor: described(factorFrom(1, 100), 'What an exponential delay grows by each time. Default: 2.'),
  max: described(duration, 'No delay grows beyond it; a list says its own. Default: 1h.'),
  jitter: described(factorFrom(0, 10), 'So much of the delay is added at random: 0.1 is up to a tenth. Default: 0.1.'),
  queue: described(word, 'The queue of the same root in which the retry runs. Default: its own.'),
  on_give_up: described(
    v.union([v.literal('fail'), v.strictObject({ relay_to: word })], GIVE_UP),
    'What becomes of an item that is not tried again: "fail" leaves it in _err, {"relay_to": QUEUE} hands it on.',
  ),
} as const

const RULE = 'must be an object with keys of `retry`'
const rule = v.strictObject(ruleKeys, RULE)
/** An item names no queue for its retries: it would be moved there unasked. */
const { queue: _queue, ...itemRuleKeys } = ruleKeys

const FATAL = 'must be exit codes from 1 to 255'
const fatalCodes = v.array(v.pipe(v.number(FATAL), v.integer(FATAL), v.minValue(1, FATAL), v.maxValue(255, FATAL)))

type Rule = typeof rule

function causesOf(one: v.GenericSchema) {
  const each = Object.fromEntries(RETRY_CAUSES.map((cause) => [cause, v.optional(one)]))
  return each as { [K in (typeof RETRY_CAUSES)[number]]: v.OptionalSchema<Rule, undefined> }
}

function retryOf(keys: typeof ruleKeys, one: Rule) {
  return v.strictObject(
    {
      ...keys,
      exits: described(
        v.record(exitCode, one, 'must be an object: exit code -> what is otherwise'),
        'What is otherwise for an exit code.',
      ),
      causes: described(
        v.strictObject(causesOf(one), 'must be an object: cause -> what is otherwise'),
        `What is otherwise for a cause: ${RETRY_CAUSES.join(', ')}.`,
      ),
      fatal: described(fatalCodes, 'Exit codes that are never retried, whatever else says.'),
    },
    'must be an object',
  )
}

const retry = retryOf(ruleKeys, rule)

/** What a message may say for its own item. */
export const itemRetry = described(
  retryOf(itemRuleKeys as typeof ruleKeys, v.strictObject(itemRuleKeys, RULE) as unknown as Rule),
  'What a failure is followed by, but for the queue of its retries.',
)

export const retryKeys = {
  retry: described(retry, 'What a failure is followed by. Default: no retry.'),
} as const

export const DEFAULT_RETRY_SETTINGS = {
  limit: 0,
  backoff: 'exponential',
  base: '10s',
  factor: 2,
  max: '1h',
  jitter: 0.1,
  on_give_up: 'fail',
} as const

type RetrySettings = v.InferOutput<typeof retry>
type Outer = RetrySettings & { readonly [K in keyof typeof DEFAULT_RETRY_SETTINGS]: NonNullable<RetrySettings[K]> }

/** Of a merge that holds the defaults. */
export function readRetry(settings: RetrySettings): RetryPolicy {
  const { limit, backoff, base, factor, max, jitter, queue, on_give_up } = settings as Outer
  const outer = { limit, backoff, base, factor, max, jitter, queue, onGiveUp: on_give_up }
  const { exits = {}, causes: given = {}, fatal = [] } = settings
  const exitParts = Object.fromEntries(Object.entries(exits).map(([code, parts]) => [code, partsOf(parts)]))
  const causeParts = Object.fromEntries(
    Object.entries(given).flatMap(([cause, parts]) => (parts === undefined ? [] : [[cause, partsOf(parts)]])),
  )
  return retryPolicy(outer, exitParts, causeParts, fatal)
}

function partsOf({ on_give_up, ...parts }: v.InferOutput<typeof rule>): RuleParts {
  return { ...parts, onGiveUp: on_give_up satisfies GiveUp | undefined }
}
