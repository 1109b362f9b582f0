/** The configuration in force for one item: its queue's, with the `policy` of its message laid over it. */
import { type ConfigResult, itemConfig } from '../config/config.ts'
import { formatProblem } from '../config/file.ts'
import type { Msg } from '../domain/item.ts'
import type { QueueConfig } from '../domain/policy.ts'

/** While it runs an item is asked about each second, and its policy is the same. */
const read = new WeakMap<object, { readonly of: QueueConfig; readonly own: ConfigResult<QueueConfig> }>()

function ownConfig(config: QueueConfig, policy: unknown): ConfigResult<QueueConfig> {
  if (typeof policy !== 'object' || policy === null) return itemConfig(config, policy)
  const known = read.get(policy)
  if (known?.of === config) return known.own
  const own = itemConfig(config, policy)
  read.set(policy, { of: config, own })
  return own
}

/** A policy that cannot be used was refused at the claim (`policyProblem`); where it turns up all the same it says nothing. */
export function configOf(config: QueueConfig, msg: Msg): QueueConfig {
  if (msg.policy === undefined) return config
  const own = ownConfig(config, msg.policy)
  return own.kind === 'ok' ? own.config : config
}

/** Why an item cannot be run as its message asks, or undefined. */
export function policyProblem(config: QueueConfig, msg: Msg): string | undefined {
  if (msg.policy === undefined) return undefined
  const own = ownConfig(config, msg.policy)
  return own.kind === 'ok' ? undefined : own.problems.map(formatProblem).join('; ')
}
