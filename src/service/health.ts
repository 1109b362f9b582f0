/** `rq health`: one line and an exit code for Nagios and its kin. Bounded work, whatever the queues hold. */
import { formatDuration, parseDuration } from '../config/units.ts'
import { HEALTH_CODES, type Health, parseThreshold, perfdata, rate, type Threshold, worst } from '../domain/health.ts'
import type { Millis } from '../domain/name.ts'
import { hasFlag } from '../fsqueue/layout.ts'
import { countItems, itemsOf } from '../fsqueue/scan.ts'
import { ages, agesOf, waitingAge } from './ages.ts'
import type { Answer } from './answer.ts'
import { daemonRuns } from './daemon.ts'
import { isDown, isPaused, loadConfig, openQueues, type Queue, rootFlag } from './spool.ts'
import { inTurns, oneByOne } from './turns.ts'
import { defineVerb } from './verb.ts'
import { workerStatus } from './worker-status.ts'

const DEFAULTS = { waiting: '1000:10000', oldest: '15m:1h', failed: '0:100', 'running-for': '1h:6h' } as const
type Measure = keyof typeof DEFAULTS
/** Counting goes so far beyond the highest threshold. */
const AT_LEAST = 10_000

export interface HealthAnswer {
  readonly health: Health
  readonly text: string
  readonly perfdata: readonly string[]
  readonly findings: readonly Finding[]
}

interface Finding {
  /** null: of the root. */
  readonly queue: string | null
  readonly health: Health
  readonly text: string
}

type Thresholds = Readonly<Record<Measure, Threshold>>

const option = (what: string, name: Measure) =>
  ({ type: 'text', summary: `${what} (default ${DEFAULTS[name]})`, value: 'W:C' }) as const

export const health = defineVerb({
  summary: 'a check for Nagios: exit 0 OK, 1 warning, 2 critical, 3 unknown',
  details:
    'More than W warns, more than C is critical; either may be left out, ":" is neither. A daemon, queue, handler, configuration or disk ' +
    'that keeps items from running is critical, a pause a warning. Misuse is 3.',
  arguments: { queue: { type: 'queue', summary: 'only these', many: true, optional: true } },
  options: {
    waiting: option('items that wait', 'waiting'),
    oldest: option('how long the oldest may wait', 'oldest'),
    failed: option('items in _err/', 'failed'),
    'running-for': option('how long an item may run', 'running-for'),
  },
  examples: [
    { command: 'rq health', says: 'everything' },
    { command: 'rq health mail --waiting 100:1000 --oldest 5m:30m --failed :', says: 'one queue, whatever failed' },
  ],
  trouble: HEALTH_CODES.UNKNOWN,
  run: async (context, input): Promise<Answer<HealthAnswer>> => {
    const thresholds = readThresholds(input)
    if (typeof thresholds === 'string') return answer([{ queue: null, health: 'UNKNOWN', text: thresholds }], [])
    const opened = await openQueues(context.root, input.queue)
    const findings: Finding[] = []
    const figures: string[] = []
    if (opened.length === 0) findings.push({ queue: null, health: 'UNKNOWN', text: `no queues in ${context.root}` })
    else if (!(await daemonRuns(context.root)))
      findings.push({ queue: null, health: 'CRITICAL', text: `no daemon runs on ${context.root}` })
    if (hasFlag(rootFlag(context.root, '_paused')))
      findings.push({ queue: null, health: 'WARNING', text: 'all queues are paused' })
    for await (const queue of oneByOne(opened)) {
      if ('kind' in queue) findings.push({ queue: null, health: 'UNKNOWN', text: queue.text })
      else {
        findings.push(...(await stateFindings(context.root, queue)))
        const measured = await measures(queue, thresholds, context.now())
        findings.push(...measured.findings)
        figures.push(...measured.figures.map((one) => (opened.length === 1 ? one('') : one(`${queue.name}_`))))
      }
    }
    return answer(findings, figures)
  },
})

function readThresholds(input: Readonly<Record<Measure, string | undefined>>): Thresholds | string {
  const whole = (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined)
  const seconds = (text: string) => {
    const ms = parseDuration(text)
    return ms === undefined ? undefined : ms / 1000
  }
  const read: Partial<Record<Measure, Threshold>> = {}
  for (const name of Object.keys(DEFAULTS) as Measure[]) {
    const isTime = name === 'oldest' || name === 'running-for'
    const given = input[name] ?? DEFAULTS[name]
    const threshold = parseThreshold(given, isTime ? seconds : whole)
    if (threshold === undefined) return `${name} "${given}": expected WARNING:CRITICAL such as ${DEFAULTS[name]}`
    read[name] = threshold
  }
  return read as Thresholds
}

async function stateFindings(root: string, queue: Queue): Promise<Finding[]> {
  const status = workerStatus(queue.dir)
  const live = status?.alive === true ? status : undefined
  const config = await loadConfig(root, queue.name)
  const found: [Health, string | undefined][] = [
    ['CRITICAL', 'problem' in config ? config.problem : undefined],
    ['CRITICAL', isDown(queue.dir) ? 'it is down' : undefined],
    ['CRITICAL', live?.brokenHandler?.problem],
    ['CRITICAL', live?.disk],
    ['WARNING', isPaused(queue.dir) ? 'it is paused' : undefined],
  ]
  return found.flatMap(([health, text]) => (text === undefined ? [] : [{ queue: queue.name, health, text }]))
}

async function measures(queue: Queue, thresholds: Thresholds, now: Millis) {
  const findings: Finding[] = []
  const figures: ((prefix: string) => string)[] = []
  const add = (name: Measure, value: number, unit: string, words: string) => {
    const threshold = thresholds[name]
    const health = rate(value, threshold)
    if (health !== 'OK') findings.push({ queue: queue.name, health, text: words })
    figures.push((prefix) => perfdata(prefix + name.replace('-', '_'), value, unit, threshold))
  }
  const { warning, critical } = thresholds.waiting
  const { items, more } = await inTurns(ages(queue, 'que', now, Math.max(AT_LEAST, (critical ?? warning ?? 0) + 1)))
  const waited = items.flatMap((aged) => waitingAge(aged, now) ?? [])
  add('waiting', waited.length, '', `${waited.length}${more ? '+' : ''} wait`)
  const oldest = Math.floor(waited.reduce((most, age) => Math.max(most, age), 0) / 1000)
  add('oldest', oldest, 's', `the oldest has waited for ${formatDuration(oldest * 1000)}`)
  const most = Math.max(AT_LEAST, (thresholds.failed.critical ?? thresholds.failed.warning ?? 0) + 1)
  const failed = countItems(itemsOf(queue.dir, '_err'), most)
  add('failed', failed, '', `${failed} failed`)
  const running = Math.floor(longestRun(queue, now) / 1000)
  add('running-for', running, 's', `one runs for ${formatDuration(running * 1000)}`)
  return { findings, figures }
}

/** As its worker says; without one, since it was claimed. */
function longestRun(queue: Queue, now: Millis): Millis {
  const started = workerStatus(queue.dir)?.running.flatMap((run) => run.started ?? []) ?? []
  const found = new Map(agesOf(queue, 'run', now, AT_LEAST).items.map(({ name, age }) => [name.base, age]))
  if (found.size === 0) return 0
  const ages = started.length > 0 ? started.map((time) => now - Date.parse(time)) : [...found.values()]
  return ages.reduce((longest, age) => Math.max(longest, age), 0)
}

function answer(findings: readonly Finding[], figures: readonly string[]): Answer<HealthAnswer> {
  const health = worst(findings.map((finding) => finding.health))
  const sorted = findings.toSorted((a, b) => HEALTH_CODES[b.health] - HEALTH_CODES[a.health])
  const words = sorted.map(({ queue, text }) => (queue === null ? text : `${queue}: ${text}`))
  const text = words.length === 0 ? 'all queues are well' : words.join('; ')
  return { value: { health, text, perfdata: figures, findings }, problems: [], exit: HEALTH_CODES[health] }
}
