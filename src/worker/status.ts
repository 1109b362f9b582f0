/** `_status.json`: a snapshot for people who look. Droppable: nothing is decided by it. */
import { displayName, type RawName } from '../domain/name.ts'
import { queueGate } from '../domain/pick.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { overwrite, removeFile, rename, writeNew } from '../fsqueue/files.ts'
import type { BytePath } from '../fsqueue/place.ts'
import { processStat } from '../os/process.ts'
import { queueFacts } from './facts.ts'
import type { Worker } from './worker.ts'

const EVERY_MS = 1000
const SHOWN = 100

export class StatusFile {
  readonly #worker: Worker
  #last = ''
  #timer: NodeJS.Timeout | undefined

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Something may have changed: written soon, and at most once a second. An idle worker writes nothing. */
  touch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.write()
    }, EVERY_MS).unref()
  }

  /** At once: the first look of somebody who just started us. */
  write(): void {
    const status = this.#snapshot()
    const text = JSON.stringify(status)
    if (text === this.#last) return
    this.#last = text
    try {
      const temporary = '_tmp/status.new' as BytePath
      removeFile(temporary)
      writeNew(temporary, `${JSON.stringify({ ...status, time: new Date().toISOString() })}\n`, 0o644)
      rename(temporary, '_status.json' as BytePath)
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      overwriteStatus(status)
    }
  }

  #snapshot() {
    const worker = this.#worker
    const facts = queueFacts(worker, Date.now())
    const { schedule } = worker.intake
    // One is asked for only when something waits.
    const needs = schedule.readySize > 0
    const gate = queueGate(needs ? facts : { ...facts, noPermit: undefined }, Date.now())
    return {
      pid: process.pid,
      start: processStat(process.pid)?.start,
      gate: gate ?? null,
      slots: facts.slots,
      freeSlots: facts.freeSlots,
      ready: schedule.readySize,
      future: schedule.futureSize,
      truncated: schedule.truncated,
      waiting: schedule.parked(),
      brokenHandler: facts.brokenHandler === undefined ? null : { problem: facts.brokenHandler.problem },
      configProblem: facts.configProblem ?? null,
      disk: facts.diskProblem ?? null,
      shortage: facts.shortage ?? null,
      pressure: facts.pressure ?? null,
      pool: worker.permits.pool ?? null,
      noPermit: needs ? (facts.noPermit ?? null) : null,
      running: worker.runs.running().map((run) => ({
        id: run.id, name: run.name, attempt: run.attempt, slot: run.group.pid, started: run.started ?? null,
        adopted: run.slot === undefined, stopping: run.stopping ?? null,
      })), // biome-ignore format: a record
      unsettled: [...worker.runs.aftermath.pending(), ...worker.runs.settler.pending()]
        .slice(0, SHOWN)
        .map(({ id, attempt }) => ({ id, attempt })),
      settling: shown(worker.starting.settling),
      unavailable: shown(worker.starting.unavailable),
      history: worker.history.lately(),
    }
  }
}

/**
 * A full disk is what people want to read about: the old file's blocks take the new text, with as many of the unwritten
 * minutes as they have room for. A text that does not fit leaves a torn one.
 */
function overwriteStatus(status: { readonly history: readonly unknown[] }): void {
  let { history } = status
  while (!overwrite('_status.json' as BytePath, JSON.stringify({ ...status, history })) && history.length > 0)
    history = history.slice(Math.ceil(history.length / 2))
}

function shown<T extends object>(named: ReadonlyMap<string, T>): (T & { name: string })[] {
  return [...named].slice(0, SHOWN).map(([raw, value]) => ({ name: displayName(raw as RawName), ...value }))
}
