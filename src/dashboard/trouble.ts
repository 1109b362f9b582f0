/** What is wrong with a queue, and why, in words; the worst first. Pure. */
import type { TopQueue } from '../service/top.ts'
import { durationText, itemsText } from './ui/format.ts'

export interface Trouble {
  /** What failed is told in more words where there is room. */
  readonly about?: 'failed'
  readonly kind: 'bad' | 'warn'
  readonly text: string
}

/** Waiting so long while nothing runs is no queue's usual way. */
const LONG = 60_000

export function troublesOf(queue: TopQueue, isDaemonUp: boolean): readonly Trouble[] {
  const { broken, config, disk, down, paused, counts, capped, oldest } = queue
  const found: Trouble[] = []
  if (broken !== null) found.push({ kind: 'bad', text: `The handler: ${broken}` })
  if (config !== null) found.push({ kind: 'bad', text: `The configuration: ${config}` })
  if (disk !== null) found.push({ kind: 'bad', text: `The disk: ${disk}` })
  if (down) found.push({ kind: 'bad', text: 'It is down: it refuses new items, and starts none' })
  const isStuck = isDaemonUp && !paused && !down && broken === null && counts.run === 0 && (oldest ?? 0) > LONG
  if (isStuck) found.push({ kind: 'bad', text: `Nothing runs, and the oldest waits for ${durationText(oldest ?? 0)}` })
  if (paused)
    found.push({ kind: 'warn', text: `It is paused${counts.que > 0 ? `, and ${itemsText(counts.que)} wait` : ''}` })
  if (counts._err > 0) {
    const many = capped.includes('_err') ? 'More than ' : ''
    found.push({ kind: 'warn', about: 'failed', text: `${many}${itemsText(counts._err)} failed for good` })
  }
  return found
}

/** For sorting: 0 is the worst. */
export function rankOf(troubles: readonly Trouble[]): number {
  const [first] = troubles
  if (first === undefined) return 2
  return first.kind === 'bad' ? 0 : 1
}
