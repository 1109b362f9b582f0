/**
 * Has it said what is wrong: now and then, and at once when something fails. The process that looks and says reads
 * everything from the disk; here is only when it is started, so that no crash of ours loses a word.
 */
import { defaultQueueConfig } from '../config/config.ts'
import type { AlertPolicy } from '../domain/alerts.ts'
import { isRecord } from '../domain/json.ts'
import type { Millis } from '../domain/name.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { alertsDue } from '../fsqueue/chores.ts'
import type { RqEvent } from '../log/events.ts'
import { type ChoreEnd, startChore } from './chore.ts'
import type { Worker } from './worker.ts'

const NEVER = Number.POSITIVE_INFINITY
/** `_status.json` says what is broken a second later. */
const STATUS_DELAY: Millis = 2000
/** After news that turned out to be none. */
const PAUSE: Millis = 10_000
/** Between two tries, whatever the first one left behind. */
const LEAST: Millis = 1000
const AGAIN: Millis = 60_000
const SHOWN_PROBLEMS = 20

export class Alerting {
  readonly #worker: Worker
  #isSending = false
  #isOff = true
  #regular: Millis = NEVER
  #plannedFor: QueueConfig | undefined
  #problem: string | undefined
  #wasDown = false
  #newsAt: Millis = NEVER
  #quietUntil: Millis = 0
  #tried: Millis = 0

  constructor(worker: Worker) {
    this.#worker = worker
  }

  get isBusy(): boolean {
    return this.#isSending
  }

  /** Asked after every event, so it is kept. */
  next(): Millis {
    const { config, configuration } = this.#worker
    if (this.#plannedFor !== config || this.#problem !== configuration.problem) this.#plan()
    if (this.#isOff) return NEVER
    this.#noteDown()
    return this.#isSending ? NEVER : Math.min(this.#regular, Math.max(this.#newsAt, this.#quietUntil))
  }

  #plan(): void {
    const { config, configuration, options } = this.#worker
    const policy = this.#policy()
    this.#plannedFor = config
    this.#problem = configuration.problem
    this.#isOff = policy.to.length === 0 || policy.queue === options.queueName
    const due = this.#isOff ? NEVER : alertsDue(options.queue, options.queueName, policy, Date.now())
    this.#regular = Math.max(due, this.#tried + Math.max(LEAST, policy.every))
  }

  /** Of a configuration that cannot be used nothing is known; the root's word counts then. */
  #policy(): AlertPolicy {
    const { config, configuration, root } = this.#worker
    return configuration.problem === undefined ? config.alerts : defaultQueueConfig(root).alerts
  }

  /** The queue went down, or came back. */
  #noteDown(): void {
    const { flags, configuration, disk, handler, command } = this.#worker
    const now = Date.now()
    const isStopped = flags.down || configuration.problem !== undefined || disk.problem !== undefined
    const isDown = isStopped || handler.broken(command, now) !== undefined
    if (isDown === this.#wasDown) return
    this.#wasDown = isDown
    if (this.#policy().down) this.#newsAt = Math.min(this.#newsAt, now + STATUS_DELAY)
  }

  hear(event: RqEvent): void {
    if (event.kind === 'item-ended' && event.to === '_err' && !this.#isOff)
      this.#newsAt = Math.min(this.#newsAt, Date.now())
  }

  run(): void {
    if (this.next() > Date.now() || this.#worker.stopping !== undefined) return
    const { root, queueName } = this.#worker.options
    this.#isSending = true
    this.#tried = Date.now()
    const wasNews = this.#newsAt <= this.#tried
    this.#newsAt = NEVER
    const args = ['alerts', '--root', root, '--send', '--json', '--', queueName]
    startChore(args, (end) => this.#ended(end, wasNews ? PAUSE : 0))
  }

  #ended({ said, problems }: ChoreEnd, pause: Millis): void {
    const { emit } = this.#worker.options
    const alerts = Array.isArray(said['alerts']) ? said['alerts'].filter(isRecord) : []
    const rules = alerts.map((alert) => String(alert['rule']))
    const { every } = this.#policy()
    const ofFailures = rules.some((rule) => rule === 'failed' || rule === 'gave_up')
    this.#isSending = false
    this.#quietUntil = Date.now() + (ofFailures ? every : Math.min(every, pause))
    this.#plan()
    if (rules.length > 0) emit({ kind: 'alerted', rules, sent: Number(said['sent']) })
    if (problems.length > 0) {
      emit({ kind: 'alert-trouble', problems: problems.slice(0, SHOWN_PROBLEMS) })
      this.#newsAt = Math.min(this.#newsAt, Date.now() + AGAIN)
    }
    this.#worker.pump()
  }
}
