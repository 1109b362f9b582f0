/** The keys of a queue's history (docs/STATS.md). */
import * as v from 'valibot'
import { described, duration } from './forms.ts'

const stats = v.strictObject(
  {
    minutes: described(duration, 'How long minute by minute. Default: 7d.'),
    hours: described(duration, 'How long hour by hour, from the same day on. Default: 400d.'),
  },
  'must be an object with `minutes` and `hours`',
)

export const statsKeys = {
  stats: described(stats, 'How long the history in _stats/ is kept.'),
} as const
