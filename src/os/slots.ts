/** Finding what a worker started: slots and handlers carry RQ_SLOT, and stand in their queue. */
import { readlinkSync } from 'node:fs'
import { errnoOf } from './errno.ts'
import { environmentOf, type ProcessStat, processes } from './process.ts'

export interface SlotProcess extends ProcessStat {
  readonly cwd: string
  /** No ancestor of it is a worker any more: it runs on for the next one to adopt. */
  readonly isOrphan: boolean
}

/** The slots and handlers that run for a root (an absolute path without links). */
export function slotProcesses(root: string, workerMark: string): SlotProcess[] {
  const all = new Map(processes().map((stat) => [stat.pid, stat]))
  const found: SlotProcess[] = []
  for (const stat of all.values()) {
    const cwd = cwdOf(stat.pid)
    if (cwd === undefined || !(cwd === root || cwd.startsWith(`${root}/`))) continue
    if (environmentOf(stat.pid, 'RQ_SLOT') === undefined) continue
    found.push({ ...stat, cwd, isOrphan: !hasWorkerAbove(stat, all, workerMark) })
  }
  return found
}

function hasWorkerAbove(stat: ProcessStat, all: ReadonlyMap<number, ProcessStat>, workerMark: string): boolean {
  for (let above = all.get(stat.parent); above !== undefined; above = all.get(above.parent)) {
    if (environmentOf(above.pid, 'RQ_SLOT') !== undefined) continue
    return environmentOf(above.pid, workerMark) !== undefined
  }
  return false
}

/** Where a process stands; undefined when it is gone or not ours to look at. */
export function cwdOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}
