/** What processes use, from /proc (proc(5)). */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { errnoOf } from './errno.ts'
import type { ProcessStat } from './process.ts'

export interface Usage {
  /** Milliseconds, with those of ended children that were waited for. */
  readonly cpu: number
  /** Resident bytes; what several share is counted for each. */
  readonly rss: number
}

const AT_PAGESZ = 6
const AT_CLKTCK = 17

/** The kernel's word for this process: 64 bit words, key and value (getauxval(3)). */
function auxiliary(): ReadonlyMap<number, number> {
  const words = readFileSync('/proc/self/auxv')
  const found = new Map<number, number>()
  for (let at = 0; at + 16 <= words.length; at += 16) {
    found.set(Number(words.readBigUInt64LE(at)), Number(words.readBigUInt64LE(at + 8)))
  }
  return found
}

let units: { readonly page: number; readonly tickMs: number } | undefined

function unitsOf(): { readonly page: number; readonly tickMs: number } {
  if (units === undefined) {
    const given = auxiliary()
    units = { page: given.get(AT_PAGESZ) ?? 4096, tickMs: 1000 / (given.get(AT_CLKTCK) ?? 100) }
  }
  return units
}

/** Of several processes together. */
export function usageOf(stats: readonly ProcessStat[]): Usage {
  const { page, tickMs } = unitsOf()
  return {
    cpu: stats.reduce((sum, { cpuTicks }) => sum + cpuTicks, 0) * tickMs,
    rss: stats.reduce((sum, { rssPages }) => sum + rssPages, 0) * page,
  }
}

/** When a process began, ms since 1970: of the boot by whole seconds, of the rest by clock ticks. */
export function beginOf({ start }: Pick<ProcessStat, 'start'>): number {
  const boot = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? 0)
  return Math.round(boot * 1000 + start * unitsOf().tickMs)
}

const buffer = Buffer.allocUnsafe(1024)

/**
 * CPU time of the children that a process has waited for. Its file is kept open: the kernel takes several times longer to
 * find it than to read it.
 */
export class ChildrenClock {
  #fd: number | undefined

  constructor(pid: number) {
    this.#fd = known(() => openSync(`/proc/${pid}/stat`, 'r'))
  }

  /** Milliseconds; undefined when the process is gone. */
  read(): number | undefined {
    const fd = this.#fd
    const text = fd === undefined ? undefined : known(() => readStat(fd))
    if (text === undefined) return undefined
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 15)
    return (Number(fields[13]) + Number(fields[14])) * unitsOf().tickMs
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }
}

function readStat(fd: number): string {
  return buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0))
}

/** What the system refuses is not known. */
function known<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}
