/** Does the machine have enough left to start something? Looked at once a second at most, where a queue asks. */
import type { Millis } from '../domain/name.ts'
import { hasMarks, type MachineSample, type Pressure, type PressureMarks, pressureOf } from '../domain/pressure.ts'
import { diskRoom, loadAverage, memoryRoom } from '../os/machine.ts'

const EVERY_MS = 1000

export class Gauge {
  readonly #marks: () => PressureMarks
  #looked = Number.NEGATIVE_INFINITY
  #lookedFor: PressureMarks | undefined
  #pressure: Pressure | undefined

  constructor(marks: () => PressureMarks) {
    this.#marks = marks
  }

  /** What keeps everything from being started, until the next look. */
  read(now: Millis): (Pressure & { readonly until: Millis }) | undefined {
    const marks = this.#marks()
    if (!hasMarks(marks)) {
      this.#pressure = undefined
      return undefined
    }
    // A clock that was set back must not keep us from looking.
    if (Math.abs(now - this.#looked) >= EVERY_MS || marks !== this.#lookedFor) {
      this.#pressure = pressureOf(sampleFor(marks), marks)
      this.#looked = now
      this.#lookedFor = marks
    }
    return this.#pressure === undefined ? undefined : { ...this.#pressure, until: this.nextLook }
  }

  /** When to look again, by what was seen last: looks at nothing itself. */
  get nextLook(): Millis {
    return this.#pressure === undefined ? Number.POSITIVE_INFINITY : this.#looked + EVERY_MS
  }
}

function sampleFor({ loadAbove, memoryBelow, diskBelow, inodesBelow }: PressureMarks): MachineSample {
  const disk = diskBelow === undefined && inodesBelow === undefined ? undefined : diskRoom('.')
  return {
    load: loadAbove === undefined ? undefined : loadAverage(),
    memory: memoryBelow === undefined ? undefined : memoryRoom(),
    disk: disk?.bytes,
    inodes: disk?.inodes,
  }
}
