/** `rq stats`, `rq qshape`, `rq health`: as a user and as a monitoring system run them. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { makeId } from '../../src/domain/name.ts'
import { dayFile, emptyTally, encodeRecord, HOUR, MINUTE } from '../../src/domain/stats.ts'
import { BIN, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rootWithQueue, rq, runProgram } from '../helpers/rq.ts'
import { openQueue } from '../helpers/worker.ts'

function wait(queue: string, minutes: number, suffix = '', state = 'que'): void {
  const id = makeId(Date.now() - minutes * 60_000, minutes % 1000, String(minutes).padStart(6, '0'))
  mkdirSync(join(queue, state), { recursive: true })
  writeFileSync(join(queue, state, id + suffix), '')
}

describe('rq stats', () => {
  it('adds up what the queues did, with the daemon up and down', async () => {
    const root = tempRoot()
    const handler = '#!/bin/sh\nexit "$(cat "$1")"\n'
    const queues = ['a', 'b'].map((name) => openQueue(makeQueue(root, name, handler)))
    const daemon = await startDaemon(root)
    for (const queue of queues) for (const exit of ['0', '0', '65']) await queue.settled(queue.drop(exit))
    await daemon.stop()
    const { stdout } = await rq(root, ['stats', '--json', '--since', '10m', '--by', 'day'])
    const said = JSON.parse(stdout)
    expect(said.total.total).toMatchObject({ enqueued: 6, started: 6, done: 4, failed: 2 })
    expect(said.queues.map((one: { total: object }) => one.total)).toMatchObject([{ done: 2 }, { done: 2 }])
    expect(said.queues[0].rows.reduce((sum: number, { done }: { done: number }) => sum + done, 0)).toBe(2)
    expect(said.total.total.run.max).toBeGreaterThanOrEqual(said.total.total.run.p50)
  })
  it('has a row for each span of a chart, also where nothing happened, and hours of old history stay whole', async () => {
    const { root, queue } = rootWithQueue()
    mkdirSync(join(queue, '_stats'))
    const hour = Math.floor(Date.now() / HOUR) * HOUR
    const record = (from: number, span: number, done: number) => {
      const tally = emptyTally(from)
      const counts = { ...tally.counts, done }
      const line = encodeRecord({ ...tally, span, counts, peaks: { waiting: done, oldest: 7, running: 1 } })
      appendFileSync(join(queue, '_stats', dayFile(from)), `${line}\n`)
    }
    record(hour - 5 * HOUR, HOUR, 10)
    record(hour - 3 * HOUR + 7 * MINUTE, MINUTE, 1)
    record(hour - 3 * HOUR + 8 * MINUTE, MINUTE, 2)
    const rows = async (...args: string[]) => {
      const { stdout } = await rq(root, ['stats', 'q', '--json', '--since', '6h', ...args])
      return JSON.parse(stdout).queues[0].rows as {
        from: string
        span: number
        done: number
        waiting: number
        run: null
      }[]
    }
    const known = await rows('--by', '15m')
    expect(known).toMatchObject([
      {
        from: new Date(hour - 5 * HOUR).toISOString(),
        span: HOUR,
        done: 10,
        waiting: 10,
        oldest: 7,
        running: 1,
        run: null,
      },
      { from: new Date(hour - 3 * HOUR).toISOString(), span: 15 * MINUTE, done: 3, waiting: 2 },
    ])
    const all = await rows('--by', '15m', '--fill')
    expect(all.filter(({ done }) => done > 0)).toEqual(known)
    // One begins where another ends.
    for (const [n, row] of all.entries())
      if (n > 0) expect(Date.parse(all[n - 1]?.from ?? '') + (all[n - 1]?.span ?? 0)).toBe(Date.parse(row.from))
    expect(Date.parse(all[0]?.from ?? '')).toBeLessThanOrEqual(Date.now() - 6 * HOUR + 60_000)
    expect(Date.parse(all.at(-1)?.from ?? '') + 15 * MINUTE).toBeGreaterThan(Date.now() - 60_000)
    expect(await rows('--by', '1m', '--fill').then((minutes) => minutes.length)).toBeGreaterThanOrEqual(300)
  })
  it('says what it cannot read', async () => {
    const { root } = rootWithQueue()
    for (const [args, word] of [
      [['--since', 'x'], '--since "x"'],
      [['--by', 'x'], '--by "x"'],
      [['--by', '90s'], '--by "90s"'],
      [['--by', '0m'], '--by "0m"'],
      [['--fill'], '--fill goes with --by'],
      [['--by', 'minute', '--since', '7d'], 'more than 2000 rows'],
    ] as const) {
      const { code, stderr } = await rq(root, ['stats', ...args])
      expect(code).toBe(2)
      expect(stderr).toContain(word)
    }
  })
})

describe('rq qshape', () => {
  it('puts each item into the column of its age', async () => {
    const { root, queue } = rootWithQueue()
    for (const minutes of [1, 4, 7, 100, 2000]) wait(queue, minutes, minutes === 7 ? ',+x' : '')
    const { lines } = await rq(root, ['qshape'])
    expect(lines.map((line) => line.split(/\s+/).join(' '))).toEqual([
      'QUEUE T 5 10 20 40 80 160 320 640 1280 1280+',
      'TOTAL 5 2 1 0 0 0 1 0 0 0 1',
      'q 5 2 1 0 0 0 1 0 0 0 1',
    ])
    const { stdout } = await rq(root, ['qshape', '--by', 'tag', '--json'])
    expect(JSON.parse(stdout).rows).toMatchObject([
      { key: '(none)', total: 4 },
      { key: 'x', total: 1 },
    ])
  })
  it('says when it stopped counting', async () => {
    const { root, queue } = rootWithQueue()
    for (const minutes of [1, 2, 3]) wait(queue, minutes)
    const { stdout, stderr } = await rq(root, ['qshape', '--limit', '2'])
    expect(stdout).toContain('TOTAL  2')
    expect(stderr).toContain('q: there are more')
  })
  it('takes other states by when items came there', async () => {
    const { root, queue } = rootWithQueue()
    wait(queue, 500, '', '_err')
    expect((await rq(root, ['qshape', '--state', '_err'])).lines[1]).toMatch(/^TOTAL +1 +1 /)
  })
})

describe('rq health', () => {
  it('is critical without a daemon, and OK with one', async () => {
    const { root } = rootWithQueue()
    const down = await rq(root, ['health'])
    expect([down.code, down.lines.length]).toEqual([2, 1])
    expect(down.stdout).toMatch(/^RQ CRITICAL: no daemon runs on .* \| waiting=0;1000;10000;0 oldest=0s;900;3600;0 /)
    const daemon = await startDaemon(root)
    const up = await rq(root, ['health'])
    expect([up.code, up.stdout]).toEqual([0, expect.stringMatching(/^RQ OK: all queues are well \| /)])
    await daemon.stop()
  })
  it.each([
    ['a pause', (queue: string) => writeFileSync(join(queue, '_paused'), ''), 1, 'q: it is paused'],
    ['a queue that is down', (queue: string) => writeFileSync(join(queue, '_down'), ''), 2, 'q: it is down'],
    ['a bad configuration', (queue: string) => writeFileSync(join(queue, 'config.json'), '{"slots":0}'), 2, 'slots'],
    ['a failed item', (queue: string) => wait(queue, 1, '', '_err'), 1, 'q: 1 failed'],
    [
      'an old item',
      (queue: string) => {
        wait(queue, 20)
        writeFileSync(join(queue, '_paused'), '')
      },
      1,
      'q: the oldest has waited for 20m',
    ],
  ])('%s shows', async (_, spoil, code, text) => {
    const { root, queue } = rootWithQueue()
    spoil(queue)
    const daemon = await startDaemon(root)
    const said = await rq(root, ['health'])
    expect(said).toMatchObject({ code, stdout: expect.stringContaining(text) })
    await daemon.stop()
  })
  it.each([
    ['an unknown option', ['--bogus']],
    ['no threshold', ['--waiting', 'many']],
    ['thresholds in the wrong order', ['--waiting', '10:1']],
    ['an unknown queue', ['nowhere']],
  ])('%s is 3', async (_, args) => {
    const { root } = rootWithQueue()
    const daemon = await startDaemon(root)
    expect((await rq(root, ['health', ...args])).code).toBe(3)
    await daemon.stop()
  })
})

it('examples/health: silent while all is well, and says what is not', async () => {
  const check = fileURLToPath(new URL('../../examples/health/check.sh', import.meta.url))
  const { root } = rootWithQueue()
  const env = { RQ: BIN.rq, RQ_ROOT: root }
  expect(await runProgram(check, [], { env })).toMatchObject({ code: 2, stdout: expect.stringContaining('no daemon') })
  const daemon = await startDaemon(root)
  expect(await runProgram(check, [], { env })).toMatchObject({ code: 0, stdout: '' })
  await daemon.stop()
})
