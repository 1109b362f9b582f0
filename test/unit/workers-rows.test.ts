import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ORDERS, type Run, runsOf, sorted } from '../../src/dashboard/pages/workers-rows.ts'
import type { RunRow } from '../../src/service/running.ts'
import type { Workers } from '../../src/service/workers.ts'

const HOST = { load: null, cores: 2, memory: null, disk: null }
const run = (id: string, rss: number | null, cpu: number | null, attempt = 1): RunRow => ({
  ...{ queue: 'q', id, attempt, started: null, elapsed: null, progress: null, slot: null, rss, cpu },
})
const answer = (second: number, ...running: RunRow[]): Workers => ({
  ...{ time: new Date(second * 1000).toISOString(), daemon: true, supervisor: null, host: HOST },
  workers: [{ queue: 'q', state: 'running', process: null, seen: null, slots: 3, free: 0, running }],
})

it('tells how busy each is since the look before, of one core', () => {
  const runs = runsOf(
    answer(12, run('a', 10, 3000), run('b', 40, 100)),
    answer(10, run('a', 10, 1000), run('b', 40, 100)),
  )
  expect(runs.map(({ busy, share }) => [busy, share])).toEqual([
    [1, 0.25],
    [0, 1],
  ])
})

it('does not know it of what was not there before, of another attempt, or without a figure', () => {
  const before = answer(10, run('again', 1, 5000, 1), run('none', 1, null))
  const runs = runsOf(answer(12, run('new', 1, 10), run('again', 1, 10, 2), run('none', 1, 10)), before)
  expect(runs.map(({ busy }) => busy)).toEqual([null, null, null])
  expect(runsOf(answer(10, run('again', 1, 5000)), before)[0]?.busy).toBeNull()
})

it('is never less than nothing when processes ended', () => {
  expect(runsOf(answer(12, run('a', 1, 100)), answer(10, run('a', 1, 900)))[0]?.busy).toBe(0)
})

it('has the largest first, or last, and what is unknown always last', () => {
  const figure = fc.option(fc.integer({ min: 0, max: 1e6 }), { nil: null })
  fc.assert(
    fc.property(fc.array(figure), fc.boolean(), (figures, isReversed) => {
      const runs: Run[] = figures.map((rss, n) => ({ run: run(String(n), rss, null), busy: null, share: 0 }))
      const found = sorted(runs, 'rss', isReversed).map(ORDERS.rss)
      const known = found.filter((one) => one !== null)
      expect(known).toEqual(known.toSorted((a, b) => (isReversed ? a - b : b - a)))
      expect(found.slice(known.length).every((one) => one === null)).toBe(true)
      expect(found).toHaveLength(figures.length)
    }),
  )
})
