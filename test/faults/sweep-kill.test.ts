/** kill -9 of a worker, of a slot, or of both, at each file-system call in turn; then a worker without faults. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { kill, processesIn } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { forkWorker, startWorker } from '../helpers/worker.ts'
import { skipLoudly } from './mount.ts'
import { makeScenario, type Scenario } from './scenario.ts'
import { type Shot, shimUnavailable } from './shim.ts'
import { SWEEP_TIMEOUT_MS, sweepCalls } from './sweep-plan.ts'

const SAMPLE = { every: 47, eachKind: true, atOnce: 4 } as const

describe.skipIf(skipLoudly('sweeps', shimUnavailable()))('kill -9 at each file-system call', () => {
  test('of the worker: its handlers run on, and none runs once more', { timeout: SWEEP_TIMEOUT_MS }, async () => {
    const rounds = await sweepCalls({ do: 'kill', match: 'worker.cjs' }, SAMPLE, async (shot) => {
      await round(shot, { exact: true, onDeath: () => undefined })
    })
    expect(rounds).toBeGreaterThan(0)
  })

  test('of the worker, while handlers ask it for copies: each is made once', {
    timeout: SWEEP_TIMEOUT_MS,
  }, async () => {
    await sweepCalls({ do: 'kill', match: 'worker.cjs' }, { every: 61, atOnce: 4 }, async (shot) => {
      await round(shot, { exact: true, onDeath: () => undefined }, makeScenario(shot.dir, { dup: true }))
    })
  })

  test('of the worker and its slots: what they left runs on or runs again, never both', {
    timeout: SWEEP_TIMEOUT_MS,
  }, async () => {
    const rounds = await sweepCalls({ do: 'kill', match: 'worker.cjs' }, SAMPLE, async (shot) => {
      await round(shot, { exact: false, onDeath: killSlots })
    })
    expect(rounds).toBeGreaterThan(0)
  })

  test('of a slot: its worker sees it, and goes on', { timeout: SWEEP_TIMEOUT_MS }, async () => {
    const rounds = await sweepCalls(
      { do: 'kill', match: 'rqd-slot' },
      { every: 6, eachKind: true, atOnce: 4 },
      async (shot) => {
        await round(shot, { exact: false, onDeath: () => undefined })
      },
    )
    expect(rounds).toBeGreaterThan(0)
  })

  test('of a worker that recovers what a killed one left', { timeout: SWEEP_TIMEOUT_MS }, async () => {
    const rounds = await sweepCalls({ do: 'kill', match: 'worker.cjs' }, SAMPLE, async (shot) => {
      const scenario = makeScenario(shot.dir)
      const first = await startWorker(scenario.source.path)
      // In the middle: some items have ended, some run, some wait.
      await until(() => scenario.source.names('done').length > 0)
      await first.kill()
      await round(shot, { exact: true, onDeath: () => undefined }, scenario)
    })
    expect(rounds).toBeGreaterThan(0)
  })
})

interface Kind {
  readonly exact: boolean
  readonly onDeath: (scenario: Scenario) => void
}

async function round(shot: Shot, kind: Kind, scenario = makeScenario(shot.dir)): Promise<void> {
  try {
    const first = forkWorker(scenario.source.path, { env: shot.env(scenario.root) })
    await Promise.race([first.ended, scenario.finished().catch((error: unknown) => failUnlessDead(first.pid, error))])
    if (isDead(first.pid)) {
      kind.onDeath(scenario)
      checkOnePlace(scenario)
      const second = await startWorker(scenario.source.path)
      await scenario.finished()
      await second.stop()
    } else await first.stop()
    scenario.verify(kind)
  } catch (error) {
    throw new Error(`${String(error)}\n${scenario.story()}`, { cause: error })
  } finally {
    scenario.killAll()
  }
}

/** Nobody works now: each item is whole, and in one place. */
function checkOnePlace(scenario: Scenario): void {
  for (const [what, places] of scenario.census()) expect(places, what).toHaveLength(1)
}

function killSlots(scenario: Scenario): void {
  for (const pid of processesIn(scenario.root)) if (commandLine(pid).includes('rqd-slot')) kill(pid, 'SIGKILL')
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    // It ended first.
    return ''
  }
}

function isDead(pid: number): boolean {
  return commandLine(pid) === ''
}

function failUnlessDead(pid: number, error: unknown): void {
  if (!isDead(pid)) throw error
}
