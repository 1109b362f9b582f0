/** The limits of what runs, looked at once a second (docs/LIMITS.md): what a run used, and whether it is over one. */
import { excessOf, explainExcess, type RunLimits, type RunSample } from '../domain/limits.ts'
import { readAttempt, startedAt } from '../fsqueue/attempt.ts'
import { look, type QueueDir, within } from '../fsqueue/place.ts'
import { attemptKey, outsidersByAttempt } from '../os/outsiders.ts'
import type { ProcessStat } from '../os/process.ts'
import { usageOf } from '../os/usage.ts'
import { logSize } from './guard.ts'
import { configOf } from './item-config.ts'
import { isOfThisQueue } from './liveness.ts'
import { type Run, runPath } from './run.ts'
import { stopRun } from './stop-run.ts'
import type { Worker } from './worker.ts'

/** Looks at every run once, and ends those that are over a limit. `all`: the processes of this moment. */
export function enforceLimits(worker: Worker, all: readonly ProcessStat[]): void {
  const watched = worker.runs
    .running()
    .filter((run) => !run.isEnding)
    .map((run) => ({ run, limits: configOf(worker.config, run.msg).limits }))
  if (watched.length === 0) return
  const groups = new Map<number, ProcessStat[]>(watched.map(({ run }) => [run.group.pid, []]))
  for (const stat of all) groups.get(stat.group)?.push(stat)
  const isMeasured = watched.some(({ limits }) => limits.cpu !== undefined || limits.memory !== undefined)
  const since = Math.min(...watched.map(({ run }) => run.group.start))
  const escaped = isMeasured ? outsidersByAttempt(all, since, groups) : new Map<string, ProcessStat[]>()
  for (const { run, limits } of watched) {
    const members = (groups.get(run.group.pid) ?? []).filter(
      ({ pid, start }) => pid !== run.group.pid && start >= run.startTick,
    )
    const others = escaped.get(attemptKey(run.id, run.attempt)) ?? []
    measure(run, [...members, ...others.filter(({ pid }) => isOfThisQueue(pid))])
    enforce(worker, run, limits)
  }
}

function measure({ sight }: Run, members: readonly ProcessStat[]): void {
  if (members.length === 0) return
  const { cpu, rss } = usageOf(members)
  // A process that nobody waited for takes its time along when it ends: the highest sum counts.
  sight.cpu = Math.max(cpu, sight.cpu ?? 0)
  sight.rss = rss
  sight.maxRss = Math.max(rss, sight.maxRss ?? 0)
}

function enforce(worker: Worker, run: Run, limits: RunLimits): void {
  if (run.stopping !== undefined) return
  const { queue, emit } = worker.options
  const { began, cpu, rss } = run.sight
  const now = performance.now()
  const silent = limits.silence === undefined ? undefined : silenceOf(queue, run, now)
  const sample: RunSample = { elapsed: now - began, cpu, rss, silent }
  const excess = excessOf(sample, limits)
  if (excess === undefined) return
  // It may have ended by itself between our two looks: then its own exit is what counts.
  if (readAttempt(runPath(queue, run), run.attempt)?.exit !== undefined) return
  run.sight.excess = explainExcess(excess)
  emit({ kind: 'limit-exceeded', id: run.id, attempt: run.attempt, ...excess })
  stopRun(worker, run, excess.cause)
}

/** How long it has written nothing, to its log or to fd 3. */
function silenceOf(queue: QueueDir, { sight, name, attempt }: Run, now: number): number {
  const item = runPath(queue, { name })
  const bytes = logSize(item) + (look(within(item, `attempt.${attempt}`))?.size ?? 0)
  if (bytes !== sight.bytes) {
    // Of what was written before our first look, the files tell when.
    const ago = sight.bytes === undefined ? Math.min(now - sight.began, lastWritten(queue, name, attempt)) : 0
    sight.heard = now - ago
    sight.bytes = bytes
  }
  return now - (sight.heard ?? sight.began)
}

function lastWritten(queue: QueueDir, name: Run['name'], attempt: number): number {
  const item = runPath(queue, { name })
  const times = [within(item, 'job', 'stdio.log'), within(item, `attempt.${attempt}`)].map(
    (path) => look(path)?.mtimeMs ?? 0,
  )
  return Math.max(0, Date.now() - Math.max(...times))
}

/** Milliseconds since an attempt began that another worker started; undefined when no file tells. */
export function elapsedOf(queue: QueueDir, name: Run['name'], attempt: number): number | undefined {
  const started = startedAt(runPath(queue, { name }), attempt)
  return started === undefined ? undefined : Math.max(0, Date.now() - started)
}
