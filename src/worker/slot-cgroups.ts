/**
 * A memory cgroup for each slot of a queue that limits memory, where one can be made: the kernel misses nothing between two
 * looks. It is made once for a slot, and what the slot starts is born in it. In a slot that is used no kill has been seen yet,
 * so that one that is seen is of the attempt that runs: also for the worker that adopts it.
 */
import { existsSync, lstatSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type CgroupHome,
  cgroupHome,
  cgroupName,
  filesInMemory,
  type HomeAnswer,
  isRemovable,
  KNOBS,
  killCount,
  leavesEnough,
  limitIn,
  limitOrders,
  parseCgroupName,
} from '../domain/cgroup.ts'
import type { Msg, Outcome } from '../domain/item.ts'
import { explainKill } from '../domain/limits.ts'
import type { RawName } from '../domain/name.ts'
import type { SlotIdentity } from '../fsqueue/attempt.ts'
import { fsPath, place } from '../fsqueue/place.ts'
import type { Slot } from '../launch/slot.ts'
import { cgroupFacts, cgroupsIn, makeCgroup, readKnob, removeCgroup, writeKnob } from '../os/cgroup.ts'
import { isAlive } from '../os/process.ts'
import { configOf } from './item-config.ts'
import { exitOutcome, type Run } from './run.ts'
import type { Worker } from './worker.ts'

/** A closed slot ends within a few milliseconds. */
const LEAVE_MS = 500

interface Given {
  readonly home: CgroupHome
  readonly dir: string
  /** As it was set last. */
  limit: number | undefined
}

export class SlotCgroups {
  readonly #worker: Worker
  readonly #given = new Map<Slot, Given>()
  readonly #queue = lstatSync('.').ino
  /** Groups that saw a kill, and whose item it was: until that is settled they are needed, by the next worker, too. */
  readonly #telling = new Map<number, RawName>()
  #home: HomeAnswer | undefined
  #said: string | undefined

  constructor(worker: Worker) {
    this.#worker = worker
  }

  /** Right after its start. Without one the slot is as good, and its runs are looked at once a second. */
  give(slot: Slot): void {
    const { limits, cgroup } = this.#worker.config
    if (limits.memory === undefined || cgroup === 'never') return
    const answer = this.#findHome()
    if (answer.kind === 'none') {
      this.#say(answer.why)
      return
    }
    this.sweep()
    this.#say(this.#make(answer.home, slot, limits.memory))
  }

  /** Before a run: it costs nothing while the limit is that of the run before. */
  limit(slot: Slot, msg: Msg): void {
    const given = this.#given.get(slot)
    if (given === undefined) return
    const { memory } = configOf(this.#worker.config, msg).limits
    if (memory === given.limit) return
    const refused = setLimit(given, memory)
    if (refused === undefined) given.limit = memory
    else this.#say(`its limit cannot be set: ${refused}`)
  }

  /** Something was killed in it, or runs left so many files in memory that the next one would be short of it. */
  isSpent(slot: Slot): boolean {
    const given = this.#given.get(slot)
    if (given === undefined) return false
    const { dir, home } = given
    const knobs = KNOBS[home.version]
    const limit = Math.min(given.limit ?? Infinity, this.#worker.config.limits.memory ?? Infinity)
    if (killCount(readKnob(dir, knobs.kills) ?? '') > 0) return true
    if (leavesEnough(Number(readKnob(dir, knobs.usage) ?? 0), limit)) return false
    return !leavesEnough(filesInMemory(readKnob(dir, 'memory.stat') ?? ''), limit)
  }

  /** How a run ended, as far as its exit and its cgroup tell. */
  outcomeOf(run: Run, exit: number | undefined, before = false): Outcome {
    const outcome = exitOutcome(run, exit, before)
    if (outcome.kind !== 'exited' && outcome.kind !== 'lost') return outcome
    if (run.slot !== undefined && !this.#given.has(run.slot)) return outcome
    const oom = this.killOf(run.group, run.name)
    if (oom === undefined) return outcome
    this.#worker.options.emit({ kind: 'memory-kill', id: run.id, attempt: run.attempt, text: oom })
    return { ...outcome, oom }
  }

  /** In words, whether the kernel ended a process of a slot for want of memory; undefined: not that we know. */
  killOf({ pid, start }: SlotIdentity, item: RawName): string | undefined {
    const answer = this.#findHome()
    if (answer.kind === 'none') return undefined
    const { dir, version } = answer.home
    const own = `${dir}/${cgroupName({ pid, start, queue: this.#queue })}`
    if (killCount(readKnob(own, KNOBS[version].kills) ?? '') === 0) return undefined
    this.#telling.set(pid, item)
    return explainKill(limitIn(readKnob(own, KNOBS[version].limit) ?? ''))
  }

  /** Its slot has ended. */
  left(slot: Slot): void {
    if (this.#given.delete(slot)) this.sweep()
  }

  /** Removes what dead slots left, of any queue. */
  sweep(): void {
    const answer = this.#findHome()
    if (answer.kind === 'none') return
    const { dir, version } = answer.home
    const needed = this.#needed()
    for (const name of cgroupsIn(dir)) {
      const slot = parseCgroupName(name)
      if (slot === undefined || isAlive(slot.pid, slot.start)) continue
      const kills = killCount(readKnob(`${dir}/${name}`, KNOBS[version].kills) ?? '')
      if (isRemovable(kills, slot.queue === this.#queue, needed.has(slot.pid))) removeCgroup(`${dir}/${name}`)
    }
  }

  #needed(): ReadonlySet<number> {
    const { runs, options } = this.#worker
    for (const [pid, name] of this.#telling)
      if (!existsSync(fsPath(place(options.queue, 'run', name)))) this.#telling.delete(pid)
    return new Set([...runs.running().map(({ group }) => group.pid), ...this.#telling.keys()])
  }

  /** Before a worker leaves: its free slots end in a moment, and what they leave goes with them. */
  async leave(): Promise<void> {
    const until = performance.now() + LEAVE_MS
    while (this.#given.size > 0 && performance.now() < until) await sleep(5)
    if (this.#worker.config.limits.memory !== undefined) this.sweep()
  }

  #findHome(): HomeAnswer {
    if (this.#home === undefined) {
      const facts = cgroupFacts('self')
      this.#home =
        facts === undefined
          ? { kind: 'none', why: 'the kernel has no cgroups' }
          : cgroupHome(facts.cgroup, facts.mountinfo)
    }
    return this.#home
  }

  /** Why it has none. */
  #make(home: CgroupHome, slot: Slot, limit: number): string | undefined {
    if (home.version === 2 && !/\bmemory\b/.test(readKnob(home.dir, 'cgroup.subtree_control') ?? '')) {
      const refused = writeKnob(home.dir, 'cgroup.subtree_control', '+memory')
      if (refused !== undefined) return `${home.dir} does not let its children limit memory: ${refused}`
    }
    const dir = `${home.dir}/${cgroupName({ pid: slot.pid, start: slot.start, queue: this.#queue })}`
    const unmade = makeCgroup(dir)
    if (unmade !== undefined) return `none can be made in ${home.dir}: ${unmade}`
    const given = { home, dir, limit }
    const refused = setLimit(given, limit) ?? writeKnob(dir, 'cgroup.procs', String(slot.pid))
    if (refused === undefined) {
      this.#given.set(slot, given)
      return undefined
    }
    removeCgroup(dir)
    return `one in ${home.dir} cannot be used: ${refused}`
  }

  /** Each reason once. */
  #say(why: string | undefined): void {
    if (why === this.#said) return
    this.#said = why
    if (why !== undefined) this.#worker.options.emit({ kind: 'cgroup-unavailable', why })
  }
}

function setLimit({ dir, home }: Given, limit: number | undefined): string | undefined {
  for (const { knob, value, ifThere } of limitOrders(home.version, limit)) {
    const refused = writeKnob(dir, knob, value)
    if (refused !== undefined && !(ifThere && refused === 'ENOENT')) return refused
  }
  return undefined
}
