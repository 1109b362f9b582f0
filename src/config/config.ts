/** The effective configuration: what the files say, the root's defaults, and ours, in this order. */
import { join } from 'node:path'
import type { Pool } from '../domain/permits.ts'
import type { QueueConfig, SettlePolicy } from '../domain/policy.ts'
import { findGroup, findUser } from '../os/users.ts'
import { builtinHandler } from './builtin.ts'
import { type ConfigResult, checkFile, checkValue } from './check.ts'
import { defaultSettings } from './defaults.ts'
import { type ConfigProblem, readConfigFile } from './file.ts'
import { flowPolicy, slotCount } from './flow.ts'
import { type EffectiveValue, effectiveValues, mergeSettings, type Settings } from './merge.ts'
import { ItemPolicy, QueueFile, type QueueInput, type QueueSettings, RootFile, readSettings } from './schema.ts'
import { alertPolicy } from './schema-alerts.ts'
import type { HttpInput } from './schema-http.ts'
import { retentionPolicy } from './schema-keep.ts'
import { readLimits } from './schema-limits.ts'
import { poolProblems } from './schema-pools.ts'
import { readMarks } from './schema-pressure.ts'
import { readRetry } from './schema-retry.ts'
import { readSchedules } from './schema-schedule.ts'

export type { ConfigResult } from './check.ts'
export { type ConfigProblem, formatProblem } from './file.ts'

export interface RootConfig {
  /** How many workers may stay without work. */
  readonly warmWorkers: number
  /** Slots that several queues share. */
  readonly pools: readonly Pool[]
  /** Defaults for every queue, as they stand in the file. */
  readonly queue: QueueInput
  readonly http: HttpInput
}

export const DEFAULT_ROOT_CONFIG: RootConfig = { warmWorkers: 16, pools: [], queue: {}, http: {} }

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
  '_restart',
  '_clean.lock',
  '_alerts.json',
  '_schedules',
  '_keys',
  '_alerts.lock',
  'hooks',
  'form.json',
  CONFIG_FILE,
  `${CONFIG_FILE}~`,
]

/** `$ROOT/config.json`, or what is wrong with it. */
export function loadRootConfig(root: string): ConfigResult<RootConfig> {
  const file = join(root, CONFIG_FILE)
  const checked = checkFile(file, RootFile)
  if (checked.kind === 'bad') return checked
  const { warm_workers, pools = [], queue = {}, http = {} } = checked.config
  const problems = [...poolProblems(file, pools), ...dirProblems(file, 'queue.dirs', effective(queue, {}).dirs)]
  if (problems.length > 0) return { kind: 'bad', problems }
  return { kind: 'ok', config: { warmWorkers: warm_workers ?? DEFAULT_ROOT_CONFIG.warmWorkers, pools, queue, http } }
}

/** The configuration of the queue that lies at `queuePath`, or what is wrong with it. */
export function loadQueueConfig(queuePath: string, root: RootConfig = DEFAULT_ROOT_CONFIG): ConfigResult<QueueConfig> {
  const file = join(queuePath, CONFIG_FILE)
  const reading = readConfigFile(file)
  if (reading.kind === 'bad') return { kind: 'bad', problems: [reading.problem] }
  return checkQueueConfig(file, reading.kind === 'absent' ? {} : reading.value, root)
}

/** What a queue's config.json says or is to say, held against all that its worker holds it against. */
export function checkQueueConfig(file: string, value: unknown, root: RootConfig): ConfigResult<QueueConfig> {
  const checked = checkValue(file, value, QueueFile)
  if (checked.kind === 'bad') return checked
  const config = effective(checked.config, root.queue)
  const problems = [
    ...dirProblems(file, 'dirs', config.dirs),
    ...archiveProblems(file, config),
    ...accountProblems(file, config.runAs),
  ]
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
export function defaultQueueConfig(root: RootConfig = DEFAULT_ROOT_CONFIG): QueueConfig {
  return effective({}, root.queue)
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
    limits: readLimits(set),
    cgroup: set.cgroup,
    holdWhen: readMarks(set.hold_when),
    dup: set.dup,
    maxLog: set.max_log,
    termTimeout: set.term_timeout,
    durability: set.durability,
    dirs: set.dirs as QueueConfig['dirs'],
    shared: set.shared,
    retention: retentionPolicy(set),
    schedules: readSchedules(set.schedules),
    uniqueFor: set.unique?.for,
    alerts: alertPolicy(set),
    hooks: { timeout: set.hooks.timeout ?? 60_000 },
    runAs: {
      ...{ user: set.user, group: set.group, umask: set.umask },
      ...{ noNewPrivs: set.no_new_privs, limits: set.limits },
    },
    stats: { minutes: set.stats.minutes ?? 0, hours: set.stats.hours ?? 0 },
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
    retry: readRetry(set.retry),
    rescheduleAfter: set.reschedule_after,
    relayTo: set.relay_to,
  }
}

/** One path is a file of the queue's, never a program to be looked for in PATH. */
function argvOf(handler: string | readonly string[]): readonly string[] {
  if (typeof handler !== 'string') return handler
  return builtinHandler(handler) ?? [handler.includes('/') ? handler : `./${handler}`]
}

/** Archives among items would be items. */
function archiveProblems(file: string, { dirs, retention }: QueueConfig): ConfigProblem[] {
  const [first = ''] = retention.archive.dir.split('/')
  if (first === '' || ![...OWN_NAMES, 'handler', ...Object.values(dirs)].includes(first)) return []
  const problem = `"${first}" in the queue is used for something else`
  return [{ file, key: 'archive.dir', problem, fix: 'give archives a directory of their own' }]
}

function accountProblems(file: string, { user, group }: QueueConfig['runAs']): ConfigProblem[] {
  const unknown = (key: string, name: string, fix: string) => ({
    file,
    key,
    problem: `there is no ${key} ${name}`,
    fix,
  })
  return [
    ...(user !== undefined && findUser(user) === undefined ? [unknown('user', user, 'adduser, or correct it')] : []),
    ...(group !== undefined && findGroup(group) === undefined
      ? [unknown('group', group, 'addgroup, or correct it')]
      : []),
  ]
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
