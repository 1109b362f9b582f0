/** The effective configuration: what the files say, the root's defaults, and ours, in this order. */
import { join } from 'node:path'
import type { QueueConfig, SettlePolicy } from '../domain/policy.ts'
import { type ConfigResult, checkFile, checkValue } from './check.ts'
import { defaultSettings } from './defaults.ts'
import type { ConfigProblem } from './file.ts'
import { flowPolicy, slotCount } from './flow.ts'
import { type EffectiveValue, effectiveValues, mergeSettings, type Settings } from './merge.ts'
import { ItemPolicy, QueueFile, type QueueInput, type QueueSettings, RootFile, readSettings } from './schema.ts'

export type { ConfigResult } from './check.ts'
export { type ConfigProblem, formatProblem } from './file.ts'

export interface RootConfig {
  /** How many workers may stay without work. */
  readonly warmWorkers: number
  /** Defaults for every queue, as they stand in the file. */
  readonly queue: QueueInput
}

export const DEFAULT_ROOT_CONFIG: RootConfig = { warmWorkers: 16, queue: {} }

const CONFIG_FILE = 'config.json'

/** Names in a queue that are taken whatever `dirs` says. */
const OWN_NAMES = [
  '_tmp',
  '_lock',
  '_lock.lock',
  '_log',
  '_log.1',
  '_stats',
  '_status.json',
  '_flow.json',
  '_paused',
  '_down',
  CONFIG_FILE,
]

/** `$ROOT/config.json`, or what is wrong with it. */
export function loadRootConfig(root: string): ConfigResult<RootConfig> {
  const file = join(root, CONFIG_FILE)
  const checked = checkFile(file, RootFile)
  if (checked.kind === 'bad') return checked
  const { warm_workers, queue = {} } = checked.config
  const problems = dirProblems(file, 'queue.dirs', effective(queue, {}).dirs)
  if (problems.length > 0) return { kind: 'bad', problems }
  return { kind: 'ok', config: { warmWorkers: warm_workers ?? DEFAULT_ROOT_CONFIG.warmWorkers, queue } }
}

/** The configuration of the queue that lies at `queuePath`, or what is wrong with it. */
export function loadQueueConfig(queuePath: string, root: RootConfig = DEFAULT_ROOT_CONFIG): ConfigResult<QueueConfig> {
  const file = join(queuePath, CONFIG_FILE)
  const checked = checkFile(file, QueueFile)
  if (checked.kind === 'bad') return checked
  const config = effective(checked.config, root.queue)
  const problems = dirProblems(file, 'dirs', config.dirs)
  return problems.length > 0 ? { kind: 'bad', problems } : { kind: 'ok', config }
}

/** Every value in force for that queue, and whose word it is; or what is wrong with its file. */
export function explainQueueConfig(queuePath: string, root: RootConfig): ConfigResult<readonly EffectiveValue[]> {
  const checked = checkFile(join(queuePath, CONFIG_FILE), QueueFile)
  if (checked.kind === 'bad') return checked
  const { $schema: _link, ...queue } = checked.config
  return { kind: 'ok', config: effectiveValues({ default: defaultSettings(), root: root.queue, queue }) }
}

/** Of a queue that says nothing. */
export function defaultQueueConfig(): QueueConfig {
  return effective({}, {})
}

/**
 * The configuration for one item: its message's `policy` laid over its queue's. The problems name the keys of the
 * policy; `file` is what they call it.
 */
export function itemConfig(config: QueueConfig, policy: unknown, file = 'msg: policy'): ConfigResult<QueueConfig> {
  const checked = checkValue(file, policy, ItemPolicy)
  if (checked.kind === 'bad') return checked
  return { kind: 'ok', config: fromSettings(mergeSettings(config.settings, checked.config)) }
}

function effective({ $schema: _link, ...own }: QueueFileInput, inherited: QueueInput): QueueConfig {
  return fromSettings(mergeSettings(defaultSettings(), inherited, own))
}

function fromSettings(settings: Settings): QueueConfig {
  const set = readSettings(settings) as CompleteSettings
  return {
    settings,
    handler: argvOf(set.handler),
    execPrefix: set.exec_prefix,
    env: set.env,
    slots: slotCount(set),
    aging: set.aging,
    flow: flowPolicy(set),
    nice: set.nice,
    settle: set.settle,
    marker: set.marker,
    policy: settlePolicy(set),
    dup: set.dup,
    maxLog: set.max_log,
    termTimeout: set.term_timeout,
    durability: set.durability,
    dirs: set.dirs as QueueConfig['dirs'],
    shared: set.shared,
  }
}

type QueueFileInput = QueueInput & { readonly $schema?: string | undefined }

/** Keys that have a default are there. */
type CompleteSettings = QueueSettings & {
  readonly [K in keyof ReturnType<typeof defaultSettings> & keyof QueueSettings]: NonNullable<QueueSettings[K]>
}

function settlePolicy(set: CompleteSettings): SettlePolicy {
  return {
    exitCodes: set.exit_codes,
    handshake: set.handshake,
    maxAttempts: set.max_attempts,
    retryLimit: set.retry.limit ?? 0,
    retryDelay: set.retry.delay ?? 0,
    rescheduleAfter: set.reschedule_after,
    relayTo: set.relay_to,
  }
}

/** One path is a file of the queue's, never a program to be looked for in PATH. */
function argvOf(handler: string | readonly string[]): readonly string[] {
  if (typeof handler !== 'string') return handler
  return [handler.includes('/') ? handler : `./${handler}`]
}

function dirProblems(file: string, key: string, dirs: QueueConfig['dirs']): ConfigProblem[] {
  const users = new Map<string, string>(OWN_NAMES.map((name) => [name, 'rqd itself']))
  return Object.entries(dirs).flatMap(([state, name]) => {
    const user = users.get(name)
    users.set(name, `the state ${state}`)
    if (user === undefined) return []
    return [{ file, key: `${key}.${state}`, problem: `"${name}" is used by ${user}`, fix: 'give it a name of its own' }]
  })
}
