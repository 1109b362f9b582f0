/** What there is to say about a queue: facts from its directory for the rules of domain/alerts.ts. Changes nothing. */
import { formatDuration } from '../config/units.ts'
import type { AgeingState, AlertItem, AlertPolicy, DiskLimit, Finding, Say, Seen } from '../domain/alerts.ts'
import { type Millis, parseItemName } from '../domain/name.ts'
import type { Steps } from '../domain/steps.ts'
import { look, place, stateDir } from '../fsqueue/place.ts'
import { buckets } from '../fsqueue/scan.ts'
import { spaceOf } from '../os/filesystem.ts'
import { type Aged, agedIn, describeItem, messageAt, NAMED } from './alert-items.ts'
import { isDown, isPaused, type Queue } from './spool.ts'
import { workerStatus } from './worker-status.ts'

export interface Sight {
  readonly root: string
  readonly queue: Queue
  readonly policy: AlertPolicy
  readonly configProblem: string | undefined
  readonly now: Millis
  /** Nothing is known to be done since. */
  readonly lastDone: Millis
  readonly rootPaused: boolean
}

/** Every rule that is asked for. */
export function* seeStanding(sight: Sight): Steps<Seen> {
  const { policy } = sight
  return {
    ...(policy.down ? { down: orWell(downs(sight)) } : {}),
    ...(Number.isFinite(policy.oldest) ? { oldest: orWell(yield* oldest(sight)) } : {}),
    ...(Number.isFinite(policy.idle) ? { idle: orWell(idle(sight)) } : {}),
    ...(policy.diskBelow === undefined ? {} : { disk_below: orWell(lowDisk(sight, policy.diskBelow)) }),
    ...(Object.keys(policy.filesOlder).length === 0 ? {} : { files_older: orWell(yield* oldFiles(sight)) }),
  }
}

function orWell(finding: Finding | undefined): Finding | 'well' {
  return finding ?? 'well'
}

function downs({ queue, configProblem }: Sight): Finding | undefined {
  const status = workerStatus(queue.dir)
  const live = status?.alive === true ? status : undefined
  const problems = [
    isDown(queue.dir) ? 'it refuses work: its _down is set' : undefined,
    configProblem === undefined ? undefined : `its configuration cannot be used: ${configProblem}`,
    live?.brokenHandler === undefined ? undefined : `its handler is broken: ${live.brokenHandler.problem}`,
    live?.disk === undefined ? undefined : `its disk refuses verdicts: ${live.disk}`,
  ].filter((text) => text !== undefined)
  return problems.length === 0 ? undefined : { text: problems.join('\n'), items: [], count: 0 }
}

/** Of a queue that is paused or down nothing may run: that is somebody's will, or `down` says so. */
function* oldest(sight: Sight): Steps<Finding | undefined> {
  const { queue, policy, now, rootPaused } = sight
  if (rootPaused || isPaused(queue.dir) || isDown(queue.dir)) return undefined
  const mayRun = yield* agedIn(queue, 'que', (raw) => (parseItemName(raw).due ?? 0) * 1000 <= now)
  // What had a time was not late before that.
  const late = mayRun
    .map((aged) => ({ ...aged, since: Math.max(aged.since, (parseItemName(aged.raw).due ?? 0) * 1000) }))
    .filter(({ since }) => now - since > policy.oldest)
    .sort((a, b) => a.since - b.since)
  const [first] = late
  if (first === undefined) return undefined
  const text = `the oldest of ${late.length} has waited for ${span(now - first.since)}, the limit is ${span(policy.oldest)}`
  return finding(text, sight, 'que', late)
}

function idle({ policy, now, lastDone }: Sight): Finding | undefined {
  if (now - lastDone <= policy.idle) return undefined
  const text = `nothing was done for ${span(now - lastDone)}, the limit is ${span(policy.idle)}`
  return { text, items: [], count: 0 }
}

/** When something was last done or relayed, as far as its minutes are still there. */
export function lastDoneIn(queue: Queue): Millis {
  const newest = (['done', 'relayed'] as const).map((state) => {
    const [bucket] = buckets(queue.dir, state)
    if (bucket === undefined) return 0
    const iso = bucket.replace(/^(\d{4})(\d\d)(\d\d)\/(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:59Z')
    return Date.parse(iso) || 0
  })
  return Math.max(...newest)
}

function lowDisk({ queue }: Sight, limit: DiskLimit): Finding | undefined {
  const { freeBytes, freePercent } = spaceOf(queue.dir.base)
  const isLow = limit.kind === 'bytes' ? freeBytes < limit.bytes : freePercent < limit.percent
  if (!isLow) return undefined
  const wanted = limit.kind === 'bytes' ? `${mebi(limit.bytes)} MiB` : `${limit.percent} %`
  const text = `${mebi(freeBytes)} MiB (${freePercent.toFixed(1)} %) are free on the disk of this queue, the limit is ${wanted}`
  return { text, items: [], count: 0 }
}

function mebi(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2)
}

/** One digest of all states. */
function* oldFiles(sight: Sight): Steps<Finding | undefined> {
  const { queue, policy, now } = sight
  const found: { state: AgeingState; limit: Millis; old: readonly Aged[] }[] = []
  for (const [state, limit] of Object.entries(policy.filesOlder) as [AgeingState, Millis][]) {
    const old = (yield* agedIn(queue, state, () => true)).filter(({ since }) => now - since > limit)
    if (old.length > 0) found.push({ state, limit, old })
  }
  if (found.length === 0) return undefined
  const texts = found.map(({ state, limit, old }) => `${old.length} in ${state} for more than ${span(limit)}`)
  const findings = found.map(({ state, old }) => finding('', sight, state, old))
  return {
    text: texts.join(', '),
    items: findings.flatMap(({ items }) => items).slice(0, NAMED),
    count: findings.reduce((sum, { count }) => sum + count, 0),
  }
}

function finding(text: string, { root, queue, now }: Sight, state: AgeingState, aged: readonly Aged[]): Finding {
  const items = aged.slice(0, NAMED).map((one): AlertItem => {
    const item = describeItem(root, queue, state, one)
    return { ...item, reason: [`here for ${span(now - one.since)}`, item.reason].filter(Boolean).join('; ') }
  })
  return { text, items, count: aged.length }
}

/** What failed in that window: one word for all of it. `mute` in its message keeps an item out. */
export function* seeFailures(sight: Sight, from: Millis, until: Millis): Steps<Say | undefined> {
  const { root, queue, policy } = sight
  if (!policy.failed && !policy.gaveUp) return undefined
  // Nothing came, nothing is looked at.
  if ((look(stateDir(queue.dir, '_err'))?.mtimeMs ?? 0) <= from) return undefined
  const failed = yield* agedIn(queue, '_err', () => true, Number.POSITIVE_INFINITY)
  const told: { aged: Aged; rule: 'failed' | 'gave_up' }[] = []
  for (const aged of failed.filter(({ since }) => since > from && since <= until)) {
    yield
    const rule = ruleOf(queue, aged)
    if ((rule === 'failed' && policy.failed) || (rule === 'gave_up' && policy.gaveUp)) told.push({ aged, rule })
  }
  const [first] = told
  if (first === undefined) return undefined
  const rule = told.every(({ rule: one }) => one === 'gave_up') ? 'gave_up' : 'failed'
  const text = told.length === 1 ? `An item ${WORDS[rule]}.` : `${told.length} items failed.`
  const items = told.slice(0, NAMED).map(({ aged }) => describeItem(root, queue, '_err', aged))
  return { rule, news: 'new', text, items, count: told.length }
}

const WORDS = { failed: 'failed', gave_up: 'failed after it was tried again' } as const

function ruleOf(queue: Queue, { raw }: Aged): 'failed' | 'gave_up' | 'mute' {
  const msg = messageAt(place(queue.dir, '_err', raw), raw)
  if (msg['mute'] === true) return 'mute'
  return msg.attempts?.at(-2)?.verdict === 'reschedule' ? 'gave_up' : 'failed'
}

/** The two largest units. */
function span(ms: Millis): string {
  return formatDuration(Math.round(ms / 1000) * 1000)
    .split(' ')
    .slice(0, 2)
    .join(' ')
}
