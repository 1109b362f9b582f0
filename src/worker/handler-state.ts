/** Whether the queue's handler can work: its file says so, or its runs do. */
import type { Millis } from '../domain/name.ts'
import { checkHandler, type HandlerCheck } from '../launch/handler.ts'

/** A file that cannot be run is looked at again; one in the queue's own directory is also watched. */
const LOOK_AGAIN: Millis = 5000
const PROBE_FIRST: Millis = 1000
const PROBE_MAX: Millis = 60_000

/** The handler's state: SCRIPTERROR until a probe, or a change of its file, says otherwise. */
export class HandlerState {
  /** As whom it runs: that user may own it. */
  uid = 0
  #check: HandlerCheck = { kind: 'broken', problem: 'not looked at yet', stamp: '' }
  #checkedAt = Number.NEGATIVE_INFINITY
  #said: { readonly problem: string; readonly stamp: string } | undefined
  #failures = 0
  #until: Millis = 0

  /** The file's state, looked at most once a second unless forced. */
  look(command: string, now: Millis, force = false): HandlerCheck {
    if (force || now - this.#checkedAt >= 1000 || now < this.#checkedAt) {
      this.#check = checkHandler(command, this.uid)
      this.#checkedAt = now
    }
    return this.#check
  }

  /** What keeps items waiting, or undefined. */
  broken(command: string, now: Millis): { readonly problem: string; readonly until: Millis } | undefined {
    const check = this.look(command, now)
    if (check.kind === 'broken') return { problem: check.problem, until: now + LOOK_AGAIN }
    if (this.#said === undefined) return undefined
    if (this.#said.stamp !== check.stamp) {
      this.mend()
      return undefined
    }
    return { problem: this.#said.problem, until: this.#until }
  }

  /** A run said so; only one item, another one, is tried when `until` has come. */
  get isDoubtful(): boolean {
    return this.#said !== undefined
  }

  /** When the next probe may start. */
  get until(): Millis {
    return this.#until
  }

  /** Returns how long nothing is tried. What ran beside the first that said so says nothing new. */
  fail(command: string, problem: string, now: Millis): Millis {
    if (this.#said !== undefined && now < this.#until) return this.#until - now
    this.#failures += 1
    const delay = Math.min(PROBE_MAX, PROBE_FIRST * 2 ** (this.#failures - 1))
    this.#until = now + delay
    this.#said = { problem, stamp: this.look(command, now, true).stamp }
    return delay
  }

  mend(): void {
    this.#said = undefined
    this.#failures = 0
    this.#until = 0
  }
}
