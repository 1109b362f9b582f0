/** Looks after what runs: once a second at everything, four times a second at runs whose slot is not ours. */
import { hasStarted, readAttempt } from '../fsqueue/attempt.ts'
import { refusedBySystem } from '../fsqueue/errors.ts'
import { type ProcessStat, processes } from '../os/process.ts'
import { cutLog, findLeftovers, isCanceled, killLeftover, logSize } from './guard.ts'
import { configOf } from './item-config.ts'
import { enforceLimits } from './limits.ts'
import { isAttemptAlive } from './liveness.ts'
import { type Run, runPath } from './run.ts'
import type { Runs } from './runs.ts'
import { stopRun } from './stop-run.ts'
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
      if (run.slot !== undefined || run.isEnding) continue
      this.#caringFor(() => {
        const record = readAttempt(runPath(this.#worker.options.queue, run), run.attempt)
        if (record?.exit !== undefined)
          this.#runs.end(run, this.#runs.cgroups.outcomeOf(run, record.exit, record.before))
        else if (!isAttemptAlive(run.group, run.id, run.attempt)) this.#endedUnseen(run)
      })
    }
    this.#worker.pump()
  }

  /** What cannot be looked at now (no descriptor left, a failing disk) is looked at again at the next time. */
  #caringFor(look: () => void): void {
    try {
      look()
    } catch (error) {
      this.#worker.trouble(refusedBySystem('look', '/proc', error))
    }
  }

  /** Its group is empty. It may have recorded its exit between our two looks. */
  #endedUnseen(run: Run): void {
    const item = runPath(this.#worker.options.queue, run)
    const record = readAttempt(item, run.attempt)
    if (record?.exit !== undefined) this.#runs.end(run, this.#runs.cgroups.outcomeOf(run, record.exit, record.before))
    else if (run.stopping !== undefined || hasStarted(item, run.attempt))
      this.#runs.end(run, this.#runs.cgroups.outcomeOf(run, undefined))
    // Its slot died before it began: that says nothing about the item.
    else this.#runs.neverBegan(run, 'died')
  }

  #inspect(): void {
    const { queue } = this.#worker.options
    for (const run of this.#runs.running()) {
      this.#caringFor(() => {
        if (isCanceled(queue, run)) stopRun(this.#worker, run, 'cancel')
      })
      this.limitLog(run)
    }
    this.#runs.serveDups()
    this.#caringFor(() => {
      const all = processes()
      enforceLimits(this.#worker, all)
      this.sweepLeftovers(all)
    })
  }

  /** A log over its limit keeps its beginning and its end. At the end of a run, too: a second is long for a flood. */
  limitLog(run: Run): void {
    const { queue, emit } = this.#worker.options
    const { maxLog } = configOf(this.#worker.config, run.msg)
    this.#caringFor(() => {
      const bytes = logSize(runPath(queue, run))
      if (bytes <= maxLog) return
      cutLog(runPath(queue, run), maxLog)
      emit({ kind: 'log-cut', id: run.id, bytes })
    })
  }

  sweepLeftovers(all: readonly ProcessStat[] = processes()): void {
    const runs = new Map(
      this.#runs.running().flatMap((run) => (run.slot === undefined ? [] : [[run.slot, run] as const])),
    )
    for (const leftover of findLeftovers(this.#runs.pool.slots, (slot) => runs.get(slot), all)) {
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
