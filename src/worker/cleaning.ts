/**
 * Cleaning by a queue's retention. A queue that has none looks for leftovers at the start of its worker and once a day,
 * and starts nothing where there are none.
 */
import { isRecord } from '../domain/json.ts'
import type { Millis } from '../domain/name.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { cleanDue } from '../fsqueue/chores.ts'
import { hasLeftovers } from '../fsqueue/doomed.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { type ChoreEnd, startChore } from './chore.ts'
import type { Worker } from './worker.ts'

const DAY: Millis = 86_400_000
/** Between two tries, whatever the first one left behind. */
const LEAST: Millis = 1000
const NEVER = Number.POSITIVE_INFINITY
const SHOWN_PROBLEMS = 20

export class Cleaning {
  readonly #worker: Worker
  #isCleaning = false
  /** When it was last tried here, whatever came of it. */
  #tried: Millis = 0
  #next: Millis = NEVER
  #plannedFor: QueueConfig | undefined
  #looking: NodeJS.Timeout | undefined

  constructor(worker: Worker) {
    this.#worker = worker
  }

  get isBusy(): boolean {
    return this.#isCleaning
  }

  /** When something is to be done that a retired worker is to be started for. Asked after every event, so it is kept. */
  next(): Millis {
    if (this.#plannedFor !== this.#worker.config) this.#plan()
    return this.#next
  }

  #plan(): void {
    const { config, options } = this.#worker
    this.#plannedFor = config
    this.#next = NEVER
    if (this.#isCleaning) return
    const due = cleanDue(options.queue, config.retention, Date.now())
    this.#next = Math.max(due, this.#tried + Math.max(LEAST, config.retention.every))
  }

  start(): void {
    this.#lookForLeftovers()
    this.run()
  }

  /** Does what is due. */
  run(): void {
    if (this.next() <= Date.now()) this.#clean()
  }

  #lookForLeftovers(): void {
    const { options, config } = this.#worker
    clearTimeout(this.#looking)
    this.#looking = setTimeout(() => this.#lookForLeftovers(), DAY).unref()
    try {
      if (hasLeftovers(options.queue, config.retention, Date.now())) this.#clean()
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      this.#worker.trouble(error)
    }
  }

  #clean(): void {
    if (this.#isCleaning || this.#worker.stopping !== undefined) return
    this.#isCleaning = true
    this.#tried = Date.now()
    this.#next = NEVER
    const { root, queueName } = this.#worker.options
    startChore(['clean', '--root', root, '--json', '--', queueName], (end) => {
      this.#isCleaning = false
      this.#plan()
      this.#tell(end)
      this.#worker.pump()
    })
  }

  #tell({ said, problems }: ChoreEnd): void {
    const { emit } = this.#worker.options
    const removed = Object.entries(isRecord(said['removed']) ? said['removed'] : {})
    const items = Object.fromEntries(
      removed.map(([kind, tally]) => [kind, isRecord(tally) ? Number(tally['items']) : 0]),
    )
    const archives = Array.isArray(said['archives']) ? said['archives'].length : 0
    if (removed.length > 0) emit({ kind: 'cleaned', removed: items, archives, ms: Date.now() - this.#tried })
    if (problems.length > 0) emit({ kind: 'clean-trouble', problems: problems.slice(0, SHOWN_PROBLEMS) })
  }
}
