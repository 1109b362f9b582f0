/** `hooks` in a config.json. */
import * as v from 'valibot'
import { described, duration } from './forms.ts'

const hooks = v.strictObject(
  { timeout: described(duration, 'How long one hook may take before it is ended (TERM, then KILL). Default: 60s.') },
  'must be an object with `timeout`',
)

export const hooksKeys = {
  hooks: described(hooks, 'About the executables in hooks/ (docs/HOOKS.md).'),
} as const
