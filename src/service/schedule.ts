/** `rq schedule`: what comes by itself, when, and what became of it; and running, pausing, resuming one of them. */
import { nearest } from '../config/near.ts'
import type { QueueConfig } from '../domain/policy.ts'
import type { ScheduleSpec } from '../domain/schedules.ts'
import { QueueIoError } from '../fsqueue/errors.ts'
import { type Answer, isProblem, type Problem, problem, refuse } from './answer.ts'
import type { Context } from './context.ts'
import type { ScheduleRow } from './schedule-list.ts'
import { allQueues, loadConfig, openQueue, type Queue } from './spool.ts'
import { oneByOne } from './turns.ts'
import { defineVerb, type Input } from './verb.ts'

const ACTIONS = ['ls', 'run', 'pause', 'resume'] as const
type Action = (typeof ACTIONS)[number]

const args = {
  action: { type: 'text', summary: ACTIONS.join(', '), words: ACTIONS, optional: true },
  queue: { type: 'queue', summary: 'the queue; with ls, only this one', optional: true },
  name: { type: 'text', summary: 'the schedule; with ls, more queues', many: true, optional: true },
} as const

const options = {
  param: { type: 'pair', summary: 'run: a free parameter', many: true, value: 'KEY=VALUE' },
  param1: { type: 'text', summary: 'run: the first parameter' },
  param2: { type: 'text', summary: 'run: the second' },
  param3: { type: 'text', summary: 'run: the third' },
  param4: { type: 'text', summary: 'run: the fourth' },
  force: { type: 'flag', summary: 'run: also while the item of the last run waits or runs' },
  next: { type: 'count', summary: 'ls: how many of the next runs (3 is usual)', value: 'N' },
} as const

export type ScheduleInput = Input<typeof args, typeof options>

export interface ScheduleDone {
  readonly queue: string
  readonly schedule: string
  /** Of what was run. */
  readonly id?: string
  readonly did: string
}

export type ScheduleValue = readonly (ScheduleRow | ScheduleDone)[]

/** A schedule that was named, and its queue. */
export interface Chosen {
  readonly queue: Queue
  readonly config: QueueConfig
  readonly spec: ScheduleSpec
}

export const schedule = defineVerb({
  summary: 'list, run, pause and resume what comes by itself',
  details:
    'ls [QUEUE...], run QUEUE NAME, pause QUEUE NAME, resume QUEUE NAME. Schedules stand in config.json ' +
    `(\`schedules\`, docs/SCHEDULES.md). run prints the id once the item is on the disk; with overlap skip it is ` +
    'refused (75) while the last one waits or runs. All of it works while the daemon is down.',
  arguments: args,
  options,
  examples: [
    { command: 'rq schedule ls', says: 'all of them: when, what came last, what was skipped and why' },
    { command: 'rq schedule run shop nightly --param date=2026-11-22', says: 'now, with another parameter' },
    { command: 'rq schedule pause shop nightly', says: 'nothing comes until it is resumed' },
  ],
  run: async (context, input): Promise<Answer<ScheduleValue>> => {
    const action = actionOf(input.action)
    if (isProblem(action)) return { value: undefined, problems: [action] }
    if (action.is === 'ls') return list(context, input)
    const chosen = await choose(context, action.is, input)
    if (isProblem(chosen)) return { value: undefined, problems: [chosen] }
    if (action.is === 'run') return (await import('./schedule-run.ts')).runSchedule(context, chosen, input)
    return setPaused(chosen, action.is === 'pause')
  },
})

function actionOf(word: string | undefined): { readonly is: Action } | Problem {
  const is = ACTIONS.find((action) => action === (word ?? 'ls'))
  if (is !== undefined) return { is }
  const near = nearest(word ?? '', ACTIONS)
  return problem(
    'usage',
    `no "${word}": it is one of ${ACTIONS.join(', ')}${near === undefined ? '' : `; did you mean ${near}?`}`,
  )
}

async function list(context: Context, input: ScheduleInput): Promise<Answer<ScheduleValue>> {
  const { listSchedules } = await import('./schedule-list.ts')
  const named = [...(input.queue === undefined ? [] : [input.queue]), ...input.name]
  const opened =
    named.length === 0
      ? await allQueues(context.root)
      : await Promise.all(named.map((name) => openQueue(context.root, name)))
  const problems = opened.filter((queue): queue is Problem => 'kind' in queue)
  const rows: ScheduleRow[] = []
  for await (const queue of oneByOne(opened)) {
    if ('kind' in queue) continue
    const loaded = await loadConfig(context.root, queue.name)
    if ('problem' in loaded) problems.push(problem('failed', `queue ${queue.name}: ${loaded.problem}`))
    else rows.push(...(await listSchedules(queue, loaded.config.schedules, context.now(), input.next ?? 3)))
  }
  return { value: rows.length === 0 && problems.length > 0 ? undefined : rows, problems }
}

async function choose(context: Context, action: Action, input: ScheduleInput): Promise<Chosen | Problem> {
  const [name, more] = input.name
  if (input.queue === undefined || name === undefined || more !== undefined)
    return problem('usage', `it is \`rq schedule ${action} QUEUE NAME\``)
  const queue = await openQueue(context.root, input.queue)
  if ('kind' in queue) return queue
  const loaded = await loadConfig(context.root, queue.name)
  if ('problem' in loaded) return problem('failed', `queue ${queue.name}: ${loaded.problem}`)
  const { config } = loaded
  const spec = config.schedules.find((known) => known.name === name)
  if (spec !== undefined) return { queue, config, spec }
  const names = config.schedules.map((known) => known.name)
  const near = nearest(name, names)
  const hint =
    near === undefined ? `it has ${names.length === 0 ? 'none' : names.join(', ')}` : `did you mean "${near}"?`
  return problem('not-found', `queue ${queue.name} has no schedule "${name}": ${hint}`)
}

async function setPaused({ queue, spec }: Chosen, paused: boolean): Promise<Answer<ScheduleValue>> {
  // Loaded here, as what knows of cron is: no other command pays for it.
  const { pauseSchedule } = await import('../fsqueue/schedule-files.ts')
  try {
    const changed = await pauseSchedule(queue.dir, spec.name, paused)
    const did = paused ? 'paused' : 'resumed'
    return { value: [{ queue: queue.name, schedule: spec.name, did: changed ? did : `${did} already` }], problems: [] }
  } catch (error) {
    if (!(error instanceof QueueIoError)) throw error
    return refuse('failed', error.message)
  }
}
