/** The chores of a queue, each a process of its own at its time: cleaning, and telling what is wrong. */
import type { Millis } from '../domain/name.ts'
import type { RqEvent } from '../log/events.ts'
import { Alerting } from './alerting.ts'
import { Cleaning } from './cleaning.ts'
import type { Worker } from './worker.ts'

export class Housekeeping {
  readonly #cleaning: Cleaning
  readonly #alerting: Alerting

  constructor(worker: Worker) {
    this.#cleaning = new Cleaning(worker)
    this.#alerting = new Alerting(worker)
  }

  get isBusy(): boolean {
    return this.#cleaning.isBusy || this.#alerting.isBusy
  }

  /** When something is to be done that a retired worker is to be started for. */
  next(): Millis {
    return Math.min(this.#cleaning.next(), this.#alerting.next())
  }

  start(): void {
    this.#cleaning.start()
    this.#alerting.run()
  }

  /** Does what is due. */
  run(): void {
    this.#cleaning.run()
    this.#alerting.run()
  }

  /** What the worker says of itself may be a reason to look. */
  listening<O extends { readonly emit: (event: RqEvent) => void }>(options: O): O {
    const emit = (event: RqEvent) => {
      options.emit(event)
      this.#alerting.hear(event)
    }
    return { ...options, emit }
  }
}
