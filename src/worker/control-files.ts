/** The files by which people tell a queue what to do. A watch tells at once; what it misses is found by looking. */
import { RESTART_FLAG } from '../domain/worker-protocol.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { type BytePath, fileMark } from '../fsqueue/place.ts'
import { watchNames } from '../fsqueue/watch.ts'

export const CONTROL_FILES = ['config.json', 'handler', 'hooks', '_paused', '_down', RESTART_FLAG] as const
export type ControlFile = (typeof CONTROL_FILES)[number]

/** Between two looks: six calls of a few microseconds. */
const LOOK_MS = 5_000

export class ControlFiles {
  readonly #onChange: (name: ControlFile) => void
  readonly #onTrouble: (error: QueueIoError) => void
  readonly #seen = new Map<ControlFile, string>()

  constructor(onChange: (name: ControlFile) => void, onTrouble: (error: QueueIoError) => void) {
    this.#onChange = onChange
    this.#onTrouble = onTrouble
  }

  /** Watch first, then look: what comes between is told twice, never missed. */
  watch(): void {
    watchNames('.' as BytePath, (raw) => this.#hint(raw), this.#onTrouble)
    for (const name of CONTROL_FILES) this.#isNew(name)
    setInterval(() => this.#look(), LOOK_MS).unref()
  }

  #hint(raw: string): void {
    const name = CONTROL_FILES.find((one) => one === raw)
    if (name === undefined) return
    this.#isNew(name)
    this.#onChange(name)
  }

  #look(): void {
    for (const name of CONTROL_FILES) if (this.#isNew(name)) this.#onChange(name)
  }

  /** Is it another than when it was last looked at? */
  #isNew(name: ControlFile): boolean {
    try {
      const now = fileMark(name as string as BytePath)
      const before = this.#seen.get(name)
      this.#seen.set(name, now)
      return before !== now
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
      this.#onTrouble(error)
      return false
    }
  }
}
