/**
 * The handler `@alert`: sends one alert to one who is told (docs/ALERTS.md). It reads `msg`, and the configuration of
 * the queue that the alert is about: nobody can have anything sent to a place that is not named there.
 */
import { readFileSync, writeSync } from 'node:fs'
import { DEFAULT_ROOT_CONFIG, defaultQueueConfig, loadQueueConfig, loadRootConfig } from '../config/config.ts'
import { queuePath } from '../config/root.ts'
import { parseAlert } from '../domain/alert-text.ts'
import type { AlertPolicy } from '../domain/alerts.ts'
import { isRecord, parseJson } from '../domain/json.ts'
import { parseQueueName } from '../domain/name.ts'
import { runCommand } from './alert-command.ts'
import { sendMail } from './alert-mail.ts'
import { postHook } from './alert-webhook.ts'
import type { Delivery, Order } from './delivery.ts'

const EXIT = { sent: 0, refused: 65, later: 75 } as const satisfies Record<Delivery['kind'], number>

/** 5 s, 10 s, 20 s … an hour. */
function delayAfter(count: number): number {
  return Math.min(3600, 5 * 2 ** Math.min(count, 20))
}

function orderFrom(env: NodeJS.ProcessEnv, text: string): Order | { readonly refused: string } {
  const root = env['RQ_ROOT'] ?? ''
  const msg = parseJson(text)
  const alert = isRecord(msg) ? parseAlert(msg['alert']) : undefined
  const to = isRecord(msg) ? msg['alert_to'] : undefined
  if (alert === undefined || typeof to !== 'string') return { refused: 'the message holds no alert' }
  const queue = parseQueueName(alert.queue)
  if (queue === undefined) return { refused: `${JSON.stringify(alert.queue)} is no queue's name` }
  const path = queuePath(root, queue)
  const policy = policyOf(root, path)
  if (!policy.to.includes(to)) return { refused: `${to} is not, or no longer, in alerts.to of queue ${queue}` }
  return { id: env['RQ_MSG_ID'] ?? '', alert, to, policy, queuePath: path }
}

/** Of a queue that is gone, or whose configuration cannot be used, the root's word counts. */
function policyOf(root: string, path: string): AlertPolicy {
  const rootConfig = loadRootConfig(root)
  const usable = rootConfig.kind === 'ok' ? rootConfig.config : DEFAULT_ROOT_CONFIG
  const loaded = loadQueueConfig(path, usable)
  return (loaded.kind === 'ok' ? loaded.config : defaultQueueConfig(usable)).alerts
}

function deliver(order: Order): Promise<Delivery> {
  if (order.to.startsWith('mailto:')) return sendMail(order)
  return order.to.startsWith('exec:') ? runCommand(order) : postHook(order)
}

async function main(): Promise<number> {
  const order = orderFrom(process.env, readFileSync('../msg', 'utf8'))
  const delivery: Delivery = 'refused' in order ? { kind: 'refused', why: order.refused } : await deliver(order)
  switch (delivery.kind) {
    case 'sent':
      say(`done ${delivery.text}`)
      break
    case 'refused':
      say(`fail ${delivery.why}`)
      break
    case 'later':
      say(`resend ${delayAfter(Number(process.env['RQ_COUNT'] ?? 0))}-${delivery.why}`)
  }
  return EXIT[delivery.kind]
}

/** A line of the protocol, and the same for the log. */
function say(text: string): void {
  const line = `${text.replace(/\s+/g, ' ')}\n`
  writeSync(3, line)
  process.stdout.write(line)
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    console.error(error)
    process.exitCode = EXIT.later
  },
)
