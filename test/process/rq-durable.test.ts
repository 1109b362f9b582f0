/** What `rq inject` promises: exit 0 is durable, a death leaves whole items only, a full disk leaves nothing half. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { shimUnavailable } from '../faults/shim.ts'
import { SWEEP_TIMEOUT_MS, sweepCalls } from '../faults/sweep-plan.ts'
import { mountsUnavailable, mountTmpfs } from '../faults/tmpfs.ts'
import { makeQueue, tempRoot } from '../helpers/daemon.ts'
import { contents, namesIn, rootWithQueue, rq } from '../helpers/rq.ts'
import { type Call, NO_STRACE, trace } from '../helpers/trace.ts'

const NO_SHIM = shimUnavailable() !== undefined
const NO_MOUNT = mountsUnavailable() !== undefined

const SAMPLE = { every: 5, eachKind: true } as const

function files(dir: string, count: number, text: (name: string) => string = (name) => `of ${name}`): string[] {
  mkdirSync(dir, { recursive: true })
  return Array.from({ length: count }, (_, index) => {
    const path = join(dir, `f${index}`)
    writeFileSync(path, text(`f${index}`))
    return path
  })
}

describe.skipIf(NO_STRACE)('an id is printed', () => {
  const place = (calls: readonly Call[], test: (call: Call) => boolean) => calls.findIndex(test)

  it('after its file, its directories and its new name were put on the disk, in this order', async () => {
    const { root, queue } = rootWithQueue()
    const [path = ''] = files(join(root, 'in'), 1)
    const { calls, lines } = await trace(root, ['inject', 'q', path])
    const id = lines[0] ?? '?'
    const inPrep = place(calls, ({ name, args }) => name === 'fsync' && args.includes(`${queue}/prep/${id}`))
    const prep = place(calls, ({ name, args }) => name === 'fsync' && args.includes(`${queue}/prep>`))
    const named = place(
      calls,
      ({ name, args }) => (name === 'rename' || name === 'link') && args.includes(`${queue}/que/${id}`),
    )
    const after = calls.slice(named)
    const que = place(after, ({ name, args }) => name === 'fsync' && args.includes(`${queue}/que>`)) + named
    const left = place(after, ({ name, args }) => name === 'fsync' && args.includes(`${queue}/prep>`)) + named
    const told = place(
      calls,
      ({ name, args }) => name === 'write' && args.startsWith('1') && args.includes(`"${id}\\n"`),
    )
    expect(Math.min(inPrep, prep, named, que, left)).toBeGreaterThan(-1)
    expect(Math.max(inPrep, prep)).toBeLessThan(named)
    expect(named).toBeLessThan(Math.min(que, left))
    expect(Math.max(que, left)).toBeLessThan(told)
  })
  it('after the syncfs of its group, and the sync of its new name', async () => {
    const { root, queue } = rootWithQueue()
    const { calls, lines } = await trace(root, ['inject', 'q', ...files(join(root, 'in'), 600)])
    for (const id of [lines[0], lines[300], lines[599]]) {
      const named = place(calls, ({ name, args }) => name === 'renameat2' && args.includes(`/que/${id}"`))
      const synced = calls.slice(0, named).findLastIndex(({ name }) => name === 'syncfs')
      const told = place(calls, ({ name, args }) => name === 'write' && args.includes(`"${id}\\n"`))
      const que =
        place(calls.slice(named), ({ name, args }) => name === 'fsync' && args.includes(`${queue}/que>`)) + named
      expect([synced, named, que, told].every((at) => at >= 0)).toBe(true)
      expect(named).toBeLessThan(que)
      expect(que).toBeLessThan(told)
    }
    expect(calls.filter(({ name }) => name === 'syncfs').length).toBeLessThan(10)
  })
})

describe.skipIf(NO_SHIM)('rq inject killed at any call', () => {
  it(
    'leaves whole items in que/ and nothing else',
    async () => {
      const rounds = await sweepCalls({ do: 'kill' }, SAMPLE, async ({ dir, env }) => {
        const root = join(dir, 'root')
        const queue = makeQueue(root, 'q')
        const paths = files(join(dir, 'in'), 2)
        const said = await rq(root, ['inject', 'q', ...paths, '--param1', 'x'], { env: env(root) })
        const items = namesIn(queue, 'que').map((name) => contents(join(queue, 'que', name)))
        for (const item of items) {
          const { attach = {}, msg } = item as { attach?: Record<string, string>; msg?: string }
          const [[name, text] = ['', '']] = Object.entries(attach)
          expect(JSON.parse(msg ?? '')).toEqual({ param1: 'x', name })
          expect(text).toBe(`of ${name}`)
        }
        // What was told is there.
        expect(namesIn(queue, 'que')).toEqual(expect.arrayContaining([...said.lines]))
      })
      expect(rounds).toBeGreaterThan(8)
    },
    SWEEP_TIMEOUT_MS,
  )

  it(
    'may be repeated with the same id, and publishes once',
    async () => {
      const id = '20261122T101500.123456-x7f2k9'
      const rounds = await sweepCalls({ do: 'kill' }, SAMPLE, async ({ dir, env }) => {
        const root = join(dir, 'root')
        const queue = makeQueue(root, 'q')
        const [path = ''] = files(join(dir, 'in'), 1)
        await rq(root, ['inject', 'q', path, '--id', id], { env: env(root) })
        expect(await rq(root, ['inject', 'q', path, '--id', id])).toMatchObject({ code: 0, lines: [id] })
        expect(namesIn(queue, 'que')).toEqual([id])
        expect(contents(join(queue, 'que', id))).toMatchObject({ attach: { f0: 'of f0' } })
      })
      expect(rounds).toBeGreaterThan(5)
    },
    SWEEP_TIMEOUT_MS,
  )
})

describe.skipIf(NO_SHIM)('rq inject, when a call fails', () => {
  it.each(['ENOSPC', 'EIO'] as const)(
    'with %s: exit 0 only if all is there; 74 if it may be',
    async (errno) => {
      const rounds = await sweepCalls({ do: errno }, SAMPLE, async ({ dir, env }) => {
        const root = join(dir, 'root')
        const queue = makeQueue(root, 'q')
        const paths = files(join(dir, 'in'), 2)
        const said = await rq(root, ['inject', 'q', ...paths], { env: env(root) })
        const names = namesIn(queue, 'que')
        expect(names).toEqual(expect.arrayContaining([...said.lines]))
        expect([0, 1, 74]).toContain(said.code)
        if (said.code === 0) expect(names).toHaveLength(2)
        else expect(said.stderr).toMatch(/^rq: \S/)
        // Visible, but not told of: only when nobody knows whether it is on the disk.
        if (said.code === 1) expect(names).toHaveLength(said.lines.length)
        for (const name of names) expect(contents(join(queue, 'que', name))).toMatch(/^of f\d$/)
      })
      expect(rounds).toBeGreaterThan(5)
    },
    SWEEP_TIMEOUT_MS,
  )

  it('at the sync after the rename: 74, and the ids', async () => {
    const { root, queue } = rootWithQueue()
    const [path = ''] = files(join(root, 'in'), 1)
    const { faultEnv } = await import('../faults/shim.ts')
    const plan = { root, at: 1, do: 'EIO', sticky: true, only: ['fsync'], path: '/q/que' } as const
    // The queue's directories are synced first, once; that one must pass.
    const said = await rq(root, ['inject', 'q', path], { env: faultEnv({ ...plan, at: 2 }) })
    expect(said).toMatchObject({
      code: 74,
      stdout: '',
      stderr: expect.stringContaining(namesIn(queue, 'que')[0] ?? '?'),
    })
  })
})

describe.skipIf(NO_MOUNT)('rq inject into a full disk', () => {
  it('says so, names what it published, and leaves nothing half built', async () => {
    const disk = mountTmpfs({ size: '400k' })
    try {
      const root = join(disk.dir, 'root')
      const queue = makeQueue(root, 'q')
      const paths = files(join(tempRoot(), 'in'), 300, () => 'x'.repeat(3000))
      const said = await rq(root, ['inject', 'q', ...paths])
      expect(said).toMatchObject({ code: 1, stderr: expect.stringContaining('no space left') })
      expect(namesIn(queue, 'que')).toEqual(said.lines)
      expect(namesIn(queue, 'prep')).toEqual([])
    } finally {
      disk.unmount()
    }
  })
  it('or a read-only one likewise', async () => {
    const disk = mountTmpfs({ size: '1m' })
    try {
      const root = join(disk.dir, 'root')
      makeQueue(root, 'q')
      await rq(root, ['inject', 'q'])
      disk.remountReadOnly()
      expect(await rq(root, ['inject', 'q'])).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('read-only'),
      })
      disk.remountReadWrite()
      expect(await rq(root, ['inject', 'q'])).toMatchObject({ code: 0 })
    } finally {
      disk.unmount()
    }
  })
})
