/** The daemon killed, and refused, at each of its own file-system calls: workers and handlers outlive it, and it comes back. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type Daemon, startDaemon } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { skipLoudly } from './mount.ts'
import { makeScenario, type Scenario } from './scenario.ts'
import { type Shot, type SweepOptions, shimUnavailable } from './shim.ts'
import { SWEEP_TIMEOUT_MS, sweepCalls } from './sweep-plan.ts'

const DAEMON = { match: 'bin/rqd' } as const
const FAULTS = [
  { do: 'ENOSPC' },
  { do: 'EIO', reads: true },
  { do: 'EMFILE', reads: true },
  { do: 'EROFS' },
] as const satisfies readonly SweepOptions[]

describe.skipIf(skipLoudly('sweeps', shimUnavailable()))('the daemon', () => {
  test('killed at each call', { timeout: SWEEP_TIMEOUT_MS }, async () => {
    const rounds = await sweepCalls({ ...DAEMON, do: 'kill' }, { every: 19, eachKind: true, atOnce: 3 }, (shot) =>
      round(shot),
    )
    expect(rounds).toBeGreaterThan(0)
  })

  test('killed with all its workers, at each call of any of them', { timeout: SWEEP_TIMEOUT_MS }, async () => {
    await sweepCalls({ do: 'kill', match: '.cjs' }, { every: 90, atOnce: 3 }, (shot) => round(shot))
  })

  describe.each(FAULTS)('refused with %j', (fault) => {
    test('once', { timeout: SWEEP_TIMEOUT_MS }, async () => {
      await sweepCalls({ ...DAEMON, ...fault }, { every: 31, eachKind: true, atOnce: 3 }, (shot) => round(shot))
    })

    test('for a while', { timeout: SWEEP_TIMEOUT_MS }, async () => {
      await sweepCalls({ ...DAEMON, ...fault, sticky: true }, { every: 31, atOnce: 3 }, (shot) =>
        round(shot, async (scenario) => {
          await until(() => shot.fired() || scenario.isFinished(), 30_000)
          if (shot.fired()) await sleep(1500)
          shot.heal()
        }),
      )
    })
  })
})

/** A daemon under the fault; if it ends, or did not begin, one without. */
async function round(shot: Shot, meanwhile = async (_scenario: Scenario): Promise<void> => undefined): Promise<void> {
  const scenario = makeScenario(shot.dir)
  let daemon: Daemon | undefined
  try {
    daemon = await startDaemon(scenario.root, { env: shot.env(scenario.root), ready: false })
    const first = daemon
    const refused = first.ended.then(() => 'ended' as const)
    const finished = meanwhile(scenario)
      .then(() => scenario.finished(30_000))
      .then(() => 'finished' as const)
    finished.catch(() => undefined)
    if ((await Promise.race([refused, finished])) === 'ended') {
      checkWords(await first.ended, first.stderr())
      shot.heal()
      daemon = await startDaemon(scenario.root)
      await scenario.finished()
    }
    await daemon.stop()
    scenario.verify({ exact: true })
  } catch (error) {
    throw new Error(`${String(error)}\n${daemon?.stderr()}\n${scenario.story()}`, { cause: error })
  } finally {
    scenario.killAll()
  }
}

/** Killed, or an exit with a reason; never a stack trace. */
function checkWords({ code, signal }: { code: number | null; signal: string | null }, said: string): void {
  if (signal === 'SIGKILL') return
  expect(code, said).not.toBe(0)
  expect(said).not.toBe('')
  expect(said, 'a bug, not an answer').not.toMatch(/^\s+at /m)
}
