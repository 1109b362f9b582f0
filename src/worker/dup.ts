/** `dup SECONDS-X-DEST` lines of a running handler: a copy is published, the answer goes to its fd 4. */
import { countAnswer, readAttempt } from '../fsqueue/attempt.ts'
import { QueueIoError, refusedBySystem } from '../fsqueue/errors.ts'
import { watchNames } from '../fsqueue/watch.ts'
import { askAbout } from './asking.ts'
import { answer, drain } from './fifo.ts'
import { derivedId, neighbour, publishCopy } from './neighbours.ts'
import { type Run, runPath } from './run.ts'
import type { Worker } from './worker.ts'

/** Serves one run until it is closed; `finish` serves what was written up to the end. */
export class DupServer {
  readonly #worker: Worker
  readonly #run: Run
  readonly #watch: { close(): void }
  #work: Promise<void> = Promise.resolve()

  constructor(worker: Worker, run: Run) {
    this.#worker = worker
    this.#run = run
    if (run.slot?.fifo !== undefined) drain(run.slot.fifo)
    else this.serve()
    this.#watch = watchNames(
      runPath(worker.options.queue, run),
      (name) => {
        if (name === `attempt.${run.attempt}`) this.serve()
      },
      () => this.serve(),
    )
  }

  async finish(): Promise<void> {
    this.#watch.close()
    this.serve()
    await this.#work
  }

  /** One at a time and in order: the n-th line has the n-th id, whoever serves it. */
  serve(): void {
    const served = this.#work.then(async () => {
      const lines = readAttempt(runPath(this.#worker.options.queue, this.#run), this.#run.attempt)?.lines ?? []
      const dups = lines.filter((line) => line.kind === 'dup')
      for (const dup of dups.slice(this.#run.dups)) {
        this.#run.dups += 1
        const said = await this.#copy(dup.seconds, dup.dest, this.#run.dups)
        if (this.#run.group.fifo !== undefined) answer(this.#run.group.fifo, said)
        countAnswer(runPath(this.#worker.options.queue, this.#run), this.#run.attempt)
      }
    })
    this.#work = served.catch((error: unknown) => {
      // The item was moved away, the disk is full, or something of the handler's lies in the way.
      this.#worker.trouble(refusedBySystem('dup', this.#run.name, error))
    })
  }

  async #copy(seconds: number, dest: string, ordinal: number): Promise<string> {
    const { queue, emit } = this.#worker.options
    const run = this.#run
    try {
      const target = neighbour(dest, this.#worker.root)
      if (target.kind === 'refused') return `fail ${target.why}`
      const as = derivedId(run.id, run.attempt, ordinal)
      const due = seconds > 0 ? Math.ceil(Date.now() / 1000) + seconds : undefined
      const copy = { as, item: runPath(queue, run), name: run.name, id: run.id, msg: run.msg, due }
      const ask = () => askAbout(this.#worker, target, copy)
      const published = await publishCopy(target, copy, this.#worker.starting.native, ask)
      if (typeof published === 'object') return `fail ${published.veto.replaceAll('\n', ' ')}`
      emit({ kind: 'published', id: run.id, to: target.name, as, why: 'dup' })
      return `ok ${as}`
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      emit({ kind: 'disk-trouble', operation: error.operation, path: error.path, code: error.code })
      return `fail ${error.code}`
    }
  }
}
