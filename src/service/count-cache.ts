/**
 * How many items each state of each queue holds, for a process that is asked again and again: what did not change is not
 * counted again, and what takes long is counted in slices between which everything else has its turn.
 */
import { setImmediate as othersTurn } from 'node:timers/promises'
import { BUCKETED, type State } from '../domain/item.ts'
import type { Millis } from '../domain/name.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { type BytePath, type QueueDir, stateDir } from '../fsqueue/place.ts'
import { type Bounds, boundsAt, CountedDays, CountedDirectory, type Counting } from './counting.ts'
import type { Queue } from './spool.ts'

/** Nothing holds up the process for longer. */
const SLICE_MS = 8
/** Whoever asks waits no longer than this for what could be counted meanwhile. */
const PATIENCE_MS = 100
const FIRST_PATIENCE_MS = 500
/** What takes more steps than that, a directory of many names, is left for later. */
const STEPS_AT_ONCE = 8
/** In the background a quarter of the time is taken, and only as long as somebody asks. */
const REST_MS = 3 * SLICE_MS
const ASKED_MS = 30_000
const MOST_FORGOTTEN = 20_000

export interface StateCount {
  readonly count: number
  /** It was not counted to its end yet: there are more. */
  readonly more: boolean
}

interface Known {
  readonly path: BytePath
  readonly counted: CountedDirectory | CountedDays
  /** What is still being counted. */
  job: Counting | undefined
}

export class CountCache {
  readonly #known = new Map<BytePath, Known>()
  /** The same, found without a look at the path: who is asked each second has the same objects for his queues. */
  #ofDir = new WeakMap<QueueDir, Partial<Record<State, Known>>>()
  readonly #now: () => Millis
  #jobs = new Set<Known>()
  #timer: NodeJS.Timeout | undefined
  #asked = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined

  constructor(now: () => Millis) {
    this.#now = now
  }

  /** As far as it can be done soon: these are counted anew where they changed. Who asks meanwhile waits for the same. */
  async look(queues: readonly Queue[], states: readonly State[]): Promise<void> {
    this.#asked = performance.now()
    while (this.#looking !== undefined) await this.#looking
    this.#looking = this.#lookAt(queues, states).finally(() => {
      this.#looking = undefined
    })
    await this.#looking
  }

  of({ dir }: Queue, state: State): StateCount {
    const known = this.#ofDir.get(dir)?.[state] ?? this.#known.get(stateDir(dir, state))
    return { count: known?.counted.count ?? 0, more: known?.counted.isWhole !== true }
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const known of this.#jobs) known.job?.return()
    this.#jobs.clear()
  }

  async #lookAt(queues: readonly Queue[], states: readonly State[]): Promise<void> {
    const began = performance.now()
    let slice = began
    const patience = this.#known.size === 0 ? FIRST_PATIENCE_MS : PATIENCE_MS
    const bounds = boundsAt(this.#now())
    this.#forget(queues.length * states.length)
    for (const { dir } of queues)
      for (const state of states) {
        const known = this.#at(dir, state)
        known.job ??= this.#jobOf(known, bounds)
        this.#jobs.add(known)
        const isHurried = performance.now() - began > patience
        for (let steps = 0; !isHurried && steps < STEPS_AT_ONCE && this.#jobs.has(known); steps += 1) {
          this.#step(known)
          if (performance.now() - slice < SLICE_MS) continue
          await othersTurn()
          slice = performance.now()
        }
      }
    this.#later()
  }

  /** Of queues that were removed. */
  #forget(count: number): void {
    if (this.#known.size <= 2 * count + MOST_FORGOTTEN) return
    this.close()
    this.#known.clear()
    this.#ofDir = new WeakMap()
  }

  #at(dir: QueueDir, state: State): Known {
    const of = this.#ofDir.get(dir) ?? {}
    const met = of[state]
    if (met !== undefined) return met
    const path = stateDir(dir, state)
    const fresh = (): Known => ({
      path,
      counted: BUCKETED[state] ? new CountedDays() : new CountedDirectory(),
      job: undefined,
    })
    const known = this.#known.get(path) ?? fresh()
    this.#known.set(path, known)
    this.#ofDir.set(dir, { ...of, [state]: known })
    return known
  }

  #jobOf({ counted, path }: Known, bounds: Bounds): Counting {
    return counted instanceof CountedDays ? counted.refresh(path, bounds) : counted.refresh(path)
  }

  /** What cannot be read is as it was, and not whole if it never was: one such queue keeps nobody from seeing the others. */
  #step(known: Known): void {
    try {
      if (known.job?.next().done === false) return
    } catch (error) {
      if (!(error instanceof QueueIoError)) throw error
    }
    known.job = undefined
    this.#jobs.delete(known)
  }

  #later(): void {
    if (this.#jobs.size === 0 || this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (performance.now() - this.#asked > ASKED_MS) return
      const end = performance.now() + SLICE_MS
      for (const known of this.#jobs) {
        while (performance.now() < end && this.#jobs.has(known)) this.#step(known)
        if (performance.now() >= end) break
      }
      this.#later()
    }, REST_MS).unref()
  }
}
