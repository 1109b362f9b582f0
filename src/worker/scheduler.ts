/** Items that come by themselves: asks domain/schedules.ts what came, and carries it out, one order after the other. */
import type { Millis } from '../domain/name.ts'
import {
  afterOrder,
  decide,
  lookedUntil,
  nextLook,
  type Order,
  type ScheduleSpec,
  type ScheduleState,
  type Surroundings,
  stateNow,
} from '../domain/schedules.ts'
import { type Clock, clockOf } from '../domain/timing.ts'
import { refusedBySystem } from '../fsqueue/errors.ts'
import { earlierRuns, isSchedulePaused, readScheduleState, writeScheduleState } from '../fsqueue/schedule-files.ts'
import { isOpen, whereabouts } from '../fsqueue/whereabouts.ts'
import { readFlags } from './admin.ts'
import { type Fired, type FireOrder, fire, fireRefusal } from './fire.ts'
import type { Worker } from './worker.ts'

interface Known {
  readonly spec: ScheduleSpec
  readonly clock: Clock
  state: ScheduleState | undefined
  /** The next instant after `state.until`; undefined: not asked for yet. */
  next: Millis | undefined
  /** Nothing was written down by us yet: an earlier life may have published what it did not write down. */
  isUnsure: boolean
}

export class Scheduler {
  readonly #worker: Worker
  #specs: readonly ScheduleSpec[] = []
  #known: readonly Known[] = []
  #work: Promise<void> | undefined
  #hasTrouble = false

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Something is being fired, or could not be: no time to retire. */
  get isBusy(): boolean {
    return this.#work !== undefined || this.#hasTrouble
  }

  /** When to look next, ms since 1970; infinite without schedules. */
  nextLook(now: Millis): Millis {
    if (this.#known.length === 0 || this.#work !== undefined) return Number.POSITIVE_INFINITY
    return Math.min(...this.#known.map((known) => this.#nextOf(known, now)))
  }

  #nextOf(known: Known, now: Millis): Millis {
    if (known.state === undefined || known.state.until > now) return nextLook(known.spec, known.clock, known.state, now)
    known.next ??= nextLook(known.spec, known.clock, known.state, now)
    return known.next
  }

  /** After a start, a change of the configuration, and when a time has come. Costs nothing without schedules. */
  look(): void {
    const { config, configuration } = this.#worker
    if (this.#work !== undefined || this.#worker.stopping !== undefined || configuration.problem !== undefined) return
    if (config.schedules !== this.#specs) this.#learn(config.schedules)
    const now = Date.now()
    const due = this.#known.filter((known) => this.#nextOf(known, now) <= now)
    if (due.length === 0) {
      this.#hasTrouble = false
      return
    }
    this.#work = this.#lookAt(due).finally(() => {
      this.#work = undefined
      // What came meanwhile; and the alarm is set anew.
      if (!this.#hasTrouble) this.look()
      this.#worker.pump()
    })
  }

  #learn(specs: readonly ScheduleSpec[]): void {
    this.#specs = specs
    this.#known = specs.map((spec) => ({
      spec,
      clock: clockOf(spec.timing),
      state: readScheduleState(this.#worker.options.queue, spec.name),
      next: undefined,
      isUnsure: true,
    }))
  }

  /** What the disk refuses is tried again by the alarm: nothing is written down before it is done. */
  async #lookAt(due: readonly Known[]): Promise<void> {
    let hasTrouble = false
    for (const known of due) {
      try {
        await this.#carryOut(known)
      } catch (error) {
        hasTrouble = true
        known.isUnsure = true
        this.#worker.trouble(refusedBySystem('schedule', known.spec.name, error))
      }
    }
    this.#hasTrouble = hasTrouble
  }

  async #carryOut(known: Known): Promise<void> {
    const { spec, clock } = known
    const { queue } = this.#worker.options
    const now = Date.now()
    let state = stateNow(spec, known.state, now)
    const orders = decide(spec, clock, state, now, () => this.#surroundings(spec, state, now))
    const isNews = orders.length > 0 || state !== known.state
    for (const planned of orders) {
      const order = planned.do === 'fire' ? await this.#asked(spec, planned, now) : planned
      const care = known.isUnsure ? 'thorough' : 'named'
      const fired = order.do === 'fire' ? await fire(this.#worker, spec, order, state.fired, now, care) : undefined
      state = afterOrder(state, order, fired)
      // One by one: whatever ends us in between, what was done is known.
      if (planned !== orders.at(-1)) await writeScheduleState(queue, spec.name, state, false)
      this.#tell(spec, order, fired)
    }
    state = lookedUntil(state, now)
    // Where nothing was to be done, an older state leads to the same again.
    if (isNews) await writeScheduleState(queue, spec.name, state, this.#worker.config.durability !== 'none')
    known.state = state
    known.next = undefined
    known.isUnsure = false
  }

  /** The queue's hook `enqueue` may refuse what would be published. */
  async #asked(spec: ScheduleSpec, order: FireOrder, now: Millis): Promise<Order> {
    const veto = await fireRefusal(this.#worker, spec, order, now)
    if (veto === undefined) return order
    this.#worker.hooks.failed('enqueue', undefined, `schedule ${spec.name}: ${veto}`)
    return { do: 'skip', at: order.at, count: 1, why: 'refused' }
  }

  #surroundings(spec: ScheduleSpec, state: ScheduleState, now: Millis): Surroundings {
    const { queue } = this.#worker.options
    const earlier = earlierRuns(queue, spec.name, state.fired)
    return {
      isPaused: isSchedulePaused(queue, spec.name),
      // As it is now: a hint of it may be on its way.
      isDown: readFlags().down,
      isOpen: spec.overlap === 'skip' && earlier.some(({ item, care }) => isOpen(whereabouts(queue, item, now, care))),
    }
  }

  #tell(spec: ScheduleSpec, order: Order, fired: Fired | undefined): void {
    const { emit } = this.#worker.options
    const at = new Date(order.at).toISOString()
    if (order.do === 'skip')
      emit({ kind: 'schedule-skipped', schedule: spec.name, at, why: order.why, count: order.count })
    else if (fired?.isNew === true)
      emit({ kind: 'schedule-fired', schedule: spec.name, at, id: fired.id, missed: order.missed })
  }
}
