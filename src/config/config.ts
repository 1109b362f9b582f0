/** The effective configuration: what the files say, the root's defaults, and ours, in this order. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_EXIT_CODES, DEFAULT_SETTLE_POLICY, type QueueConfig, type SettlePolicy } from '../domain/policy.ts'
import { type ConfigResult, checkFile } from './check.ts'
import type { ConfigProblem } from './file.ts'
import { QueueFile, type QueueSettings, RootFile } from './schema.ts'

export type { ConfigResult } from './check.ts'
export { type ConfigProblem, formatProblem } from './file.ts'

export interface RootConfig {
  /** How many workers may stay without work. */
  readonly warmWorkers: number
  /** Defaults for every queue, as they stand in the file. */
  readonly queue: QueueSettings
}

export const DEFAULT_ROOT_CONFIG: RootConfig = { warmWorkers: 16, queue: {} }

const CONFIG_FILE = 'config.json'

const STATE_NAMES = {
  prep: 'prep',
  que: 'que',
  run: 'run',
  pause: 'pause',
  done: 'done',
  relayed: 'relayed',
  _err: '_err',
} as const

/** Names in a queue that are taken whatever `dirs` says. */
const OWN_NAMES = [
  '_tmp',
  '_lock',
  '_lock.lock',
  '_log',
  '_log.1',
  '_stats',
  '_status.json',
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
  const problems = dirProblems(file, 'queue.dirs', stateDirs(queue, {}))
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

/** Of a queue that says nothing. */
export function defaultQueueConfig(): QueueConfig {
  return effective({}, {})
}

function effective(own: QueueSettings, inherited: QueueSettings): QueueConfig {
  const set = { ...inherited, ...own }
  return {
    handler: argvOf(set.handler ?? './handler'),
    execPrefix: set.exec_prefix ?? [],
    env: { ...inherited.env, ...own.env },
    slots: set.slots ?? availableParallelism(),
    nice: set.nice ?? 0,
    settle: set.settle ?? 1000,
    marker: set.marker,
    policy: settlePolicy(own, inherited),
    dup: set.dup ?? false,
    maxLog: set.max_log ?? 64 * 1024 ** 2,
    termTimeout: set.term_timeout ?? 4000,
    durability: set.durability ?? 'group',
    dirs: stateDirs(own, inherited),
    shared: set.shared ?? false,
  }
}

function settlePolicy(own: QueueSettings, inherited: QueueSettings): SettlePolicy {
  const set = { ...inherited, ...own }
  return {
    exitCodes: { ...DEFAULT_EXIT_CODES, ...inherited.exit_codes, ...own.exit_codes },
    handshake: set.handshake ?? DEFAULT_SETTLE_POLICY.handshake,
    maxAttempts: set.max_attempts ?? DEFAULT_SETTLE_POLICY.maxAttempts,
    retryLimit: own.retry?.limit ?? inherited.retry?.limit ?? DEFAULT_SETTLE_POLICY.retryLimit,
    retryDelay: own.retry?.delay ?? inherited.retry?.delay ?? DEFAULT_SETTLE_POLICY.retryDelay,
    rescheduleAfter: set.reschedule_after ?? DEFAULT_SETTLE_POLICY.rescheduleAfter,
    relayTo: set.relay_to,
  }
}

/** One path is a file of the queue's, never a program to be looked for in PATH. */
function argvOf(handler: string | readonly string[]): readonly string[] {
  if (typeof handler !== 'string') return handler
  return [handler.includes('/') ? handler : `./${handler}`]
}

function stateDirs(own: QueueSettings, inherited: QueueSettings): QueueConfig['dirs'] {
  return { ...STATE_NAMES, ...defined(inherited.dirs), ...defined(own.dirs) }
}

function defined(dirs: QueueSettings['dirs']): Partial<QueueConfig['dirs']> {
  return Object.fromEntries(Object.entries(dirs ?? {}).filter(([, name]) => name !== undefined))
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
