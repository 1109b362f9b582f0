/** `rq clean`: retention by hand, while the daemon is down, or as a worker asks for it (docs/RETENTION.md). */
import { displayName } from '../domain/name.ts'
import { CLEAN_LOCK } from '../fsqueue/chores.ts'
import type { Removed } from '../fsqueue/clean-plan.ts'
import type { Cleaner, CleanReport } from '../fsqueue/cleaner.ts'
import { Stopped } from '../fsqueue/errors.ts'
import type { Tally } from '../fsqueue/scratch.ts'
import { loadNative } from '../os/native.ts'
import { type Answer, isProblem, type Problem, problem } from './answer.ts'
import { lockChore } from './chore-lock.ts'
import type { Context } from './context.ts'
import { pacer } from './pacer.ts'
import { loadConfig, openQueue, type Queue, queueNames } from './spool.ts'
import { defineVerb } from './verb.ts'

export interface Cleaned {
  readonly queue: string
  readonly dry_run: boolean
  /** Items and bytes, by what they were; only what there was. */
  readonly removed: Readonly<Partial<Record<Removed, Tally>>>
  readonly archives: readonly { readonly path: string; readonly items: number }[]
  /** Renames that took it away; whole days and minutes by one each. */
  readonly moves: number
  readonly problems: readonly string[]
}

export const clean = defineVerb({
  summary: 'remove what the retention of queues lets go, archived first if they say so',
  details:
    'By `keep` and `archive` of config.json. Without a queue: all of them. Workers do it by themselves every keep.every; ' +
    'never two at one time. What cannot be read or removed is named, and stays.',
  arguments: { queue: { type: 'queue', summary: 'only these', many: true, optional: true } },
  options: { 'dry-run': { type: 'flag', summary: 'say what would go, and change nothing', short: 'n' } },
  examples: [
    { command: 'rq clean --dry-run', says: 'what would go' },
    { command: 'rq clean mail', says: 'now, whether a daemon runs or not' },
    { command: 'rq clean --json', says: 'from cron, for a queue without a daemon' },
  ],
  run: async (context, input): Promise<Answer<readonly Cleaned[]>> => {
    const value: Cleaned[] = []
    const problems: Problem[] = []
    const names = input.queue.length === 0 ? queueNames(context.root) : input.queue
    for (const name of names) {
      if (context.cancelled.aborted) break
      const queue = await openQueue(context.root, name)
      const cleaned = 'kind' in queue ? queue : await cleanQueue(context, queue, input['dry-run'])
      if ('kind' in cleaned) problems.push(cleaned)
      else {
        value.push(cleaned)
        problems.push(...cleaned.problems.map((text) => problem('failed', `${cleaned.queue}: ${text}`)))
      }
    }
    return { value, problems }
  },
})

async function cleanQueue(context: Context, queue: Queue, dryRun: boolean): Promise<Cleaned | Problem> {
  const loaded = await loadConfig(context.root, queue.name)
  if ('problem' in loaded) return problem('failed', loaded.problem)
  // Who changes nothing disturbs nobody.
  const lock = dryRun ? undefined : lockChore(context, queue, CLEAN_LOCK, `${queue.name} is being cleaned already`)
  if (lock !== undefined && isProblem(lock)) return lock
  try {
    const { Cleaner } = await import('../fsqueue/cleaner.ts')
    const problems = new Set<string>()
    const cleaner: Cleaner = new Cleaner({
      queue: queue.dir,
      name: queue.name,
      policy: loaded.config.retention,
      now: context.now(),
      dryRun,
      newStamp: () => context.newId().slice(0, 29),
      native: await loadNative(),
      pace: pacer(context.cancelled, () => tellProgress(context, cleaner, total)),
      onProblem: (text) => problems.add(displayName(text)),
    })
    const total = context.showsProgress ? cleaner.total() : 0
    tellProgress(context, cleaner, total)
    await cleaner.run().catch((error: unknown) => {
      if (!(error instanceof Stopped)) throw error
      problems.add('stopped; what is left to do is done by the next one')
    })
    lock?.touch()
    return answer(queue.name, dryRun, cleaner.report(), problems)
  } finally {
    lock?.close()
  }
}

function answer(queue: string, dryRun: boolean, report: CleanReport, problems: Iterable<string>): Cleaned {
  const found = Object.entries(report.removed).filter(([, { items, bytes }]) => items > 0 || bytes > 0)
  return {
    queue,
    dry_run: dryRun,
    removed: Object.fromEntries(found),
    archives: report.archives.map(({ path, items }) => ({ path: displayName(path), items })),
    moves: report.moves,
    problems: [...problems],
  }
}

function tellProgress(context: Context, cleaner: Cleaner, total: number): void {
  if (context.showsProgress) context.tell({ kind: 'progress', done: cleaner.done(), total })
}
