/** What `rq alerts` has to say, for people. */
import type { QueueAlerts } from '../service/alerts.ts'
import { type Output, printableLog } from './output.ts'

export function renderAlerts(queues: readonly QueueAlerts[], out: Output, err: Output): void {
  const all = queues.flatMap(({ alerts }) => alerts)
  for (const { subject, body } of all) {
    out.line(out.paint('bold', printableLog(subject)))
    out.line(printableLog(body))
  }
  const sent = queues.reduce((sum, queue) => sum + queue.sent, 0)
  if (all.length === 0) err.line('rq: there is nothing to say')
  else if (sent > 0) err.line(`rq: ${sent} put into the alerts queue`)
}
