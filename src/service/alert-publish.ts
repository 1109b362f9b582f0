/** Alerts become items of a queue: what cannot be sent now is tried again there, and harms nobody. */
import { renameSync, rmSync } from 'node:fs'
import { queuePath } from '../config/root.ts'
import { parseQueueName } from '../domain/name.ts'
import { writeNew } from '../fsqueue/files.ts'
import { findItem } from '../fsqueue/find.ts'
import { ensureQueue } from '../fsqueue/layout.ts'
import { type BytePath, fsPath, inQueue, look, makeDir, queueDir, toBytes, within } from '../fsqueue/place.ts'
import { syncInOrder, treeOf } from '../fsqueue/sync.ts'
import { errnoOf } from '../os/errno.ts'
import type { Outgoing } from './alert-memory.ts'
import { type Problem, problem } from './answer.ts'
import type { Context } from './context.ts'
import { Publisher } from './publisher.ts'
import { isDown, loadConfig, openQueue, type Queue } from './spool.ts'

/** In the words of its config.json. It sends for months, once an hour at last, and tells nobody of itself. */
const ALERTS_QUEUE = {
  handler: '@alert',
  slots: 2,
  max_attempts: 1000,
  keep: { done: { age: '30d' } },
  alerts: { to: [] },
} as const

/** Publishes those that are not there yet, durably. A problem: none, or not all of them are; to be repeated. */
export async function publishAlerts(
  context: Context,
  name: string,
  outgoing: readonly Outgoing[],
): Promise<Problem | undefined> {
  await makeAlertsQueue(context, name)
  const queue = await openQueue(context.root, name)
  if ('kind' in queue) return queue
  if (isDown(queue.dir)) return problem('busy', `queue ${name} is down, and alerts wait for it`)
  const loaded = await loadConfig(context.root, queue.name)
  if ('problem' in loaded) return problem('failed', loaded.problem)
  ensureQueue(queue.dir, loaded.config.shared)
  // The ids are of no use to who asked for alerts.
  const quiet: Context = { ...context, tell: () => undefined }
  const publisher = await Publisher.open(quiet, queue, loaded.config, false)
  for (const one of outgoing) if (findItem(queue.dir, one.id) === undefined) await publisher.add(itemOf(queue, one))
  const { problems } = await publisher.close()
  return problems[0]
}

function itemOf(queue: Queue, { id, to, alert }: Outgoing) {
  const msg = { dest: queue.name, name: alert.subject, alert_to: to, alert: { ...alert } }
  return { draft: { id, msg, attach: [] }, bytes: 0, moved: [] }
}

/** Made whole beside its place and renamed into it, so that the daemon sees a queue or none. */
async function makeAlertsQueue(context: Context, text: string): Promise<void> {
  const name = parseQueueName(text)
  if (name === undefined) return
  const target = toBytes(queuePath(context.root, name)) as BytePath
  if (look(target) !== undefined) return
  const building = queuePath(context.root, `.new-${context.newId().slice(0, 29)}`)
  const made = toBytes(building) as BytePath
  makeDir(made)
  const queue = queueDir(building)
  ensureQueue(queue)
  writeNew(inQueue(queue, 'config.json'), `${JSON.stringify(ALERTS_QUEUE, undefined, 2)}\n`)
  await syncInOrder(treeOf(made).toReversed())
  try {
    renameSync(fsPath(made), fsPath(target))
  } catch (error) {
    rmSync(fsPath(made), { recursive: true, force: true })
    // Another one was faster.
    if (errnoOf(error) !== 'ENOTEMPTY' && errnoOf(error) !== 'EEXIST') throw error
  }
  await syncInOrder([within(toBytes(context.root) as BytePath, 'queue')])
}
