/** The configuration in force for one item: its queue's, with the `policy` of its message laid over it. */
import { itemConfig } from '../config/config.ts'
import { formatProblem } from '../config/file.ts'
import type { Msg } from '../domain/item.ts'
import type { QueueConfig } from '../domain/policy.ts'

/** A policy that cannot be used was refused at the claim (`policyProblem`); where it turns up all the same it says nothing. */
export function configOf(config: QueueConfig, msg: Msg): QueueConfig {
  if (msg.policy === undefined) return config
  const own = itemConfig(config, msg.policy)
  return own.kind === 'ok' ? own.config : config
}

/** Why an item cannot be run as its message asks, or undefined. */
export function policyProblem(config: QueueConfig, msg: Msg): string | undefined {
  if (msg.policy === undefined) return undefined
  const own = itemConfig(config, msg.policy)
  return own.kind === 'ok' ? undefined : own.problems.map(formatProblem).join('; ')
}
