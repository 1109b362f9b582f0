/** `rq why`: why an item does not run, from files alone. */

import { comparing, entryOf } from '../domain/entry.ts'
import type { Attempt } from '../domain/item.ts'
import { parseItemName } from '../domain/name.ts'
import { entryGate, explain, type QueueFacts, queueGate, type WaitReason } from '../domain/pick.ts'
import type { Steps } from '../domain/steps.ts'
import { formOf, messageOf } from '../fsqueue/content.ts'
import { hasFlag } from '../fsqueue/layout.ts'
import { itemsOf } from '../fsqueue/scan.ts'
import type { Context } from './context.ts'
import { daemonRuns } from './daemon.ts'
import { describe, isNamed, type Status } from './describe.ts'
import { callName } from './item-ref.ts'
import { type Found, pathOf } from './lookup.ts'
import { type Attempted, forEachItem } from './relocate.ts'
import { isDown, isPaused, loadConfig, rootFlag } from './spool.ts'
import { inTurns } from './turns.ts'
import { defineVerb } from './verb.ts'
import { flowReason } from './why-flow.ts'
import { type WorkerStatus, workerStatus } from './worker-status.ts'

export interface Why {
  readonly queue: string
  readonly id: string
  readonly status: Status
  /** What keeps it, the first that is to be done away with first; empty when nothing does. */
  readonly reasons: readonly { readonly kind: string; readonly text: string; readonly until?: string }[]
  /** One sentence about an item that does not wait. */
  readonly text: string
}

/** So many names are compared to tell how many go first. */
const COMPARED = 200_000
const NAMES_A_STEP = 256

export const why = defineVerb({
  summary: 'say why an item does not run, and what to do about it',
  arguments: { id: { type: 'item', summary: 'an id, or a unique part of one', states: ['que', 'pause'], many: true } },
  options: {},
  examples: [{ command: 'rq why x7f2k9', says: 'paused? not due? no free slot? a broken handler?' }],
  run: (context, input) => forEachItem(context, input.id, (item) => explainItem(context, item)),
})

async function explainItem(context: Context, item: Found): Promise<Attempted<Why>> {
  const worker = workerStatus(item.queue.dir)
  const { status } = describe(item.queue.name, item.at, context.now(), worker)
  const about = { queue: item.queue.name, id: callName(item.at.raw), status }
  if (item.at.state !== 'que') return { ...about, reasons: [], text: endedText(item) }
  const reasons = (await waitReasons(context, item, worker)).map((reason) => ({
    kind: reason.kind,
    text: explain(reason),
    ...('until' in reason && Number.isFinite(reason.until) ? { until: new Date(reason.until).toISOString() } : {}),
  }))
  return { ...about, reasons, text: reasons[0]?.text ?? 'nothing keeps it: it starts at any moment' }
}

async function waitReasons(context: Context, item: Found, worker: WorkerStatus | undefined): Promise<WaitReason[]> {
  const now = context.now()
  const up = await daemonRuns(context.root)
  const live = up && worker?.alive === true ? worker : undefined
  const raw = item.at.raw
  const settling = live?.settling.find((held) => isNamed(held.name, raw))
  const unavailable = live?.unavailable.find((held) => isNamed(held.name, raw))
  const loaded = await loadConfig(context.root, item.queue.name)
  const { dir } = item.queue
  const rootPaused = hasFlag(rootFlag(context.root, '_paused'))
  const flags = { rootPaused, paused: isPaused(dir), down: isDown(dir) }
  const facts = queueFacts(flags, live, 'problem' in loaded ? loaded.problem : live?.configProblem)
  const flow = 'config' in loaded ? await inTurns(flowReason(item, loaded.config, now)) : undefined
  const aging = 'config' in loaded ? loaded.config.aging : undefined
  // A closed gate hides the ones behind it, but whoever opens it wants to know them too.
  const { slots: all, freeSlots, noPermit } = facts
  const slots = queueGate({ ...NOTHING_SHUT, slots: all, freeSlots, noPermit }, now)
  const own = entryGate(entryOf(raw, now), (id) => live?.running.some((run) => run.id === id) === true, now)
  const reasons: (WaitReason | undefined)[] = [
    up ? undefined : { kind: 'daemon-down' },
    queueGate({ ...facts, freeSlots: 1, noPermit: undefined }, now),
    own,
    flow,
    settling === undefined ? undefined : { kind: 'settling', why: settling.why, until: settling.until },
    unavailable === undefined ? undefined : { kind: 'unavailable', problem: unavailable.why, until: unavailable.until },
  ]
  const found = reasons.filter((reason) => reason !== undefined)
  // Only of an item that may run at all is it worth saying that others go first.
  if (found.length === 0 && slots !== undefined) found.push(slots)
  if (own === undefined && flow === undefined && settling === undefined && unavailable === undefined)
    found.push({ kind: 'behind', ahead: await inTurns(ahead(item, now, aging)) })
  return found
}

const NOTHING_SHUT: QueueFacts = {
  stopping: false,
  rootPaused: false,
  paused: false,
  down: false,
  configProblem: undefined,
  brokenHandler: undefined,
  diskProblem: undefined,
  shortage: undefined,
  pressure: undefined,
  slots: 1,
  freeSlots: 1,
  noPermit: undefined,
}

/** What a queue's gates are asked with, from files alone. */
export function queueFacts(
  flags: Pick<QueueFacts, 'rootPaused' | 'paused' | 'down'>,
  worker: WorkerStatus | undefined,
  configProblem: string | undefined,
): QueueFacts {
  return {
    ...flags,
    stopping: worker?.stopping === true,
    configProblem,
    brokenHandler: worker?.brokenHandler,
    diskProblem: worker?.disk,
    shortage: worker?.shortage,
    pressure: worker?.pressure,
    slots: worker?.slots ?? 1,
    freeSlots: worker?.freeSlots ?? 1,
    noPermit: worker?.noPermit,
  }
}

/** How many waiting items go first, by their names. */
function* ahead(item: Found, now: number, aging: number | undefined): Steps<number> {
  const compare = comparing(aging)
  const own = entryOf(item.at.raw, now)
  let count = 0
  let compared = 0
  for (const { raw } of itemsOf(item.queue.dir, 'que')) {
    if (raw === item.at.raw) continue
    const other = entryOf(raw, now)
    if (other.notBefore <= now && compare(other, own) < 0) count += 1
    compared += 1
    if (compared % NAMES_A_STEP === 0) yield
    if (compared >= COMPARED) break
  }
  return count
}

function endedText(item: Found): string {
  const form = formOf(pathOf(item), item.at.raw)
  const reading = form === undefined ? undefined : messageOf(pathOf(item), form)
  const last = reading?.kind === 'msg' ? reading.msg.attempts?.at(-1) : undefined
  switch (item.at.state) {
    case 'prep':
      return `it is still being built: \`rq commit ${short(item)}\` publishes a draft`
    case 'que':
      return 'it waits'
    case 'run':
      return `it is running${item.id === undefined ? '' : `: \`rq log ${short(item)} -f\` shows its output`}`
    case 'pause':
      return `it is held: \`rq release ${short(item)}\` lets it run`
    case 'done':
      return `it is done${saying(last)}: \`rq retry ${short(item)}\` runs it again`
    case 'relayed':
      return `it was handed on${saying(last)}`
    case '_err':
      return `it failed${saying(last)}: \`rq log ${short(item)}\` shows its output, \`rq retry ${short(item)}\` runs it again`
  }
}

function saying(last: Attempt | undefined): string {
  return last?.text === undefined ? '' : ` (${last.text})`
}

function short(item: Found): string {
  const { id } = parseItemName(item.at.raw)
  return id === undefined ? callName(item.at.raw) : id.slice(23, 29)
}
