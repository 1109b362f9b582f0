/** What the queue's flow knows: what runs, what started lately. Holds nothing but what names and one droppable file say. */
import { compareArrival, type Entry } from '../domain/entry.ts'
import type { FlowPolicy } from '../domain/flow.ts'
import { FlowState, lineOf } from '../domain/flow.ts'
import { isRecord, parseJson } from '../domain/json.ts'
import { type ItemId, type Millis, parseItemName, type RawName } from '../domain/name.ts'
import { Schedule } from '../domain/schedule.ts'
import type { Gates } from '../domain/schedule-options.ts'
import { keyOf } from '../domain/tags.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { readRegular, removeFile, rename, writeNew } from '../fsqueue/files.ts'
import type { BytePath } from '../fsqueue/place.ts'
import type { Run } from './run.ts'
import type { Worker } from './worker.ts'

/** Starts that count for a rate: read by the next worker. */
const FILE = '_flow.json' as BytePath
const LIMIT = 16 * 1024 * 1024
const WRITE_MS = 1000

export class Flow {
  readonly #worker: Worker
  #state: FlowState | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** undefined when no flow is configured: then nothing is asked. */
  #gates(): Gates | undefined {
    const { flow } = this.#worker.config
    if (flow === undefined) return undefined
    return {
      shut: (entry, now) => this.#state?.gate(entry.raw, entry.tags, now),
      lineOf: (entry) => (flow.order.length === 0 ? undefined : lineOf(flow, entry.tags)),
      reserving: () => this.#state?.reserving() ?? [],
      forget: (raw) => this.#state?.forget(raw) ?? [],
    }
  }

  /** The order and the gates of what waits, by the configuration that is in force now; what runs counts in it. */
  configure(): void {
    const { aging, flow: policy } = this.#worker.config
    const now = Date.now()
    const recent = this.#state?.recent(now) ?? (hasRates(policy) ? readRecent() : {})
    this.#state = policy === undefined ? undefined : new FlowState(policy)
    this.#state?.remember(recent, now)
    const schedule = new Schedule({ aging, gates: this.#gates(), mergedBy: policy?.coalesce?.by })
    const { runs, intake } = this.#worker
    // Before it is in use: what it is filled with may start at once.
    for (const run of runs.running()) this.#count(run, false, schedule)
    for (const { id, name } of [...runs.aftermath.pending(), ...runs.settler.pending()]) this.hold(id, name, schedule)
    intake.replace(schedule)
  }

  /** May one of an equal key run in the stead of the picked one? It passes nobody who stands before it in its line. */
  mayReplace(entry: Entry, peers: readonly Entry[], now: Millis): boolean {
    if (this.#state === undefined || this.#state.gate(entry.raw, entry.tags, now) !== undefined) return false
    const { policy } = this.#state
    const line = lineOf(policy, entry.tags)
    if (line === undefined) return true
    if (policy.coalesce === undefined || line !== keyOf(entry.tags, policy.coalesce.by)) return false
    return !peers.some((peer) => peer.notBefore > now && compareArrival(peer, entry) < 0)
  }

  begun(run: Run): void {
    if (this.#state === undefined) return
    this.#count(run, true)
    if (hasRates(this.#state.policy)) this.#timer ??= setTimeout(() => this.save(), WRITE_MS).unref()
  }

  adopted(run: Run): void {
    if (this.#state !== undefined) this.#count(run, false)
  }

  #count({ id, name }: Run, isFresh: boolean, schedule = this.#worker.intake.schedule): void {
    this.#state?.begin(id, parseItemName(name).tags, Date.now(), isFresh)
    this.hold(id, name, schedule)
  }

  /** Its slot is free. Its line is not: it may come back by its verdict. */
  ended(id: ItemId): void {
    if (this.#state !== undefined) this.#worker.intake.schedule.opened(this.#state.end(id))
  }

  hold(id: ItemId, name: RawName, schedule = this.#worker.intake.schedule): void {
    if (this.#state === undefined) return
    const line = lineOf(this.#state.policy, parseItemName(name).tags)
    if (line !== undefined) schedule.hold(id, line)
  }

  /** Its verdict has arrived, or it is not ours any more. */
  released(id: ItemId): void {
    if (this.#state !== undefined) this.#worker.intake.schedule.release(id, Date.now())
  }

  save(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#state === undefined || !hasRates(this.#state.policy)) return
    try {
      const temporary = '_tmp/flow.new' as BytePath
      removeFile(temporary)
      writeNew(temporary, `${JSON.stringify({ starts: this.#state.recent(Date.now()) })}\n`, 0o600)
      rename(temporary, FILE)
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      this.#worker.trouble(error)
    }
  }
}

function hasRates(policy: FlowPolicy | undefined): boolean {
  return policy !== undefined && (policy.rate !== undefined || Object.keys(policy.rates).length > 0)
}

function readRecent(): Record<string, unknown> {
  const reading = readRegular(FILE, LIMIT)
  const value = reading.kind === 'text' ? parseJson(reading.text) : undefined
  return isRecord(value) && isRecord(value['starts']) ? value['starts'] : {}
}
