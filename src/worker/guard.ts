/**
 * Once a second while something runs: cancel marks, items moved away, logs over their limit, and processes that
 * a handler left behind (they ignored TERM, or called setsid).
 */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { QueueIoError } from '../fsqueue/errors.ts'
import { LOG_NAME } from '../fsqueue/job.ts'
import { type BytePath, fsPath, look, type QueueDir, within } from '../fsqueue/place.ts'
import type { Slot } from '../launch/slot.ts'
import { environmentOf, type ProcessStat, signalProcess } from '../os/process.ts'
import { type Run, runPath } from './run.ts'

/** Is it to be ended: by a mark, or by being moved out of run/? */
export function isCanceled(queue: QueueDir, run: Run): boolean {
  const item = runPath(queue, run)
  return look(item) === undefined || look(within(item, 'cancel')) !== undefined
}

export function logSize(item: BytePath): number {
  const stat = look(within(item, 'job', LOG_NAME))
  return stat?.isFile() === true && stat.nlink === 1 ? stat.size : 0
}

const CUT_NOTICE = '\n--- rqd: cut here, the log grew over max_log ---\n'

/** Keeps the first and the last part of a log. Handlers append, so what they write next lands behind it. */
export function cutLog(item: BytePath, maxLog: number): void {
  const path = within(item, 'job', LOG_NAME)
  try {
    const fd = openSync(fsPath(path), constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = fstatSync(fd)
      // Of several names, or no file: its handler put something else there, which is not ours to cut.
      if (!stat.isFile() || stat.nlink > 1) return
      const { size } = stat
      const part = Math.floor(maxLog / 4)
      const tail = Buffer.alloc(Math.min(part, 1024 * 1024))
      const got = readSync(fd, tail, 0, tail.length, Math.max(0, size - tail.length))
      ftruncateSync(fd, part)
      writeSync(fd, Buffer.concat([Buffer.from(CUT_NOTICE), tail.subarray(0, got)]), 0, CUT_NOTICE.length + got, part)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw new QueueIoError('cut', path, error)
  }
}

export interface Leftover {
  readonly pid: number
  readonly slot: Slot
  /** It left the slot's process group, so that no signal to the group reaches it. */
  readonly escaped: boolean
}

/**
 * Processes of earlier runs: of a slot that is free, all but the slot itself; of a busy one those that are
 * older than its run.
 */
export function findLeftovers(
  slots: readonly Slot[],
  runOf: (slot: Slot) => { readonly startTick: number } | undefined,
  all: readonly ProcessStat[],
): Leftover[] {
  if (slots.length === 0) return []
  const byGroup = new Map(slots.map((slot) => [slot.pid, slot]))
  const byMarker = new Map(slots.map((slot) => [slot.marker, slot]))
  const oldest = Math.min(...slots.map((slot) => slot.start))
  const found: Leftover[] = []
  for (const stat of all) {
    if (stat.start < oldest || byGroup.has(stat.pid)) continue
    const slot = byGroup.get(stat.group) ?? slotOfEscaped(stat, byMarker)
    if (slot === undefined) continue
    const run = runOf(slot)
    if (run === undefined || stat.start < run.startTick)
      found.push({ pid: stat.pid, slot, escaped: stat.group !== slot.pid })
  }
  return found
}

function slotOfEscaped(stat: ProcessStat, byMarker: ReadonlyMap<string, Slot>): Slot | undefined {
  const marker = environmentOf(stat.pid, 'RQ_SLOT')
  return marker === undefined ? undefined : byMarker.get(marker)
}

export function killLeftover(leftover: Leftover): void {
  signalProcess(leftover.pid, 'SIGKILL')
}

/** USER_HZ: start times in /proc are hundredths of a second on every Linux. */
const TICKS_PER_SECOND = 100
const origin = {
  ticks: Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * TICKS_PER_SECOND,
  at: performance.now(),
}

/** Now, in the unit of `ProcessStat.start`; a little early rather than late. */
export function currentTick(): number {
  return Math.floor(origin.ticks + ((performance.now() - origin.at) * TICKS_PER_SECOND) / 1000) - 2
}
