/** The configuration in use, and what is wrong with the one on the disk. */
import { isDeepStrictEqual } from 'node:util'
import { load } from './admin.ts'
import { takeIdentity } from './hooks.ts'
import type { Worker } from './worker.ts'

const AGAIN_MS = 2000

export class Configuration {
  readonly #worker: Worker
  #problem: string | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Why nothing is started. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** While it cannot be used it is read again: the disk may have refused it, or the hint of its change got lost. */
  refuse(problem: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.reload(), AGAIN_MS)
    this.#timer.unref()
    if (problem === this.#problem) return
    this.#problem = problem
    this.#worker.options.emit({ kind: 'config-bad', problem })
  }

  reload(): void {
    const worker = this.#worker
    const { config, root, problem } = load(worker.options.root)
    if (config === undefined) this.refuse(problem)
    else {
      clearTimeout(this.#timer)
      this.#problem = undefined
      if (!isDeepStrictEqual(config.dirs, worker.config.dirs)) worker.options.onOtherDirs()
      const { aging, flow } = worker.config
      worker.config = config
      takeIdentity(worker)
      worker.root = root
      worker.runs.pool.reconfigure(config, worker.environment())
      worker.options.emit({ kind: 'config-loaded', slots: config.slots })
      if (!isDeepStrictEqual({ aging, flow }, { aging: config.aging, flow: config.flow })) worker.flow.configure()
      worker.recover()
      worker.scheduler.look()
    }
    worker.pump()
  }
}
