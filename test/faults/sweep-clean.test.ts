/** `rq clean` killed, and refused, at each file-system call: every item is still there, or in an archive that is whole. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BIN, makeQueue } from '../helpers/daemon.ts'
import { archivesIn, itemsIn, itemsUnder, putEnded } from '../helpers/ended.ts'
import { skipLoudly } from './mount.ts'
import { type Shot, shimUnavailable } from './shim.ts'
import { SWEEP_TIMEOUT_MS, sweepCalls } from './sweep-plan.ts'
import { type MountedDir, mountsUnavailable, mountTmpfs } from './tmpfs.ts'

const ITEMS = ['a', 'b', 'c', 'd', 'e']

function makePlace(dir: string, archive: boolean): string {
  const root = join(dir, 'root')
  const queue = makeQueue(root, 'q', undefined, {
    keep: { done: { age: '1d' } },
    ...(archive ? { archive: { states: ['done'] } } : {}),
  })
  for (const [at, name] of ITEMS.entries()) putEnded(queue, name, 'done', `2020010${1 + (at % 2)}/1000`)
  return root
}

async function clean(root: string, shot?: Shot): Promise<{ code: number | null; stderr: string }> {
  const env = { ...process.env, ...shot?.env(root) }
  const child = spawn(process.execPath, [BIN.rq, '--root', root, 'clean'], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (data) => {
    stderr += data
  })
  return { code: await new Promise((resolve) => child.on('close', resolve)), stderr }
}

/** Whatever happened, nothing is gone that is in no archive, and archives are archives. */
function check(root: string): void {
  const queue = join(root, 'queue/q')
  const archive = join(queue, 'archive')
  const archived = existsSync(archive) ? archivesIn(archive).flatMap((name) => itemsIn(join(archive, name))) : []
  const there = itemsUnder(join(queue, 'done'))
  expect([...new Set([...archived, ...there])].toSorted()).toEqual(ITEMS)
}

function expectClean(root: string): void {
  const queue = join(root, 'queue/q')
  expect([readdirSync(join(queue, 'done')), readdirSync(join(queue, '_tmp'))]).toEqual([[], []])
}

describe.skipIf(skipLoudly('sweeps', shimUnavailable()))('rq clean', () => {
  test('killed at each call, with an archive', { timeout: SWEEP_TIMEOUT_MS }, async () => {
    const hits = await sweepCalls({ do: 'kill' }, { every: 19, eachKind: true, atOnce: 2 }, async (shot) => {
      const root = makePlace(shot.dir, true)
      await clean(root, shot)
      check(root)
      expect(await clean(root)).toMatchObject({ code: 0 })
      check(root)
      expectClean(root)
    })
    expect(hits).toBeGreaterThan(5)
  })

  test('killed at each call, without: the next one ends it', { timeout: SWEEP_TIMEOUT_MS }, async () => {
    await sweepCalls({ do: 'kill' }, { every: 19, eachKind: true, atOnce: 2 }, async (shot) => {
      const root = makePlace(shot.dir, false)
      await clean(root, shot)
      expect(await clean(root)).toMatchObject({ code: 0 })
      expectClean(root)
    })
  })

  test.each(['ENOSPC', 'EIO', 'short'] as const)(
    'refused at each call with %s',
    { timeout: SWEEP_TIMEOUT_MS },
    async (fault) => {
      await sweepCalls({ do: fault, reads: true }, { every: 41, eachKind: true, atOnce: 2 }, async (shot) => {
        const root = makePlace(shot.dir, true)
        const said = await clean(root, shot)
        expect(said.stderr, 'a bug, not an answer').not.toMatch(/^\s+at /m)
        check(root)
        shot.heal()
        expect((await clean(root)).code).toBe(0)
        check(root)
      })
    },
  )
})

describe.skipIf(skipLoudly('mounted file systems', mountsUnavailable()))('a full disk', () => {
  test('keeps everything, and gets no half archive', async () => {
    const disk: MountedDir = mountTmpfs({ size: '1m' })
    try {
      const root = makePlace(disk.dir, true)
      writeFileSync(join(root, 'queue/q/done/20200101/1000/a/job/large'), randomBytes(300_000))
      disk.resize({ size: '520k' })
      const said = await clean(root)
      expect([said.code, said.stderr]).toEqual([1, expect.stringMatching(/nothing is removed from done.*ENOSPC/)])
      const archive = join(root, 'queue/q/archive')
      expect(existsSync(archive) ? readdirSync(archive) : []).toEqual([])
      expect(itemsUnder(join(root, 'queue/q/done'))).toEqual(ITEMS)
      disk.resize({ size: '8m' })
      expect(await clean(root)).toMatchObject({ code: 0 })
      check(root)
      expectClean(root)
    } finally {
      disk.unmount()
    }
  })
})
