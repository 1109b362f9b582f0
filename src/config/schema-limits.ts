/** Keys for what one run may use (docs/LIMITS.md). */
import * as v from 'valibot'
import type { RunLimits } from '../domain/limits.ts'
import { described, duration, size } from './forms.ts'

export const limitKeys = {
  timeout: described(duration, 'How long one run may take. 0: for ever. Default: 0.'),
  cpu: described(duration, 'How much CPU time the processes of one run may use. 0: any. Default: 0.'),
  memory: described(size, 'How much resident memory the processes of one run may use together. 0: any. Default: 0.'),
  silence: described(duration, 'How long a run may write neither output nor a status line. 0: for ever. Default: 0.'),
} as const

/** Of the queue alone: a slot runs many items. */
export const cgroupKeys = {
  cgroup: described(
    v.picklist(['auto', 'never'], 'must be "auto" or "never"'),
    'auto: where `memory` is set, the kernel limits it too, in a cgroup of the slot, if one can be made. Default: auto.',
  ),
} as const

interface LimitSettings {
  readonly timeout?: number | undefined
  readonly cpu?: number | undefined
  readonly memory?: number | undefined
  readonly silence?: number | undefined
}

/** 0 takes back the limit of an outer layer. */
export function readLimits({ timeout, cpu, memory, silence }: LimitSettings): RunLimits {
  return {
    timeout: timeout || undefined,
    cpu: cpu || undefined,
    memory: memory || undefined,
    silence: silence || undefined,
  }
}
