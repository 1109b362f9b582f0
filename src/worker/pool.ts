/** The slots of one worker: started when needed, closed when there are too many or their environment is old. */
import { stat } from 'node:fs'
import type { QueueConfig } from '../domain/policy.ts'
import { SLOT_DESCRIPTORS, Slot, type SlotReport } from '../launch/slot.ts'
import { hasDescriptors } from '../os/descriptors.ts'
import type { Fifos } from './fifo.ts'
import type { SlotCgroups } from './slot-cgroups.ts'

/** How long a shortage is remembered. */
const SHORT_MS = 60_000

export interface PoolEvents {
  readonly onReport: (slot: Slot, report: SlotReport) => void
  readonly onDeath: (slot: Slot) => void
  readonly cgroups: Pick<SlotCgroups, 'give' | 'isSpent'>
}

export class Pool {
  readonly #events: PoolEvents
  readonly #idle: Slot[] = []
  readonly #busy = new Set<Slot>()
  /** Made with an earlier configuration: to be closed when free. */
  readonly #old = new WeakSet<Slot>()
  #config: QueueConfig
  #env: Readonly<Record<string, string>>
  readonly #fifos: Fifos
  #hasThreads = false
  #limit = Number.POSITIVE_INFINITY
  #shortTimer: NodeJS.Timeout | undefined

  constructor(config: QueueConfig, env: Readonly<Record<string, string>>, fifos: Fifos, events: PoolEvents) {
    this.#config = config
    this.#env = env
    this.#fifos = fifos
    this.#events = events
  }

  get busy(): number {
    return this.#busy.size
  }

  get slots(): readonly Slot[] {
    return [...this.#idle, ...this.#busy]
  }

  /** How many there may be at one time after a shortage. */
  get limit(): number {
    return this.#limit
  }

  /** The system gave too little for as many as there are: half of them must do for a while. */
  shrink(): void {
    this.#limit = Math.max(1, Math.floor(this.slots.length / 2))
    this.closeIdle()
    clearTimeout(this.#shortTimer)
    this.#shortTimer = setTimeout(() => {
      this.#limit = Number.POSITIVE_INFINITY
    }, SHORT_MS).unref()
  }

  isBusy(slot: Slot): boolean {
    return this.#busy.has(slot)
  }

  reconfigure(config: QueueConfig, env: Readonly<Record<string, string>>): void {
    this.#config = config
    this.#env = env
    for (const slot of this.#busy) this.#old.add(slot)
    this.closeIdle()
  }

  /** A free slot, started if need be; undefined when the system gives no process or descriptors. */
  acquire(): Slot | undefined {
    for (let slot = this.#idle.pop(); slot !== undefined; slot = this.#idle.pop()) {
      if (!slot.isUsable) continue
      if (this.#events.cgroups.isSpent(slot)) {
        slot.close()
        continue
      }
      this.#busy.add(slot)
      return slot
    }
    if (!hasDescriptors(SLOT_DESCRIPTORS)) return undefined
    this.#takeThreads()
    const slot = new Slot({
      env: this.#env,
      nice: this.#config.nice,
      runDir: this.#config.dirs.run,
      fifo: this.#config.dup ? this.#fifos.make() : undefined,
      onReport: this.#events.onReport,
      onDeath: (dead) => {
        this.#forget(dead)
        if (dead.fifo !== undefined) this.#fifos.remove(dead.fifo)
        this.#events.onDeath(dead)
      },
    })
    if (!slot.isUsable) return undefined
    this.#events.cgroups.give(slot)
    this.#busy.add(slot)
    return slot
  }

  /** Node aborts where it cannot make the threads that its file work needs: it has them before processes get short. */
  #takeThreads(): void {
    if (this.#hasThreads) return
    this.#hasThreads = true
    stat('.', () => undefined)
  }

  release(slot: Slot): void {
    if (!this.#busy.delete(slot)) return
    if (this.#old.has(slot) || this.#idle.length + this.#busy.size >= Math.min(this.#config.slots, this.#limit))
      slot.close()
    else this.#idle.push(slot)
  }

  /** For a slot that something clings to: ends all of its group. */
  replace(slot: Slot): void {
    slot.signal('SIGKILL')
    this.#forget(slot)
  }

  closeIdle(): void {
    for (const slot of this.#idle.splice(0)) slot.close()
  }

  detach(): void {
    for (const slot of this.slots) slot.detach()
  }

  #forget(slot: Slot): void {
    this.#busy.delete(slot)
    const at = this.#idle.indexOf(slot)
    if (at >= 0) this.#idle.splice(at, 1)
  }
}
