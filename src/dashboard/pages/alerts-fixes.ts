/** What is said of a queue, in words, and where one goes to mend it. Pure. */
import type { Alert } from '../../domain/alert-text.ts'
import type { Rule } from '../../domain/alerts.ts'
import { queueHref } from '../links.ts'
import { link } from '../router.ts'
import { quoted } from '../ui/complete.ts'

export const RULES = {
  failed: 'items failed',
  gave_up: 'gave up after retries',
  down: 'down',
  oldest: 'items wait too long',
  idle: 'nothing is done',
  disk_below: 'the disk is nearly full',
  files_older: 'old files',
} as const satisfies Record<Rule, string>

export interface Fix {
  readonly does: string
  readonly href: string
}

export function fixesOf({ queue, rule, news }: Pick<Alert, 'queue' | 'rule' | 'news'>): readonly Fix[] {
  if (news === 'recovered') return []
  switch (rule) {
    case 'failed':
    case 'gave_up':
      return [{ does: 'See why, and retry', href: link(['failed'], { queue }) }]
    case 'down':
      return [{ does: 'Open the queue', href: queueHref(queue) }]
    case 'oldest':
      return [
        { does: 'What waits', href: queueHref(queue, { tab: 'waiting' }) },
        { does: 'What runs', href: queueHref(queue, { tab: 'running' }) },
      ]
    case 'idle':
      return [{ does: 'Open the queue', href: queueHref(queue) }]
    case 'disk_below':
      return [{ does: 'Empty its trash', href: link(['trash'], { queue }) }]
    case 'files_older':
      return [{ does: 'Find them', href: link(['search'], { q: `queue=${quoted(queue)} age>1d`, in: 'open' }) }]
  }
}
