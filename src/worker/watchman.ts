/** Looks after what runs: once a second at everything, four times a second at runs whose slot is not ours. */
import { readAttempt } from '../fsqueue/attempt.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { cutLog, findLeftovers, inspectRuns, killLeftover } from './guard.ts'
import { isGroupAlive } from './recovery.ts'
import { type Run, runPath } from './run.ts'
import { exitOutcome, type Runs } from './runs.ts'
import type { Worker } from './worker.ts'

const TICK_MS = 1000
const ADOPTED_POLL_MS = 250

export class Watchman {
  readonly #worker: Worker
  readonly #runs: Runs
  #tick: NodeJS.Timeout | undefined
  #poll: NodeJS.Timeout | undefined

  constructor(worker: Worker, runs: Runs) {
    this.#worker = worker
    this.#runs = runs
  }

  /** A slot died, or somebody is impatient. */
  look(): void {
    this.#pollAdopted()
    this.wake()
  }

  /** Something runs. Both timers end by themselves when nothing does. */
  wake(): void {
    if (this.#tick === undefined && this.#runs.size > 0) {
      this.#tick = setTimeout(() => {
        this.#tick = undefined
        this.#inspect()
        this.wake()
      }, TICK_MS)
    }
    if (this.#poll === undefined && this.#runs.running().some((run) => run.slot === undefined)) {
      this.#poll = setTimeout(() => {
        this.#poll = undefined
        this.#pollAdopted()
        this.wake()
      }, ADOPTED_POLL_MS)
    }
  }

  #pollAdopted(): void {
    for (const run of this.#runs.running()) {
      if (run.slot !== undefined) continue
      const record = readAttempt(runPath(this.#worker.options.queue, run), run.attempt)
      if (record?.exit !== undefined) this.#runs.end(run, exitOutcome(run, record.exit))
      else if (!isGroupAlive(run.group)) this.#endedUnseen(run)
    }
    this.#worker.pump()
  }

  /** Its group is empty. It may have recorded its exit between our two looks. */
  #endedUnseen(run: Run): void {
    const exit = readAttempt(runPath(this.#worker.options.queue, run), run.attempt)?.exit
    if (exit !== undefined) this.#runs.end(run, exitOutcome(run, exit))
    else if (run.stopping !== undefined) this.#runs.end(run, { kind: 'stopped', cause: run.stopping, code: undefined })
    else this.#runs.end(run, { kind: 'lost' })
  }

  #inspect(): void {
    const { queue, emit } = this.#worker.options
    try {
      for (const finding of inspectRuns(queue, this.#runs.running(), this.#worker.config.maxLog)) {
        if (finding.kind === 'log') {
          cutLog(runPath(queue, finding.run), this.#worker.config.maxLog)
          emit({ kind: 'log-cut', id: finding.run.id, bytes: finding.bytes })
        } else this.#runs.stop(finding.run, 'cancel')
      }
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      this.#worker.trouble(error)
    }
    this.sweepLeftovers()
  }

  sweepLeftovers(): void {
    const runs = new Map(
      this.#runs.running().flatMap((run) => (run.slot === undefined ? [] : [[run.slot, run] as const])),
    )
    for (const leftover of findLeftovers(this.#runs.pool.slots, (slot) => runs.get(slot))) {
      killLeftover(leftover)
      if (!this.#runs.pool.isBusy(leftover.slot)) this.#runs.pool.replace(leftover.slot)
      this.#worker.options.emit({
        kind: 'leftover-killed',
        pid: leftover.pid,
        id: runs.get(leftover.slot)?.id,
        escaped: leftover.escaped,
      })
    }
  }
}
