/** The ends of a worker (domain/worker-protocol.ts, StopMode). Resolves when it may exit. */
import type { StopMode } from '../domain/worker-protocol.ts'
import { stopRun } from './stop-run.ts'
import type { Worker } from './worker.ts'

const POLL_MS = 20
/** A detached worker gives its last verdicts this long to reach the disk; they are found again otherwise. */
const DETACH_MS = 2000

export async function shutDown(worker: Worker, mode: StopMode): Promise<void> {
  const again = worker.stopping !== undefined && worker.stopping !== mode
  if (worker.stopping === undefined || again) worker.stopping = mode
  worker.intake.close()
  switch (mode) {
    case 'term':
      for (const run of worker.runs.running()) stopRun(worker, run, 'shutdown')
      // Those of what ended just now get as long as it had.
      setTimeout(() => abandonHooks(worker), 2 * worker.config.termTimeout)
      await quiet(worker, Number.POSITIVE_INFINITY)
      break
    case 'drain':
      await quiet(worker, Number.POSITIVE_INFINITY)
      break
    case 'detach':
      worker.runs.pool.detach()
      await settled(worker, DETACH_MS)
      break
    case 'retire':
      break
  }
  abandonHooks(worker)
  worker.flow.save()
  worker.runs.sweepLeftovers()
  worker.runs.pool.closeIdle()
  if (mode !== 'detach') await worker.runs.cgroups.leave()
  worker.options.emit({ kind: 'worker-stopped', why: mode })
}

function abandonHooks(worker: Worker): void {
  worker.hooks.abandon()
  worker.runs.aftermath.abandon()
}

/** Nothing runs, and every verdict has arrived or cannot. */
async function quiet(worker: Worker, within: number): Promise<void> {
  const until = performance.now() + within
  while (performance.now() < until) {
    await worker.runs.settler.flush()
    if (
      worker.runs.size === 0 &&
      !worker.hooks.isBusy &&
      worker.runs.aftermath.size === 0 &&
      (worker.runs.settler.size === 0 || worker.runs.settler.isTroubled)
    )
      return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

async function settled(worker: Worker, within: number): Promise<void> {
  const until = performance.now() + within
  const isOpen = () => worker.runs.unsettled > 0 || worker.runs.running().some((run) => run.isEnding)
  while (isOpen() && !worker.runs.settler.isTroubled && performance.now() < until) {
    await worker.runs.settler.flush()
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
