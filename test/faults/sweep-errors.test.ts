/** Each file-system call in turn fails, once or for a while: nothing is lost, nothing runs twice, and work goes on. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { WORKER_EXIT } from '../../src/domain/worker-protocol.ts'
import { until } from '../helpers/until.ts'
import { skipLoudly } from './mount.ts'
import { makeScenario, type Scenario } from './scenario.ts'
import { type Shot, type SweepOptions, shimUnavailable } from './shim.ts'
import { type Supervised, supervise } from './supervised.ts'
import { SWEEP_TIMEOUT_MS, sweepCalls } from './sweep-plan.ts'

const WORKER = [
  ['a full disk', { do: 'ENOSPC' }],
  ['no descriptor left', { do: 'EMFILE', reads: true }],
  ['a failing disk', { do: 'EIO', reads: true }],
  ['a disk that turned read-only', { do: 'EROFS' }],
] as const satisfies readonly (readonly [string, Partial<SweepOptions>])[]

describe.skipIf(skipLoudly('sweeps', shimUnavailable()))('a call that fails', () => {
  describe.each(WORKER)('in the worker: %s', (_name, fault) => {
    test('once', { timeout: SWEEP_TIMEOUT_MS }, async () => {
      await sweepCalls({ ...fault, match: 'worker.cjs' }, { every: 97, eachKind: true, atOnce: 4 }, once)
    })

    test('for a while', { timeout: SWEEP_TIMEOUT_MS }, async () => {
      await sweepCalls({ ...fault, match: 'worker.cjs', sticky: true }, { every: 97, atOnce: 4 }, forAWhile)
    })
  })

  describe.each(['ENOSPC', 'EIO', 'EMFILE'] as const)('in a slot: %s', (errno) => {
    test('once', { timeout: SWEEP_TIMEOUT_MS }, async () => {
      await sweepCalls({ do: errno, match: 'rqd-slot', reads: true }, { every: 17, eachKind: true, atOnce: 4 }, once)
    })

    test('for a while', { timeout: SWEEP_TIMEOUT_MS }, async () => {
      await sweepCalls({ do: errno, match: 'rqd-slot', reads: true, sticky: true }, { every: 23, atOnce: 4 }, forAWhile)
    })
  })
})

async function once(shot: Shot): Promise<void> {
  await supervised(shot, async (scenario) => scenario.finished())
}

async function forAWhile(shot: Shot): Promise<void> {
  await supervised(shot, async (scenario) => {
    await until(() => shot.fired() || scenario.isFinished(), 60_000, scenario.story)
    if (shot.fired()) await sleep(1500)
    shot.heal()
    await scenario.finished(30_000)
  })
}

async function supervised(shot: Shot, live: (scenario: Scenario) => Promise<void>): Promise<void> {
  const scenario = makeScenario(shot.dir)
  const worker = supervise(scenario.source.path, shot.env(scenario.root))
  try {
    await live(scenario)
    await worker.stop()
    scenario.verify({ exact: true })
    checkEnds(worker)
  } catch (error) {
    throw new Error(`${String(error)}\n${JSON.stringify(worker.ends)} ${worker.said()}\n${scenario.story()}`, {
      cause: error,
    })
  } finally {
    await worker.stop()
    scenario.killAll()
  }
}

/** A worker that cannot begin may leave, to be started again; one that has begun must not fall. */
function checkEnds(worker: Supervised): void {
  expect(worker.ends.filter(({ wasReady }) => wasReady)).toEqual([])
  expect(worker.ends.filter(({ code }) => code !== WORKER_EXIT.later)).toEqual([])
}
