/** Keys of flow: classes of slots, weights, rates, concurrency and order by key (docs/FLOW.md). */
import * as v from 'valibot'
import type { Rate } from '../domain/flow.ts'
import { count, described, duration, say } from './forms.ts'

const MS = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const
/** Each start of a window is remembered. */
const MOST_STARTS = 10_000
const RATE = /^\s*([1-9]\d{0,4})\s*\/\s*(s|min|m|h|d)\s*$/

/** "60/min" */
const rate = v.pipe(
  v.string(say('a rate', '"60/min" (s, min, h, d)')),
  v.regex(RATE, say('a rate', '"60/min" (s, min, h, d)')),
  v.rawTransform(({ dataset, addIssue, NEVER }): Rate => {
    const [, n = '1', unit = 's'] = RATE.exec(dataset.value) ?? []
    if (Number(n) <= MOST_STARTS) return { count: Number(n), per: MS[unit as keyof typeof MS] }
    addIssue({ message: `must be at most ${MOST_STARTS} starts in a window` })
    return NEVER
  }),
)

const tag = v.pipe(
  v.string('must be a tag'),
  v.regex(/^[A-Za-z0-9_.:@-]{1,64}$/, 'is no tag: letters, digits and _ . : @ -'),
)
const keyName = v.pipe(
  v.string('must be the name of a key'),
  v.regex(/^[A-Za-z0-9_.@-]{1,32}$/, 'is no name of a key: letters, digits and _ . @ -'),
)
const watched = v.pipe(
  v.string('must be a tag'),
  v.regex(/^(?:\*|!?[A-Za-z0-9_.:@-]{1,64})$/, 'is neither a tag, nor "!" and a tag, nor "*"'),
)

const slotClass = v.strictObject(
  { tags: v.pipe(v.array(watched), v.minLength(1)), n: count(1, 1000) },
  'must be {tags, n}',
)

export const flowKeys = {
  slots: described(
    v.union(
      [count(1, 1000), v.pipe(v.array(slotClass), v.minLength(1))],
      'must be a whole number from 1 to 1000, or a list such as [{"tags": ["gpu"], "n": 1}, {"tags": ["*"], "n": 4}]',
    ),
    'How many items run at one time; or classes of slots: items with any of the tags and none of its "!" tags, "*" for all. Default: the number of cores.',
  ),
  aging: described(
    v.pipe(duration, v.minValue(1, 'must be more than 0')),
    'So long a wait is worth one level of priority. Default: priorities are strict.',
  ),
  weights: described(
    v.record(tag, count(1, 1000), 'must be an object: tag -> slots'),
    'How many slots of its class an item with that tag takes.',
  ),
  rate: described(rate, 'At most so many starts in any such time, as "60/min".'),
  rates: described(
    v.record(keyName, rate, 'must be an object: name of a key -> rate'),
    'The same for items that have an equal tag NAME:VALUE.',
  ),
  concurrency: described(
    v.record(keyName, count(1, 1000), 'must be an object: name of a key -> number'),
    'How many items with an equal tag NAME:VALUE may run at one time.',
  ),
  order: described(
    v.array(keyName, 'must be a list of names of keys'),
    'Items with an equal tag NAME:VALUE run one at a time in the order of their arrival; one that waits for its retry holds back the later ones.',
  ),
  coalesce: described(
    v.strictObject(
      { by: keyName, keep: v.optional(v.picklist(['first', 'last'], 'must be "first" or "last"'), 'first') },
      'must be an object such as {"by": "user", "keep": "last"}',
    ),
    'When an item starts, the waiting ones with an equal tag NAME:VALUE are merged into it and done; keep: which of them runs, the one whose turn it is ("first", the default) or the newest ("last").',
  ),
} as const
