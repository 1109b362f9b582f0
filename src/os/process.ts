/** Facts about processes, from /proc (proc(5)). A process is pid + start time + boot, never its pid alone. */
import { readdirSync, readFileSync } from 'node:fs'
import { errnoOf } from './errno.ts'

export interface ProcessStat {
  readonly pid: number
  readonly state: string
  readonly parent: number
  readonly group: number
  /** Start time in clock ticks after boot, field 22: with the pid it names a process for good. */
  readonly start: number
  /** Clock ticks of CPU time, with those of ended children that were waited for (fields 14 to 17). */
  readonly cpuTicks: number
  /** Resident pages, field 24. */
  readonly rssPages: number
}

let boot: string | undefined

/** Differs after every boot: what was recorded under another one is history. */
export function bootId(): string {
  boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  return boot
}

/** One process, or undefined when there is none. Zombies are processes here; see `isAlive`. */
export function processStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch (error) {
    // ESRCH: it ended between open and read.
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined
    throw error
  }
}

function parseStat(pid: number, text: string): ProcessStat {
  // The command may hold blanks and parentheses; the fields begin after the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return {
    pid,
    state: fields[0] ?? '?',
    parent: Number(fields[1]),
    group: Number(fields[2]),
    start: Number(fields[19]),
    cpuTicks: Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]),
    rssPages: Number(fields[21]),
  }
}

/** Is this very process alive? A zombie is dead: PID 1 of a container may never reap it. */
export function isAlive(pid: number, start: number): boolean {
  const stat = processStat(pid)
  return stat !== undefined && stat.start === start && !isDead(stat)
}

function isDead(stat: ProcessStat): boolean {
  return stat.state === 'Z' || stat.state === 'X'
}

/** All living processes. */
export function processes(): ProcessStat[] {
  const all: ProcessStat[] = []
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    const stat = processStat(pid)
    if (stat !== undefined && !isDead(stat)) all.push(stat)
  }
  return all
}

/** Has any living process this process group? */
export function groupIsAlive(group: number): boolean {
  try {
    process.kill(-group, 0)
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false
    if (errnoOf(error) !== 'EPERM') throw error
  }
  // It may consist of zombies only. A list of /proc is no snapshot: who forks and ends while we read it can hide.
  return someProcess((stat) => stat.group === group)
}

/** Is there such a living process? A no is asked for twice. */
export function someProcess(matches: (stat: ProcessStat) => boolean): boolean {
  return processes().some(matches) || processes().some(matches)
}

/** Living processes that were started with all of these in their environment, at `since` (ticks) or later. */
export function processesWith(entries: readonly string[], since: number): ProcessStat[] {
  return processes().filter((stat) => stat.start >= since && hasEnvironment(stat.pid, entries))
}

function hasEnvironment(pid: number, entries: readonly string[]): boolean {
  try {
    const environment = new Set(readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0'))
    return entries.every((entry) => environment.has(entry))
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}

/** Signals a process group; false when it has no process left. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-group, signal)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false
    throw error
  }
}

/** Signals one process; false when it is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false
    throw error
  }
}

/** A variable of a process's first environment; undefined when it has none or may not be read. */
export function environmentOf(pid: number, name: string): string | undefined {
  try {
    const prefix = `${name}=`
    const found = readFileSync(`/proc/${pid}/environ`, 'latin1')
      .split('\0')
      .find((entry) => entry.startsWith(prefix))
    return found?.slice(prefix.length)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined
    throw error
  }
}
