/** `rq alerts`: what there is to say about queues, and saying it (docs/ALERTS.md). */
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { queuePath } from '../config/root.ts'
import { type Alert, makeAlert } from '../domain/alert-text.ts'
import { type AlertPolicy, decideStanding, failureWindow, type Said, type Say } from '../domain/alerts.ts'
import type { Steps } from '../domain/steps.ts'
import { ALERTS_LOCK } from '../fsqueue/chores.ts'
import { hasFlag } from '../fsqueue/layout.ts'
import { lastDoneIn, type Sight, seeFailures, seeStanding } from './alert-look.ts'
import { type Memory, readMemory, writeMemory } from './alert-memory.ts'
import { publishAlerts } from './alert-publish.ts'
import { type Answer, isProblem, type Problem } from './answer.ts'
import { lockChore } from './chore-lock.ts'
import type { Context } from './context.ts'
import { openQueue, type Queue, queueNames, rootFlag } from './spool.ts'
import { inTurns, oneByOne } from './turns.ts'
import { defineVerb } from './verb.ts'

export interface QueueAlerts {
  readonly queue: string
  readonly alerts: readonly Alert[]
  /** Items that were put into the alerts queue: one for each alert and each that is told. */
  readonly sent: number
}

/** A file that came at `now` may have been stamped so by a clock that moves in steps; by then it is there. */
const CLOCK_STEP_MS = 60

export const alerts = defineVerb({
  summary: 'say what is wrong with queues, or have it sent',
  details:
    'By `alerts` of config.json: what was not said yet. Without --send nothing is sent and nothing remembered. Workers do it ' +
    'by themselves, at once when something fails and every alerts.every; from cron it works without a daemon, too.',
  arguments: { queue: { type: 'queue', summary: 'only these', many: true, optional: true } },
  options: { send: { type: 'flag', summary: 'put them into the alerts queue, which sends them' } },
  examples: [
    { command: 'rq alerts', says: 'what would be said now' },
    { command: 'rq alerts mail --send', says: 'say it' },
  ],
  run: async (context, input): Promise<Answer<readonly QueueAlerts[]>> => {
    const value: QueueAlerts[] = []
    const problems: Problem[] = []
    const now = context.now()
    await sleep(CLOCK_STEP_MS)
    for await (const name of oneByOne(input.queue.length === 0 ? queueNames(context.root) : input.queue)) {
      if (context.cancelled.aborted) break
      const queue = await openQueue(context.root, name)
      const answer = isProblem(queue) ? queue : await alertsOf(context, queue, input.send, now)
      if (isProblem(answer)) problems.push(answer)
      else value.push(answer)
    }
    return { value, problems }
  },
})

async function alertsOf(context: Context, queue: Queue, send: boolean, now: number): Promise<QueueAlerts | Problem> {
  const nothing = { queue: queue.name, alerts: [], sent: 0 }
  const { policy, configProblem } = await policyOf(context.root, queue)
  // Of the alerts themselves nobody can be told by alerts.
  if (policy.to.length === 0 || policy.queue === queue.name) return nothing
  if (!send) {
    const { said } = readMemory(queue.dir, policy, now)
    return { ...nothing, alerts: (await inTurns(decide(context, queue, policy, configProblem, said, now))).alerts }
  }
  const lock = lockChore(context, queue, ALERTS_LOCK, `alerts of ${queue.name} are being sent already`)
  if (isProblem(lock)) return lock
  try {
    const memory = readMemory(queue.dir, policy, now)
    const decided = await inTurns(decide(context, queue, policy, configProblem, memory.said, now))
    return (await say(context, queue, policy, memory, decided)) ?? { ...nothing, ...sentOf(decided, policy) }
  } finally {
    lock.close()
  }
}

function sentOf({ alerts: said }: Decided, { to }: AlertPolicy): Pick<QueueAlerts, 'alerts' | 'sent'> {
  return { alerts: said, sent: said.length * to.length }
}

interface Decided {
  readonly alerts: readonly Alert[]
  readonly said: Said
}

function* decide(
  context: Context,
  queue: Queue,
  policy: AlertPolicy,
  configProblem: string | undefined,
  before: Said,
  now: number,
): Steps<Decided> {
  const lastDone = Math.min(now, Math.max(before.lastDone, lastDoneIn(queue)))
  const rootPaused = hasFlag(rootFlag(context.root, '_paused'))
  const sight: Sight = { root: context.root, queue, policy, configProblem, now, lastDone, rootPaused }
  const standing = decideStanding(before.standing, yield* seeStanding(sight), policy, now)
  const window = failureWindow(before, policy.every, now)
  const failures = window === undefined ? undefined : yield* seeFailures(sight, window.from, window.until)
  const says: readonly Say[] = [...(failures === undefined ? [] : [failures]), ...standing.say]
  return {
    alerts: says.map((one) => makeAlert(one, queue.name, hostname(), now)),
    said: {
      standing: standing.standing,
      lastDone,
      failuresUntil: window?.until ?? before.failuresUntil,
      failuresSaid: failures === undefined ? before.failuresSaid : now,
    },
  }
}

/** Remembered before it is published, with its ids: whoever is killed in between is followed by one who ends it. */
async function say(
  context: Context,
  queue: Queue,
  policy: AlertPolicy,
  before: Memory,
  { alerts: said, said: next }: Decided,
): Promise<Problem | undefined> {
  const fresh = said.flatMap((alert) => policy.to.map((to) => ({ id: context.newId(), to, alert })))
  const outgoing = [...before.outgoing, ...fresh]
  writeMemory(queue.dir, { said: next, outgoing })
  if (outgoing.length === 0) return undefined
  const trouble = await publishAlerts(context, policy.queue, outgoing)
  if (trouble !== undefined) return trouble
  writeMemory(queue.dir, { said: next, outgoing: [] })
  return undefined
}

/** Of a queue whose configuration cannot be used the root's word counts. */
async function policyOf(
  root: string,
  queue: Queue,
): Promise<{ policy: AlertPolicy; configProblem: string | undefined }> {
  const { DEFAULT_ROOT_CONFIG, defaultQueueConfig, formatProblem, loadQueueConfig, loadRootConfig } = await import(
    '../config/config.ts'
  )
  const rootConfig = loadRootConfig(root)
  const usable = rootConfig.kind === 'ok' ? rootConfig.config : DEFAULT_ROOT_CONFIG
  const loaded = loadQueueConfig(queuePath(root, queue.name), usable)
  const problems = [rootConfig, loaded].flatMap((result) =>
    result.kind === 'bad' ? result.problems.map(formatProblem) : [],
  )
  const config = loaded.kind === 'ok' ? loaded.config : defaultQueueConfig(usable)
  return { policy: config.alerts, configProblem: problems.length === 0 ? undefined : problems.join('; ') }
}
