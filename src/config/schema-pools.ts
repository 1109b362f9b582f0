/** `pools` of the root: slots that several queues share (docs/FLOW.md). */
import * as v from 'valibot'
import type { Pool } from '../domain/permits.ts'
import type { ConfigProblem } from './file.ts'
import { count, described, word } from './forms.ts'

const pattern = v.pipe(
  v.string('must be a text'),
  v.regex(
    /^!?[^!/\u0000-\u001f\u007f][^/\u0000-\u001f\u007f]*$/,
    'is no pattern: a name of a queue, "mail-*", or "!" and one of them',
  ),
)

/** Each of its keys must be there. */
const pool = v.strictObject(
  {
    name: v.pipe(word, v.description('What `rq why` calls it.')),
    queues: v.pipe(
      v.array(pattern, 'must be a list of names of queues'),
      v.minLength(1, 'must name a queue'),
      v.description('Names of queues, "mail-*" for many, "!low" for all but that. The earlier go first.'),
    ),
    slots: v.pipe(count(1, 10_000), v.description('How many items of all these queues run at one time.')),
  },
  'must be {name, queues, slots}',
)

export const poolKeys = {
  pools: described(
    v.array(pool, 'must be a list such as [{"name": "io", "queues": ["critical", "mail-*"], "slots": 8}]'),
    'Slots that several queues share, in the order given. A queue belongs to the first pool that takes it.',
  ),
} as const

/** Two pools of one name would be one in `rq why`. */
export function poolProblems(file: string, pools: readonly Pool[]): ConfigProblem[] {
  return pools.flatMap(({ name }, index) => {
    if (pools.findIndex((other) => other.name === name) === index) return []
    return [
      { file, key: `pools.${index}.name`, problem: `"${name}" is taken`, fix: 'give each pool a name of its own' },
    ]
  })
}
