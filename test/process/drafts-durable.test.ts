/** What prep, attach and commit promise: each may die or fail at any call, and be repeated; nothing is there twice or half. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { shimUnavailable } from '../faults/shim.ts'
import { SWEEP_TIMEOUT_MS, sweepCalls } from '../faults/sweep-plan.ts'
import { mountsUnavailable, mountTmpfs } from '../faults/tmpfs.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { contents, namesIn, rootWithQueue, rq, visible } from '../helpers/rq.ts'
import { type Call, NO_STRACE, trace } from '../helpers/trace.ts'

const NO_SHIM = shimUnavailable() !== undefined
const NO_MOUNT = mountsUnavailable() !== undefined
const ID = '20261122T101500.123456-x7f2k9'

const SAMPLE = { every: 3, eachKind: true } as const
/** There are few. */
const EACH = { every: 1 } as const

interface Made {
  readonly root: string
  readonly queue: string
  readonly file: string
}

const STEPS = ['nothing', 'prep', 'attach', 'commit'] as const
type Step = (typeof STEPS)[number]

/** Each is made once, and copied for each call of a sweep. */
const made = new Map<Step, Promise<string>>()

/** A root, a file, and so much of a draft as is asked for. */
async function draftIn(dir: string, last: Step): Promise<Made> {
  const model = made.get(last) ?? makeDraft(last)
  made.set(last, model)
  cpSync(await model, dir, { recursive: true, preserveTimestamps: true })
  return { root: join(dir, 'root'), queue: join(dir, 'root', 'queue', 'q'), file: join(dir, 'f') }
}

async function makeDraft(last: Step): Promise<string> {
  const dir = tempRoot()
  const root = join(dir, 'root')
  makeQueue(root, 'q')
  const file = join(dir, 'f')
  writeFileSync(file, 'of f')
  const calls = [[], ['prep', 'q', '--id', ID, '--param1', 'x'], ['attach', ID, file], ['commit', ID]]
  for (const args of calls.slice(1, STEPS.indexOf(last) + 1)) expect((await rq(root, args)).code).toBe(0)
  return dir
}

function isWhole(path: string, attach: object | undefined): void {
  const { msg, ...rest } = contents(path) as { msg: string }
  expect(JSON.parse(msg)).toEqual({ param1: 'x' })
  expect(rest).toEqual(attach === undefined ? {} : { attach })
}

describe.skipIf(NO_SHIM)('killed at any call', () => {
  it(
    'prep leaves a whole draft or none, and is repeated with its id',
    async () => {
      const rounds = await sweepCalls({ do: 'kill' }, SAMPLE, async ({ dir, env }) => {
        const { root, queue } = await draftIn(dir, 'nothing')
        const said = await rq(root, ['prep', 'q', '--id', ID, '--param1', 'x'], { env: env(root) })
        for (const name of visible(queue, 'prep')) isWhole(join(queue, 'prep', name), undefined)
        expect(visible(queue, 'prep')).toEqual(expect.arrayContaining([...said.lines]))
        expect(await rq(root, ['prep', 'q', '--id', ID, '--param1', 'x'])).toMatchObject({ code: 0, lines: [ID] })
        expect(visible(queue, 'prep')).toEqual([ID])
        isWhole(join(queue, 'prep', ID), undefined)
      })
      expect(rounds).toBeGreaterThan(5)
    },
    SWEEP_TIMEOUT_MS,
  )

  it(
    'attach leaves a whole file or none, is repeated, and no half of it is ever published',
    async () => {
      const rounds = await sweepCalls({ do: 'kill' }, SAMPLE, async ({ dir, env }) => {
        const { root, queue, file } = await draftIn(dir, 'prep')
        const said = await rq(root, ['attach', ID, file], { env: env(root) })
        const names = namesIn(queue, `prep/${ID}/attach`)
        for (const name of names) expect(contents(join(queue, 'prep', ID, 'attach', name))).toBe('of f')
        if (said.stdout !== '') expect(names).toEqual(['f'])
        expect(await rq(root, ['attach', ID, file])).toMatchObject({ code: 0 })
        expect(await rq(root, ['commit', ID])).toMatchObject({ code: 0 })
        isWhole(join(queue, 'que', ID), { f: 'of f' })
      })
      expect(rounds).toBeGreaterThan(6)
    },
    SWEEP_TIMEOUT_MS,
  )

  it(
    'commit leaves the item in one place, and its repetition answers that it is committed',
    async () => {
      let already = 0
      const rounds = await sweepCalls({ do: 'kill' }, EACH, async ({ dir, env }) => {
        const { root, queue } = await draftIn(dir, 'attach')
        const said = await rq(root, ['commit', ID], { env: env(root) })
        const places = [...visible(queue, 'prep'), ...visible(queue, 'que')]
        expect(places).toEqual([ID])
        if (said.stdout !== '') expect(visible(queue, 'que')).toEqual([ID])
        const again = await rq(root, ['commit', ID])
        expect(again).toMatchObject({ code: 0, lines: [ID] })
        if (again.stderr.includes('already committed')) already += 1
        expect([visible(queue, 'prep'), visible(queue, 'que')]).toEqual([[], [ID]])
        isWhole(join(queue, 'que', ID), { f: 'of f' })
      })
      expect(rounds).toBeGreaterThan(6)
      expect(already).toBeGreaterThan(0)
    },
    SWEEP_TIMEOUT_MS,
  )

  it(
    'clone leaves whole items only',
    async () => {
      const rounds = await sweepCalls({ do: 'kill' }, SAMPLE, async ({ dir, env }) => {
        const { root, queue } = await draftIn(dir, 'commit')
        const said = await rq(root, ['clone', ID], { env: env(root) })
        const names = visible(queue, 'que').filter((name) => name !== ID)
        for (const name of names) expect(contents(join(queue, 'que', name))).toMatchObject({ attach: { f: 'of f' } })
        expect(names).toEqual(expect.arrayContaining([...said.lines]))
        isWhole(join(queue, 'que', ID), { f: 'of f' })
      })
      expect(rounds).toBeGreaterThan(6)
    },
    SWEEP_TIMEOUT_MS,
  )
})

describe.skipIf(NO_SHIM)('when a call fails', () => {
  it.each(['ENOSPC', 'EIO'] as const)(
    'with %s, attach says so and leaves nothing, or all is there',
    async (errno) => {
      const rounds = await sweepCalls({ do: errno }, SAMPLE, async ({ dir, env, heal }) => {
        const { root, queue, file } = await draftIn(dir, 'prep')
        const said = await rq(root, ['attach', ID, file], { env: env(root) })
        heal()
        expect([0, 1]).toContain(said.code)
        expect(namesIn(queue, `prep/${ID}/attach`)).toEqual(said.code === 0 ? ['f'] : [])
        expect(visible(queue, 'prep')).toEqual([ID])
        if (said.code === 1) expect(said.stderr).toMatch(/^rq: \S/)
      })
      expect(rounds).toBeGreaterThan(6)
    },
    SWEEP_TIMEOUT_MS,
  )
  it.each(['EIO'] as const)(
    'with %s, commit is repeated, or says that the draft is spoiled; 74 if nobody knows',
    async (errno) => {
      const seen = new Set<number | null>()
      const rounds = await sweepCalls({ do: errno }, EACH, async ({ dir, env, calls }) => {
        const { root, queue } = await draftIn(dir, 'attach')
        const said = await rq(root, ['commit', ID], { env: env(root) })
        seen.add(said.code)
        expect([0, 1, 74]).toContain(said.code)
        expect(visible(queue, 'que')).toEqual(said.code === 1 ? [] : [ID])
        const again = await rq(root, ['commit', ID])
        const hit = calls().find((call) => call.hit)
        // What an fsync of the draft did not take is never asked for again (P10).
        const isSpoiled = said.code === 1 && hit?.name === 'fsync' && hit.path.includes('/prep')
        expect(again.code).toBe(isSpoiled ? 66 : 0)
        if (!isSpoiled) isWhole(join(queue, 'que', ID), { f: 'of f' })
      })
      expect(rounds).toBeGreaterThan(6)
      expect([...seen].toSorted()).toEqual([0, 1, 74])
    },
    SWEEP_TIMEOUT_MS,
  )
})

describe.skipIf(NO_STRACE)('the id of a commit is printed', () => {
  it('after the draft, its directories and its new name were put on the disk, in this order', async () => {
    const { root, queue } = rootWithQueue()
    writeFileSync(join(root, 'f'), 'x')
    await rq(root, ['prep', 'q', '--id', ID])
    await rq(root, ['attach', ID, join(root, 'f')])
    const { calls } = await trace(root, ['commit', ID])
    const at = (test: (call: Call) => boolean, from = 0) => {
      const found = calls.slice(from).findIndex(test)
      return found < 0 ? Number.NaN : found + from
    }
    const synced = (path: string) => (call: Call) => call.name === 'fsync' && call.args.includes(`${queue}/${path}>`)
    const named = at(({ name, args }) => name === 'rename' && args.includes(`${queue}/que/${ID}`))
    const before = [`prep/${ID}/msg`, `prep/${ID}/attach/f`, `prep/${ID}/attach`, `prep/${ID}`].map((path) =>
      at(synced(path)),
    )
    const que = at(synced('que'), named)
    const left = at(synced('prep'), named)
    const told = at(({ name, args }) => name === 'write' && args.startsWith('1') && args.includes(`"${ID}\\n"`))
    const order = [Math.max(...before), named, que, left, told]
    expect(order).toEqual([...order].toSorted((a, b) => a - b))
    expect(order.every(Number.isFinite)).toBe(true)
  })
})

describe.skipIf(NO_MOUNT)('on a full disk', () => {
  it('attach says so, and the room is free again', async () => {
    const disk = mountTmpfs({ size: '2m' })
    try {
      const root = join(disk.dir, 'root')
      const queue = makeQueue(root, 'q')
      await rq(root, ['prep', 'q', '--id', ID])
      const large = new Uint8Array(8 * 1024 * 1024)
      const said = await rq(root, ['attach', ID, '-', '--name', 'large'], { input: large })
      expect(said).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('no space left') })
      expect(namesIn(queue, 'prep')).toEqual([ID])
      expect(
        await rq(root, ['attach', ID, '-', '--name', 'small'], { input: large.subarray(0, 1024 * 1024) }),
      ).toMatchObject({ code: 0 })
    } finally {
      disk.unmount()
    }
  })
})
