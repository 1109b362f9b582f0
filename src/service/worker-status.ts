/** `_status.json`: what a queue's worker last said of itself. A snapshot, droppable, and read with suspicion. */
import { isRecord, parseJson } from '../domain/json.ts'
import { type Millis, parseItemName, type RawName } from '../domain/name.ts'
import { PRESSURES, type Pressure } from '../domain/pressure.ts'
import { readRegular } from '../fsqueue/files.ts'
import { fileMark, inQueue, look, type QueueDir } from '../fsqueue/place.ts'
import { isAlive, processStat } from '../os/process.ts'

export interface RunningItem {
  readonly id: string
  readonly attempt: number | undefined
  readonly slot: number | undefined
  /** In run/. */
  readonly name: RawName | undefined
  /** ISO 8601. */
  readonly started: string | undefined
}

export interface HeldBack {
  readonly name: string
  readonly why: string
  readonly until: Millis
}

export interface WorkerStatus {
  readonly pid: number
  /** Is there still such a process? If not, the snapshot is history. */
  readonly alive: boolean
  readonly stopping: boolean
  readonly running: readonly RunningItem[]
  readonly settling: readonly HeldBack[]
  readonly unavailable: readonly HeldBack[]
  readonly brokenHandler: { readonly problem: string; readonly until: Millis } | undefined
  /** What it found by trying, too: a user that handlers cannot run as. */
  readonly configProblem: string | undefined
  readonly disk: string | undefined
  readonly shortage: { readonly problem: string; readonly until: Millis } | undefined
  readonly pressure: (Pressure & { readonly until: Millis }) | undefined
  readonly slots: number
  readonly freeSlots: number
  /** The pool, when items wait for a permit of it. */
  readonly noPermit: string | undefined
}

const LIMIT = 16 * 1024 * 1024

/** When the worker last said something: an idle one says nothing new. undefined: never. */
export function lastSign(queue: QueueDir): Millis | undefined {
  return look(inQueue(queue, '_status.json'))?.mtimeMs
}

export function workerStatus(queue: QueueDir): WorkerStatus | undefined {
  return statusIn(statusFile(queue))
}

/** As it is written; undefined: there is none that could be read. */
export function statusFile(queue: QueueDir): Readonly<Record<string, unknown>> | undefined {
  const reading = readRegular(inQueue(queue, '_status.json'), LIMIT)
  const value = reading.kind === 'text' ? parseJson(reading.text) : undefined
  return isRecord(value) ? value : undefined
}

/** Another one when it was written anew: that is a rename, or the blocks of the old file on a full disk. */
export function statusKey(queue: QueueDir): string {
  return fileMark(inQueue(queue, '_status.json'))
}

/** Whether its worker lives is asked each time. */
export function statusIn(value: Readonly<Record<string, unknown>> | undefined): WorkerStatus | undefined {
  if (value === undefined) return undefined
  const pid = number(value['pid']) ?? 0
  const start = number(value['start'])
  const { gate, brokenHandler, shortage } = value
  return {
    pid,
    alive: pid > 0 && (start === undefined ? processStat(pid) !== undefined : isAlive(pid, start)),
    stopping: isRecord(gate) && gate['kind'] === 'stopping',
    running: records(value['running']).map((run) => ({
      id: text(run['id']) ?? '?',
      attempt: number(run['attempt']),
      slot: number(run['slot']),
      name: runName(run['name']),
      started: timeText(run['started']),
    })),
    settling: records(value['settling']).map((held) => heldBack(held, 'why')),
    unavailable: records(value['unavailable']).map((held) => heldBack(held, 'problem')),
    brokenHandler: isRecord(brokenHandler) ? passing(brokenHandler) : undefined,
    configProblem: text(value['configProblem']),
    disk: text(value['disk']),
    shortage: isRecord(shortage) ? passing(shortage) : undefined,
    pressure: isRecord(value['pressure']) ? pressureIn(value['pressure']) : undefined,
    slots: number(value['slots']) ?? 0,
    freeSlots: number(value['freeSlots']) ?? 0,
    noPermit: text(value['noPermit']),
  }
}

/** A name that a claim makes, and nothing that leads elsewhere. */
function runName(value: unknown): RawName | undefined {
  const name = text(value)
  return name === undefined || name.includes('/') || parseItemName(name).id === undefined
    ? undefined
    : (name as RawName)
}

function passing(state: Record<string, unknown>): { readonly problem: string; readonly until: Millis } {
  return { problem: text(state['problem']) ?? '?', until: time(state['until']) }
}

function pressureIn(state: Record<string, unknown>): WorkerStatus['pressure'] {
  const what = PRESSURES.find((known) => known === state['what'])
  if (what === undefined) return undefined
  return { what, value: text(state['value']) ?? '?', limit: text(state['limit']) ?? '?', until: time(state['until']) }
}

function heldBack(held: Record<string, unknown>, reason: string): HeldBack {
  return { name: text(held['name']) ?? '?', why: text(held[reason]) ?? '?', until: time(held['until']) }
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** Milliseconds or ISO 8601; what is neither has no known end. */
function time(value: unknown): Millis {
  const ms = typeof value === 'string' ? Date.parse(value) : number(value)
  return ms === undefined || Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms
}

function timeText(value: unknown): string | undefined {
  const ms = time(value)
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : undefined
}
