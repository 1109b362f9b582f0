/** Keys for what the machine must have left before anything is started (docs/LIMITS.md). */
import * as v from 'valibot'
import type { Amount, PressureMarks } from '../domain/pressure.ts'
import { described, size } from './forms.ts'

const LOAD = 'must be a load average, such as 8'
const AMOUNT = 'must be a share or a size, such as "10%" or "512M"'
const INODES = 'must be a share or a number, such as "5%" or 10000'

const share = v.pipe(
  v.string(),
  v.regex(/^(?:100|\d{1,2}(?:\.\d+)?)%$/),
  v.transform((text): Amount => ({ share: Number(text.slice(0, -1)) / 100 })),
)
const bytes = v.pipe(
  size,
  v.transform((count): Amount => ({ count })),
)
const inodes = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(0),
  v.transform((count): Amount => ({ count })),
)

const holdWhen = v.strictObject(
  {
    load_above: described(v.pipe(v.number(LOAD), v.minValue(0, LOAD)), 'The load average of the last minute.'),
    memory_below: described(v.union([share, bytes], AMOUNT), 'The memory that is available.'),
    disk_below: described(v.union([share, bytes], AMOUNT), 'The room that is left on the file system of the queue.'),
    inodes_below: described(v.union([share, inodes], INODES), 'The inodes that are left there.'),
  },
  'must be an object with load_above, memory_below, disk_below or inodes_below',
)

export const pressureKeys = {
  hold_when: described(holdWhen, 'When nothing is started for the time being. What runs runs on. Default: never.'),
} as const

export function readMarks(given: v.InferOutput<typeof holdWhen> | undefined): PressureMarks {
  return {
    loadAbove: given?.load_above,
    memoryBelow: given?.memory_below,
    diskBelow: given?.disk_below,
    inodesBelow: given?.inodes_below,
  }
}
