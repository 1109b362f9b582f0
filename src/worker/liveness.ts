/** Does a run go on? By its slot's process group, and by the mark that its handler was given. */
import { readdirSync, statSync } from 'node:fs'
import type { SlotIdentity } from '../fsqueue/attempt.ts'
import { errnoOf } from '../os/errno.ts'
import { isElsewhere } from '../os/outsiders.ts'
import {
  environmentOf,
  groupIsAlive,
  type ProcessStat,
  processesWith,
  processStat,
  someProcess,
} from '../os/process.ts'
import { fileKey } from '../os/writers.ts'

/**
 * Is anything of this slot's process group alive? The number may have been given to another process since: its
 * leader would have another start time, and its members no mark of a slot.
 */
export function isGroupAlive(slot: Pick<SlotIdentity, 'pid' | 'start' | 'isUnproven'>): boolean {
  const leader = processStat(slot.pid)
  if (leader !== undefined && leader.start !== slot.start && leader.state !== 'Z') return false
  if (slot.pid <= 1 || !groupIsAlive(slot.pid)) return false
  if (leader !== undefined && leader.state !== 'Z') return slot.isUnproven !== true || hasQueueOpen(slot.pid)
  return someProcess((stat) => stat.group === slot.pid && stat.start >= slot.start && isOfSlot(stat.pid))
}

/**
 * A slot's shell has its queue open, in which we stand. A handler of another user can write any process into its attempt's
 * file, by the descriptor that it has for its status lines, and we would adopt it, and signal it.
 */
function hasQueueOpen(pid: number): boolean {
  const queue = fileKey(statSync('.'))
  const isQueue = (fd: string) => {
    const stat = statSync(`/proc/${pid}/fd/${fd}`, { throwIfNoEntry: false })
    return stat !== undefined && fileKey(stat) === queue
  }
  try {
    return readdirSync(`/proc/${pid}/fd`).some(isQueue)
  } catch (error) {
    const code = errnoOf(error)
    if (code === undefined) throw error
    // What may not be looked into is taken for ours: to run it once more would be worse.
    return code !== 'ENOENT' && code !== 'ESRCH'
  }
}

/**
 * Is anything of this attempt alive? Its slot's group, or what left the group: `timeout` and `setsid` do. Asked only
 * where no exit is known, as it reads the environment of every process.
 */
export function isAttemptAlive(slot: SlotIdentity, id: string, n: number): boolean {
  return isGroupAlive(slot) || outsiders(slot, id, n).length > 0
}

/** Processes of an attempt that are not in its slot's group, so that no signal to the group reaches them. */
export function outsiders(slot: SlotIdentity, id: string, n: number): ProcessStat[] {
  const marks = [`RQ_MSG_ID=${id}`, `RQ_ATTEMPT=${n}`]
  return processesWith(marks, slot.start).filter(
    ({ pid, group }) => group !== slot.pid && isOfSlot(pid) && isOfThisQueue(pid),
  )
}

/** Another queue may have an item of the same id, and its processes the same marks. */
export function isOfThisQueue(pid: number): boolean {
  return !isElsewhere(pid, fileKey(statSync('.')))
}

/** An unreadable environment is no proof of innocence. */
function isOfSlot(pid: number): boolean {
  return environmentOf(pid, 'PATH') === undefined || environmentOf(pid, 'RQ_SLOT') !== undefined
}
