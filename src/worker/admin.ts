/** What people and programs say to a queue by files: its configuration, its flags, its handler. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_ROOT_CONFIG, loadQueueConfig, loadRootConfig, type RootConfig } from '../config/config.ts'
import type { ConfigProblem } from '../config/file.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { hasFlag } from '../fsqueue/layout.ts'
import { inQueue, queueDir } from '../fsqueue/place.ts'
import { type Identity, identityOf, runAsProblem } from '../launch/run-as.ts'
import { distrustPath } from '../os/trust.ts'

export type Loaded = { readonly root: RootConfig } & (
  | { readonly config: QueueConfig; readonly problem: undefined }
  | { readonly config: undefined; readonly problem: string }
)

/** The worker stands in its queue, so that the queue may be renamed under it. */
export function load(root: string): Loaded {
  const rootConfig = loadRootConfig(root)
  if (rootConfig.kind === 'bad')
    return { root: DEFAULT_ROOT_CONFIG, config: undefined, problem: describe(rootConfig.problems) }
  const queue = loadQueueConfig('.', rootConfig.config)
  if (queue.kind === 'bad') return { root: rootConfig.config, config: undefined, problem: describe(queue.problems) }
  const problem = trustProblem(root) ?? runAsProblem(queue.config.runAs, queue.config.handler[0] ?? '')
  if (problem !== undefined) return { root: rootConfig.config, config: undefined, problem: `config.json: ${problem}` }
  return { root: rootConfig.config, config: queue.config, problem: undefined }
}

/** Whoever can change a configuration chooses what root runs. */
function trustProblem(root: string): string | undefined {
  const problem = distrustPath('config.json') ?? distrustPath(join(root, 'config.json'))
  return problem === undefined ? undefined : `root runs what it says, but ${problem}`
}

/** Of a configuration that `load` found usable. An account that vanished since ends us: nothing runs as root instead. */
export function identityFor(config: QueueConfig): Identity {
  const identity = identityOf(config.runAs)
  if (identity === undefined) throw new Error(`the account ${config.runAs.user ?? config.runAs.group} is gone`)
  return identity
}

function describe(problems: readonly ConfigProblem[]): string {
  return problems.map(({ file, key, problem, fix }) => `${file}: ${key}: ${problem}; ${fix}`).join(' | ')
}

export interface Flags {
  readonly paused: boolean
  readonly down: boolean
}

export function readFlags(): Flags {
  const queue = queueDir('')
  return { paused: hasFlag(inQueue(queue, '_paused')), down: hasFlag(inQueue(queue, '_down')) }
}

const RQD_VERSION = '0.1.0'

/** What every run of a queue is told alike. */
export function slotEnvironment(
  config: QueueConfig,
  root: string,
  queue: string,
  identity: Identity,
): Record<string, string> {
  const { NODE_CHANNEL_FD: _fd, NODE_CHANNEL_SERIALIZATION_MODE: _mode, ...inherited } = process.env
  const own = Object.fromEntries(
    Object.entries(inherited).filter(([key, value]) => value !== undefined && !key.startsWith('RQD_')),
  )
  return {
    ...(own as Record<string, string>),
    ...identity.env,
    ...Object.fromEntries(Object.entries(config.env).filter(([key]) => !key.startsWith('RQ_'))),
    RQ_ROOT: root,
    RQ_QUEUE: queue,
    RQ_HOST: hostname(),
    RQ_VER: RQD_VERSION,
    RQ_WRITE: '3',
    RQ_PIPE: '3',
    ...(config.dup ? { RQ_READ: '4' } : {}),
  }
}

/**
 * argv[0] as the handler's own working directory sees it, `run/<item>/job`: relative, so that a queue renamed
 * between now and its start leads to no other handler.
 */
export function commandPath(command: string): string {
  return command.includes('/') && !command.startsWith('/') ? `../../../${command.replace(/^\.\//, '')}` : command
}
