/** Each sync of a verdict fails in turn: it is never said to be on the disk, and its item never runs again for it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { handler } from '../fixtures/handlers.ts'
import { kill, makeQueue, processesIn } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { newId, openQueue, startWorker } from '../helpers/worker.ts'
import { skipLoudly } from './mount.ts'
import { type Shot, shimUnavailable } from './shim.ts'
import { SWEEP_TIMEOUT_MS, sweepCalls } from './sweep-plan.ts'

const MODES = [
  ['full', { durability: 'full' }, {}],
  ['group', { durability: 'group' }, {}],
  ['group, without the native module', { durability: 'group' }, { RQD_NATIVE: 'off' }],
] as const

describe.skipIf(skipLoudly('sweeps', shimUnavailable()))('a sync that fails', () => {
  test.each(MODES)('is not taken back: durability %s', { timeout: SWEEP_TIMEOUT_MS }, async (_mode, config, env) => {
    const fault = { do: 'EIO', only: ['fsync', 'fdatasync', 'syncfs'], match: 'worker.cjs' } as const
    const rounds = await sweepCalls(fault, { every: 3, atOnce: 3 }, (shot) => round(shot, config, env))
    expect(rounds).toBeGreaterThan(0)
  })
})

async function round(shot: Shot, config: object, env: object): Promise<void> {
  const root = join(shot.dir, 'root')
  const record = join(shot.dir, 'record')
  const path = makeQueue(root, 'q', `#!/bin/sh\necho x > out\n'${handler('records.sh')}'\n`, {
    ...config,
    slots: 1,
    env: { RECORD: record },
  })
  const queue = openQueue(path)
  const id = newId()
  mkdirSync(join(path, 'que', id, 'attach'), { recursive: true })
  writeFileSync(join(path, 'que', id, 'attach/file'), 'content')
  writeFileSync(join(path, 'que', id, 'msg'), '{}')
  const worker = await startWorker(path, { env: { ...shot.env(root), ...env } })
  try {
    const end = await until(() => queue.events('item-ended')[0])
    expect(await queue.settled(id)).toBe('done')
    expect(end['verdict']).toBe(shot.fired() ? 'not known to be on the disk' : 'done')
    expect(queue.attempts(id)).toHaveLength(1)
    expect(queue.events('disk-trouble').length > 0).toBe(shot.fired())
    await worker.stop()
  } finally {
    for (const pid of processesIn(root)) kill(pid, 'SIGKILL')
  }
}
