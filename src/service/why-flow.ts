/** What a queue's flow says of one waiting item, from the names in que/ and run/ and the starts that were remembered. */

import { entryOf } from '../domain/entry.ts'
import { FlowState, lineOf } from '../domain/flow.ts'
import { isRecord, parseJson } from '../domain/json.ts'
import { displayName, type Millis, parseItemName } from '../domain/name.ts'
import type { WaitReason } from '../domain/pick.ts'
import type { QueueConfig } from '../domain/policy.ts'
import type { Steps } from '../domain/steps.ts'
import { readRegular } from '../fsqueue/files.ts'
import { inQueue } from '../fsqueue/place.ts'
import { itemsOf } from '../fsqueue/scan.ts'
import type { Found } from './lookup.ts'

const LIMIT = 16 * 1024 * 1024
/** So many names are looked at to tell what is ahead in its line. */
const COMPARED = 200_000
const NAMES_A_STEP = 256

export function* flowReason(item: Found, config: QueueConfig, now: Millis): Steps<WaitReason | undefined> {
  const { flow } = config
  if (flow === undefined) return undefined
  const own = entryOf(item.at.raw, now)
  const state = new FlowState(flow)
  const reading = readRegular(inQueue(item.queue.dir, '_flow.json'), LIMIT)
  const value = reading.kind === 'text' ? parseJson(reading.text) : undefined
  if (isRecord(value) && isRecord(value['starts'])) state.remember(value['starts'], now)
  const line = lineOf(flow, own.tags)
  for (const { raw } of itemsOf(item.queue.dir, 'run')) {
    const { id, tags } = parseItemName(raw)
    if (id === undefined) continue
    if (line !== undefined && lineOf(flow, tags) === line) return { kind: 'order', key: line, ahead: id }
    state.begin(id, tags, now, false)
  }
  const ahead = line === undefined ? undefined : yield* firstOf(item, line, config, now)
  if (line !== undefined && ahead !== undefined) return { kind: 'order', key: line, ahead }
  return state.gate(own.raw, own.tags, now)?.reason
}

/** The earliest of its line that came before it. */
function* firstOf(item: Found, line: string, { flow }: QueueConfig, now: Millis): Steps<string | undefined> {
  if (flow === undefined) return undefined
  let first = entryOf(item.at.raw, now)
  let compared = 0
  for (const { raw } of itemsOf(item.queue.dir, 'que')) {
    const other = entryOf(raw, now)
    const isEarlier = other.arrival < first.arrival || (other.arrival === first.arrival && other.raw < first.raw)
    if (isEarlier && lineOf(flow, other.tags) === line) first = other
    compared += 1
    if (compared % NAMES_A_STEP === 0) yield
    if (compared >= COMPARED) break
  }
  return first.raw === item.at.raw ? undefined : (first.id ?? displayName(first.raw))
}
