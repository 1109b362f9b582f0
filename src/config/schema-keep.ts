/** `keep` and `archive`: how long what has ended stays, and what is put away before it goes (docs/RETENTION.md). */
import * as v from 'valibot'
import type { ArchivePolicy, KeepLimits, KeptState, RetentionPolicy } from '../domain/retention.ts'
import { KEPT_STATES } from '../domain/retention.ts'
import { described, duration, size } from './forms.ts'

/** Takes back a limit of the root for one queue. */
const unlimited = v.pipe(
  v.literal('unlimited'),
  v.transform(() => Number.POSITIVE_INFINITY),
)
const amount = v.pipe(v.number(), v.integer(), v.minValue(0))

const limits = v.strictObject(
  {
    age: described(
      v.union([duration, unlimited], 'must be a duration, such as "30d", or "unlimited"'),
      'Since it came.',
    ),
    count: described(v.union([amount, unlimited], 'must be a whole number, or "unlimited"'), 'How many of the newest.'),
    size: described(
      v.union([size, unlimited], 'must be a size, such as "10G", or "unlimited"'),
      'What the newest may take together.',
    ),
  },
  'must be an object with `age`, `count` or `size`',
)

const keep = v.strictObject(
  {
    done: described(limits, 'What stays in done/. Default: all, for ever.'),
    relayed: described(limits, 'What stays in relayed/. Default: all, for ever.'),
    _err: described(limits, 'What stays in _err/. Default: all, for ever.'),
    prep: described(duration, 'How long half-built items and leftovers in _tmp stay. Default: 36h.'),
    trash: described(duration, 'How long removed items can be brought back. Default: 7d.'),
    every: described(duration, 'How often a worker has its queue cleaned, if a limit is set. Default: 10m.'),
  },
  'must be an object',
)

const archiveDir = v.pipe(
  v.string('must be a text'),
  v.regex(
    /^(?!.*(?:^|\/)\.\.?(?:\/|$))[^\0]+$/,
    'must be an absolute path, or one inside the queue, without "." and ".."',
  ),
)

const archive = v.strictObject(
  {
    dir: described(archiveDir, 'Where archives lie: absolute, or in the queue. Default: archive.'),
    states: described(
      v.array(
        v.picklist(KEPT_STATES, `must be one of ${KEPT_STATES.join(', ')}`),
        `must be a list of ${KEPT_STATES.join(', ')}`,
      ),
      'What is put into an archive before it is removed: ["done"]. Default: nothing.',
    ),
    keep: described(
      v.union([duration, unlimited], 'must be a duration, such as "365d", or "unlimited"'),
      'How long archives stay. Default: for ever.',
    ),
  },
  'must be an object',
)

export const keepKeys = {
  keep: described(keep, 'What stays of what has ended, and how long leftovers do.'),
  archive: described(archive, 'Puts what is to be removed into a dated tar.gz first.'),
} as const

type LimitsRead = v.InferOutput<typeof limits>

/** Of settings that the defaults are part of. */
export function retentionPolicy(set: {
  readonly keep: v.InferOutput<typeof keep>
  readonly archive: v.InferOutput<typeof archive>
}): RetentionPolicy {
  return {
    done: keepLimits(set.keep.done),
    relayed: keepLimits(set.keep.relayed),
    _err: keepLimits(set.keep._err),
    prep: set.keep.prep ?? 0,
    trash: set.keep.trash ?? 0,
    every: set.keep.every ?? 0,
    archive: archivePolicy(set.archive),
  }
}

function keepLimits(read: LimitsRead = {}): KeepLimits {
  const { age, count, size } = read
  const none = Number.POSITIVE_INFINITY
  return { age: age ?? none, count: count ?? none, size: size ?? none }
}

function archivePolicy(read: v.InferOutput<typeof archive>): ArchivePolicy {
  const states: readonly KeptState[] = read.states ?? []
  return { dir: read.dir ?? 'archive', states, keep: read.keep ?? Number.POSITIVE_INFINITY }
}
