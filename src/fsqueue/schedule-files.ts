/** `_schedules/`: what was done about each schedule, and what people say to it by files (docs/PROTOCOL.md, section 18). */
import { isRecord, parseJson } from '../domain/json.ts'
import { idTime, type Millis, parseItemId, type RawName } from '../domain/name.ts'
import { formatState, nextLook, parseState, type ScheduleSpec, type ScheduleState } from '../domain/schedules.ts'
import { clockOf } from '../domain/timing.ts'
import { readRegular, removeFile, rename, writeNew } from './files.ts'
import { hasFlag, setFlag } from './layout.ts'
import { type BytePath, inQueue, makeDir, type QueueDir } from './place.ts'
import { syncInOrder } from './sync.ts'
import type { Care, Remembered } from './whereabouts.ts'

/** Some hundred instants and a name. */
const LIMIT = 64 * 1024

export function scheduleFile(queue: QueueDir, name: string, kind: 'json' | 'paused' | 'by_hand'): BytePath {
  return inQueue(queue, `_schedules/${name}.${kind}`)
}

export function readScheduleState(queue: QueueDir, name: string): ScheduleState | undefined {
  const reading = readRegular(scheduleFile(queue, name, 'json'), LIMIT)
  return reading.kind === 'text' ? parseState(reading.text) : undefined
}

/** Whole or not at all. `durable`: on the disk before the rename; after a power cut the one before may be there. */
export async function writeScheduleState(
  queue: QueueDir,
  name: string,
  state: ScheduleState,
  durable: boolean,
): Promise<void> {
  await replaceSmall(queue, scheduleFile(queue, name, 'json'), formatState(state), durable)
}

async function replaceSmall(queue: QueueDir, path: BytePath, text: string, durable: boolean): Promise<void> {
  makeDir(inQueue(queue, '_schedules'))
  const staged = `${path}.new` as BytePath
  removeFile(staged)
  writeNew(staged, text)
  if (durable) await syncInOrder([staged])
  rename(staged, path)
}

export function isSchedulePaused(queue: QueueDir, name: string): boolean {
  return hasFlag(scheduleFile(queue, name, 'paused'))
}

/** False: it was so already. */
export async function pauseSchedule(queue: QueueDir, name: string, paused: boolean): Promise<boolean> {
  const flag = scheduleFile(queue, name, 'paused')
  const was = hasFlag(flag)
  if (paused) {
    makeDir(inQueue(queue, '_schedules'))
    setFlag(flag)
  } else removeFile(flag)
  await syncInOrder([inQueue(queue, '_schedules'), queue.base])
  return was !== paused
}

/** The item of the last `rq schedule run`: of the worker's own state only the worker writes. */
export function readByHand(queue: QueueDir, name: string): Remembered | undefined {
  const reading = readRegular(scheduleFile(queue, name, 'by_hand'), LIMIT)
  const value = reading.kind === 'text' ? parseJson(reading.text) : undefined
  if (!isRecord(value) || typeof value['id'] !== 'string' || typeof value['name'] !== 'string') return undefined
  const id = parseItemId(value['id'])
  return id === undefined ? undefined : { id, name: value['name'] as RawName }
}

export async function writeByHand(queue: QueueDir, name: string, item: Remembered): Promise<void> {
  await replaceSmall(queue, scheduleFile(queue, name, 'by_hand'), `${JSON.stringify(item)}\n`, false)
}

/** What was fired last, and what was run by hand: the items that may be in the way of the next. */
export function earlierRuns(
  queue: QueueDir,
  name: string,
  fired: (Remembered & { readonly at: Millis }) | undefined,
): readonly { readonly item: Remembered; readonly care: Care }[] {
  const byHand = readByHand(queue, name)
  // Before the last fire it was looked for already; it waits again only where somebody put it under its own name.
  const isOld = byHand !== undefined && fired !== undefined && idTime(byHand.id) < fired.at
  return [
    ...(fired === undefined ? [] : [{ item: fired, care: 'thorough' as const }]),
    ...(byHand === undefined ? [] : [{ item: byHand, care: isOld ? ('quick' as const) : ('thorough' as const) }]),
  ]
}

/** When a queue without a worker wants one for its schedules; infinite: never. */
export function nextScheduled(queue: QueueDir, schedules: readonly ScheduleSpec[], now: Millis): Millis {
  return Math.min(
    ...schedules.map((spec) => nextLook(spec, clockOf(spec.timing), readScheduleState(queue, spec.name), now)),
  )
}
