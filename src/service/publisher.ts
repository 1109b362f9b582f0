/**
 * Publishing many items: groups that share their syncs, one being built while the one before is put on the disk.
 * An id is told only when its item is durable.
 */
import { closeSync, openSync } from 'node:fs'
import { displayName } from '../domain/name.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { hasEnqueueHook } from '../fsqueue/enqueue-hook.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { removeFile } from '../fsqueue/files.ts'
import { fsPath, stateDir } from '../fsqueue/place.ts'
import { type Draft, OutcomeUnknown, publish } from '../fsqueue/publish.ts'
import { makeSyncer, type Syncer } from '../fsqueue/sync.ts'
import { loadNative, type Native } from '../os/native.ts'
import { type Problem, problem } from './answer.ts'
import { askFirst } from './asking.ts'
import type { Context } from './context.ts'
import { type Item, reasonOf } from './drafts.ts'
import { pathTo, type Queue } from './spool.ts'

const GROUP_ITEMS = 256
const GROUP_BYTES = 64 * 1024 * 1024
/** One group in the hands of the disk, the next in ours. */
const IN_FLIGHT = 2

export interface Published {
  readonly published: number
  readonly problems: readonly Problem[]
}

type Outcome =
  | {
      readonly kind: 'durable'
      readonly ids: readonly Draft['id'][]
      readonly items: readonly Item[]
      readonly problems: readonly Problem[]
    }
  | { readonly kind: 'stop'; readonly problem: Problem }

export class Publisher {
  readonly #context: Context
  readonly #queue: Queue
  readonly #config: QueueConfig
  readonly #native: Native | undefined
  readonly #syncer: Syncer
  readonly #fd: number
  /** Of a queue with such a hook: is it taken? */
  readonly #ask: ((draft: Draft) => Promise<Problem | undefined>) | undefined
  /** Each settled in its turn, so that ids are told in order. */
  readonly #flying: Promise<void>[] = []
  readonly #problems: Problem[] = []
  #group: Item[] = []
  #bytes = 0
  #published = 0
  #stopped = false

  /** `many`: koffi is loaded only for so many items that one syncfs saves more than it costs. */
  static async open(context: Context, queue: Queue, config: QueueConfig, many: boolean): Promise<Publisher> {
    const native = many ? await loadNative() : undefined
    const fd = openSync(fsPath(stateDir(queue.dir, 'que')), 'r')
    const syncer = makeSyncer(config.durability, fd, native)
    // A queue may be a directory that somebody made a moment ago.
    await syncer.sync(pathTo(context.root, queue.dir))
    return new Publisher(context, queue, config, native, syncer, fd)
  }

  private constructor(
    context: Context,
    queue: Queue,
    config: QueueConfig,
    native: Native | undefined,
    syncer: Syncer,
    fd: number,
  ) {
    this.#context = context
    this.#queue = queue
    this.#config = config
    this.#native = native
    this.#syncer = syncer
    this.#fd = fd
    if (hasEnqueueHook(queue.dir)) this.#ask = (draft) => askFirst(context, queue, config, draft)
  }

  /** False when nothing more is taken: the disk said no, or the caller was interrupted. `from`: where it stood, for a refusal. */
  async add(item: Item, from = ''): Promise<boolean> {
    const veto = await this.#ask?.(item.draft)
    if (veto !== undefined) {
      this.complain(problem(veto.kind, `${from}${veto.text}`))
      return !this.#stopped && !this.#context.cancelled.aborted
    }
    this.#group.push(item)
    this.#bytes += item.bytes
    if (this.#group.length >= GROUP_ITEMS || this.#bytes >= GROUP_BYTES) await this.#launch()
    return !this.#stopped
  }

  complain(trouble: Problem): void {
    this.#problems.push(trouble)
  }

  /** Publishes what there is without waiting for more. */
  flush(): void {
    if (!this.#stopped && this.#group.length > 0) void this.#launch()
  }

  async close(): Promise<Published> {
    this.flush()
    await this.#flying.at(-1)
    closeSync(this.#fd)
    return { published: this.#published, problems: this.#problems }
  }

  async #launch(): Promise<void> {
    const group = this.#group
    this.#group = []
    this.#bytes = 0
    const before = this.#flying.at(-1)
    const publishing = this.#publish(group)
    this.#flying.push(Promise.all([publishing, before]).then(([outcome]) => this.#settle(outcome)))
    if (this.#flying.length > IN_FLIGHT) this.#flying.shift()
    if (this.#flying.length === IN_FLIGHT) await this.#flying[0]
  }

  #settle(outcome: Outcome): void {
    if (outcome.kind === 'stop') {
      this.#problems.push(outcome.problem)
      this.#stopped = true
      return
    }
    this.#problems.push(...outcome.problems)
    for (const id of outcome.ids) this.#context.tell({ kind: 'item', id })
    this.#published += outcome.ids.length
    const durable = new Set(outcome.ids)
    for (const item of outcome.items) if (durable.has(item.draft.id)) this.#removeMoved(item)
    if (this.#context.cancelled.aborted) this.#stopped = true
  }

  async #publish(items: readonly Item[]): Promise<Outcome> {
    const problems: Problem[] = []
    const onUnreadable = (_draft: Draft, error: QueueIoError) => {
      problems.push(problem('failed', `cannot read ${displayName(error.path)}: ${reasonOf(error)}`))
    }
    try {
      const drafts = items.map(({ draft }) => draft)
      const results = await publish(this.#queue.dir, drafts, this.#syncer, this.#native, {
        shared: this.#config.shared,
        onUnreadable,
      })
      const ids = results.filter(({ kind }) => kind === 'published').map(({ id }) => id)
      for (const { id, kind } of results) if (kind === 'taken') problems.push(problem('failed', `${id} exists already`))
      return { kind: 'durable', ids, items, problems }
    } catch (error) {
      return { kind: 'stop', problem: stopProblem(error) }
    }
  }

  /** The item is on the disk: a name that cannot be removed now is a nuisance, no loss. */
  #removeMoved(item: Item): void {
    for (const path of item.moved) {
      try {
        removeFile(path)
      } catch (error) {
        if (!(error instanceof QueueIoError)) throw error
        this.#problems.push(
          problem(
            'failed',
            `${item.draft.id} is published, but ${displayName(path)} could not be removed: ${reasonOf(error)}`,
          ),
        )
      }
    }
  }
}

function stopProblem(error: unknown): Problem {
  if (error instanceof OutcomeUnknown) {
    return problem('unknown-outcome', `${error.message}; repeat with --id, or look for: ${error.ids.join(' ')}`)
  }
  if (!(error instanceof QueueIoError)) throw error
  return problem(
    'failed',
    `nothing more is published, and nothing half is left: ${reasonOf(error)} (${error.operation} ${displayName(error.path)})`,
  )
}
