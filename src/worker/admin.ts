/** What people and programs say to a queue by files: its configuration, its flags, its handler. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_ROOT_CONFIG, loadQueueConfig, loadRootConfig, type RootConfig } from '../config/config.ts'
import type { ConfigProblem } from '../config/file.ts'
import type { Millis } from '../domain/name.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { hasFlag } from '../fsqueue/layout.ts'
import { inQueue, queueDir } from '../fsqueue/place.ts'
import { checkHandler, type HandlerCheck } from '../launch/handler.ts'

export interface Loaded {
  readonly root: RootConfig
  readonly config: QueueConfig | undefined
  readonly problem: string | undefined
}

/** The worker stands in its queue, so that the queue may be renamed under it. */
export function load(root: string): Loaded {
  const rootConfig = loadRootConfig(root)
  if (rootConfig.kind === 'bad')
    return { root: DEFAULT_ROOT_CONFIG, config: undefined, problem: describe(rootConfig.problems) }
  const queue = loadQueueConfig('.', rootConfig.config)
  if (queue.kind === 'bad') return { root: rootConfig.config, config: undefined, problem: describe(queue.problems) }
  return { root: rootConfig.config, config: queue.config, problem: undefined }
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

const PROBE_FIRST: Millis = 1000
const PROBE_MAX: Millis = 60_000

/** The handler's state: SCRIPTERROR until a probe, or a change of its file, says otherwise. */
export class HandlerState {
  #check: HandlerCheck = { kind: 'broken', problem: 'not looked at yet', stamp: '' }
  #checkedAt = Number.NEGATIVE_INFINITY
  #said: { readonly problem: string; readonly stamp: string } | undefined
  #failures = 0
  #until: Millis = 0

  /** The file's state, looked at most once a second unless forced. */
  look(command: string, now: Millis, force = false): HandlerCheck {
    if (force || now - this.#checkedAt >= 1000 || now < this.#checkedAt) {
      this.#check = checkHandler(command)
      this.#checkedAt = now
    }
    return this.#check
  }

  /** What keeps items waiting, or undefined. */
  broken(command: string, now: Millis): { readonly problem: string; readonly until: Millis } | undefined {
    const check = this.look(command, now)
    if (check.kind === 'broken') return { problem: check.problem, until: now + PROBE_FIRST }
    if (this.#said === undefined) return undefined
    if (this.#said.stamp !== check.stamp) {
      this.mend()
      return undefined
    }
    return { problem: this.#said.problem, until: this.#until }
  }

  /** A run said so; only one item, another one, is tried when `until` has come. */
  get isDoubtful(): boolean {
    return this.#said !== undefined
  }

  /** Returns how long nothing is tried. What ran beside the first that said so says nothing new. */
  fail(command: string, problem: string, now: Millis): Millis {
    if (this.#said !== undefined && now < this.#until) return this.#until - now
    this.#failures += 1
    const delay = Math.min(PROBE_MAX, PROBE_FIRST * 2 ** (this.#failures - 1))
    this.#until = now + delay
    this.#said = { problem, stamp: this.look(command, now, true).stamp }
    return delay
  }

  mend(): void {
    this.#said = undefined
    this.#failures = 0
    this.#until = 0
  }
}

const RQD_VERSION = '0.1.0'

/** What every run of a queue is told alike. */
export function slotEnvironment(config: QueueConfig, root: string, queue: string): Record<string, string> {
  const { NODE_CHANNEL_FD: _fd, NODE_CHANNEL_SERIALIZATION_MODE: _mode, ...inherited } = process.env
  const own = Object.fromEntries(
    Object.entries(inherited).filter(([key, value]) => value !== undefined && !key.startsWith('RQD_')),
  )
  return {
    ...(own as Record<string, string>),
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

/** argv[0] as the handler's own working directory sees it. */
export function commandPath(command: string, queuePath: string): string {
  return command.includes('/') && !command.startsWith('/') ? join(queuePath, command) : command
}
