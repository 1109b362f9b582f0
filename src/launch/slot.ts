/** A slot: one resident shell in its own process group that runs one item at a time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { errnoOf } from '../os/errno.ts'
import { bootId, processStat, signalGroup } from '../os/process.ts'
import { ChildrenClock } from '../os/usage.ts'
import { SLOT_SCRIPT, SLOT_STATES, type SlotState } from './slot-script.ts'

export interface SlotReport {
  readonly state: SlotState
  readonly name: string
  readonly attempt: number
  readonly exit: number | undefined
}

export interface SlotOptions {
  /** The environment of every run: what does not change from item to item. */
  readonly env: Readonly<Record<string, string>>
  readonly nice: number
  /** Relative to the queue's directory, in which the worker stands. */
  readonly runDir: string
  readonly fifo: string | undefined
  readonly onReport: (slot: Slot, report: SlotReport) => void
  readonly onDeath: (slot: Slot) => void
}

/** What its start takes for a moment: two socket pairs, the pipe that says whether exec went well, and some to spare. */
export const SLOT_DESCRIPTORS = 8

/**
 * Started by node:child_process: execa adds 7 MB and 0.16 s to each worker (docs/ARCHITECTURE.md), and a slot
 * needs none of what it does.
 */
export class Slot {
  readonly pid: number
  readonly fifo: string | undefined
  /** With the boot id, what makes the pid unique. */
  readonly start: number
  readonly boot: string
  readonly #child: ChildProcess
  readonly #clock: ChildrenClock
  #buffer = ''
  #cpu = 0

  constructor(options: SlotOptions) {
    const marker = `${process.pid}-${process.hrtime.bigint()}`
    this.#child = spawn('/bin/sh', ['-c', SLOT_SCRIPT, 'rqd-slot', options.runDir, options.fifo ?? ''], {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...options.env, RQ_SLOT: marker },
    })
    this.pid = this.#child.pid ?? 0
    this.fifo = options.fifo
    this.start = this.pid === 0 ? 0 : (processStat(this.pid)?.start ?? 0)
    this.boot = bootId()
    if (this.pid !== 0 && options.nice !== 0) setNice(this.pid, options.nice)
    this.marker = marker
    this.#clock = new ChildrenClock(this.pid)
    for (const end of ['error', 'exit']) {
      this.#child.on(end, () => {
        this.#clock.close()
        options.onDeath(this)
      })
    }
    // EPIPE: the slot died, and 'exit' says so.
    this.#child.stdin?.on('error', () => undefined)
    this.#child.stdout?.setEncoding('latin1')
    this.#child.stdout?.on('data', (data: string) => this.#read(data, options.onReport))
  }

  /** In the environment of all that ever ran in this slot, so that what called setsid is found. */
  readonly marker: string

  /** It ended by itself, on the way to its handler: the shell could not fork. */
  get hasFailed(): boolean {
    return this.#child.exitCode !== null && this.#child.exitCode !== 0
  }

  get isUsable(): boolean {
    return this.pid !== 0 && this.start !== 0 && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** One write; the attempt's file must be there. */
  run(name: string, attempt: number): void {
    this.#child.stdin?.write(`+ ${name} ${attempt} .\n`)
  }

  /** Milliseconds of CPU time of the runs that ended since the last call; undefined when it is gone. */
  usedCpu(): number | undefined {
    const before = this.#cpu
    const now = this.#clock.read()
    this.#cpu = now ?? before
    return now === undefined ? undefined : now - before
  }

  /** false when no process of the group is left. */
  signal(signal: NodeJS.Signals): boolean {
    return this.pid !== 0 && signalGroup(this.pid, signal)
  }

  /** End of file on its stdin: it ends after what it runs. */
  close(): void {
    this.#child.stdin?.end()
  }

  /** For a worker that leaves: handlers run on, and nothing of ours waits for them. */
  detach(): void {
    this.close()
    this.#child.unref()
  }

  #read(data: string, onReport: SlotOptions['onReport']): void {
    this.#buffer += data
    for (let end = this.#buffer.indexOf('\n'); end >= 0; end = this.#buffer.indexOf('\n')) {
      const report = parseReport(this.#buffer.slice(0, end))
      this.#buffer = this.#buffer.slice(end + 1)
      if (report !== undefined) onReport(this, report)
    }
  }
}

/** Only root may ask for more than its share; others run at what they have. */
function setNice(pid: number, nice: number): void {
  try {
    setPriority(pid, nice)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
  }
}

function parseReport(line: string): SlotReport | undefined {
  const [state, name, attempt, exit] = line.split(' ')
  const known = SLOT_STATES.find((candidate) => candidate === state)
  if (known === undefined || name === undefined) return undefined
  return {
    state: known,
    name,
    attempt: Number(attempt),
    exit: exit === undefined || exit === '' ? undefined : Number(exit),
  }
}
