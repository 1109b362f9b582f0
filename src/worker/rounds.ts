/** Which ended runs are settled next, and when: in groups, and what failed by itself. */
import { isDiskTrouble, QueueIoError } from '../fsqueue/errors.ts'
import type { Ended } from './run.ts'

const RETRY_MS = 1000
const GATHER_MS = 10

export class Rounds {
  readonly #settle: (group: readonly Ended[]) => Promise<void>
  /** Returns those of the group that are still to be settled. */
  readonly #onFailure: (group: readonly Ended[], error: QueueIoError) => readonly Ended[]
  #fresh: Ended[] = []
  /** Failed before, so each is tried by itself: what one cannot do must not keep the others from their verdict. */
  readonly #difficult: Ended[] = []
  #lastWasDifficult = false
  #round: Promise<void> | undefined
  #gathering: NodeJS.Timeout | undefined
  /** Failed alone: they wait for the world to change. */
  readonly #later: Ended[] = []
  #retrying: NodeJS.Timeout | undefined

  constructor(
    settle: (group: readonly Ended[]) => Promise<void>,
    onFailure: (group: readonly Ended[], error: QueueIoError) => readonly Ended[],
  ) {
    this.#settle = settle
    this.#onFailure = onFailure
  }

  add(ended: Ended): void {
    this.#fresh.push(ended)
    this.#start()
  }

  /** Resolves when no round is under way. */
  async flush(): Promise<void> {
    while (this.#round !== undefined) await this.#round
  }

  #start(): void {
    if (this.#round !== undefined || this.#gathering !== undefined) return
    const group = this.#next()
    if (group.length === 0) return
    this.#round = this.#settle(group)
      .catch((error: unknown) => {
        if (!(error instanceof QueueIoError)) throw error
        this.#failed(group, error)
      })
      .finally(() => {
        this.#round = undefined
        this.#pace(group.length)
      })
  }

  /** In turns: a stream of new ones does not keep the difficult ones waiting, nor they the others. */
  #next(): readonly Ended[] {
    const isTheirTurn = this.#difficult.length > 0 && (this.#fresh.length === 0 || !this.#lastWasDifficult)
    this.#lastWasDifficult = isTheirTurn
    return isTheirTurn ? this.#difficult.splice(0, 1) : this.#fresh.splice(0)
  }

  /** Under load the next round gathers company: each one stops the file system for a moment, whatever it carries. */
  #pace(last: number): void {
    if (last < 2) this.#start()
    else {
      this.#gathering = setTimeout(() => {
        this.#gathering = undefined
        this.#start()
      }, GATHER_MS)
    }
  }

  #failed(group: readonly Ended[], error: QueueIoError): void {
    const again = this.#onFailure(group, error)
    const isDisk = isDiskTrouble(error)
    // What a full disk refuses one it refuses all; the next to try is another one.
    if (isDisk) this.#later.push(...this.#difficult.splice(0))
    // One of many may be the only one that cannot.
    if (group.length > 1 && !isDisk) this.#difficult.push(...again)
    else this.#later.push(...again)
    if (this.#later.length === 0) return
    this.#retrying ??= setTimeout(() => {
      this.#retrying = undefined
      this.#difficult.push(...this.#later.splice(0))
      this.#start()
    }, RETRY_MS)
  }
}
