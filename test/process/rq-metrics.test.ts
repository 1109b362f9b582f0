/** `rq metrics`: what Prometheus reads, and that its counters never get smaller. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { count, DAY, dayFile, emptyTally, encodeRecord, MINUTE, measure } from '../../src/domain/stats.ts'
import { MetricsMemory, metricsText } from '../../src/service/metrics.ts'
import { contextOf } from '../helpers/context.ts'
import { kill, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { type Family, readExposition } from '../helpers/exposition.ts'
import { rootWithQueue, rq } from '../helpers/rq.ts'
import { workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { openQueue, startWorker } from '../helpers/worker.ts'

async function scrape(root: string): Promise<Map<string, Family>> {
  const { code, stdout } = await rq(root, ['metrics'])
  expect(code).toBe(0)
  return readExposition(stdout)
}

function value(families: Map<string, Family>, name: string, labels = ''): number | undefined {
  return families.get(name.replace(/_(?:count|sum|bucket)$/, ''))?.samples.get(`${name}{${labels}}`)
}

/** All samples of counters and histograms. */
function counters(families: Map<string, Family>): Map<string, number> {
  return new Map([...families.values()].filter(({ type }) => type !== 'gauge').flatMap(({ samples }) => [...samples]))
}

it('says what is so, in a format without a mistake', async () => {
  const root = tempRoot()
  const queue = openQueue(makeQueue(root, 'q "1" \\', '#!/bin/sh\nexit "$(cat "$1")"\n', { slots: 3 }))
  const daemon = await startDaemon(root)
  for (const exit of ['0', '0', '7']) await queue.settled(queue.drop(exit))
  writeFileSync(join(queue.path, '_paused'), '')
  const label = 'queue="q \\"1\\" \\\\"'
  const families = await until(async () => {
    const now = await scrape(root)
    return value(now, 'rqd_items_total', `${label},outcome="failed"`) === 1 ? now : undefined
  })
  queue.drop('0')
  const later = await until(async () => {
    const now = await scrape(root)
    return value(now, 'rqd_items', `${label},state="waiting"`) === 1 ? now : undefined
  })
  const expected: [string, string, number][] = [
    ['rqd_daemon_up', '', 1],
    ['rqd_items_total', `${label},outcome="done"`, 2],
    ['rqd_started_total', label, 3],
    ['rqd_run_seconds_count', label, 3],
    ['rqd_wait_seconds_count', label, 3],
    ['rqd_items', `${label},state="failed"`, 1],
    ['rqd_worker_up', label, 1],
    ['rqd_slots', label, 3],
    ['rqd_queue_paused', label, 1],
    ['rqd_queue_down', label, 0],
    ['rqd_queue_broken', label, 0],
  ]
  for (const [name, labels, wanted] of expected) expect([name, value(families, name, labels)]).toEqual([name, wanted])
  expect(value(later, 'rqd_oldest_waiting_seconds', label)).toBeGreaterThan(0)
  expect(value(families, 'rqd_disk_free_bytes')).toBeGreaterThan(0)
  await daemon.stop()
  const down = await scrape(root)
  expect([value(down, 'rqd_daemon_up'), value(down, 'rqd_worker_up', label)]).toEqual([0, 0])
}, 30_000)

it('no counter gets smaller while daemons and workers are stopped and killed, and all is counted in the end', async () => {
  const root = tempRoot()
  const queue = openQueue(makeQueue(root, 'q'))
  const memory = new MetricsMemory()
  const seen = new Map<string, number>()
  const look = async () => {
    const text = await metricsText(contextOf(root), memory)
    const now = counters(readExposition(text))
    for (const [key, before] of seen)
      expect([key, now.get(key) ?? -1]).toSatisfy(([, n]: [string, number]) => n >= before)
    for (const [key, n] of now) seen.set(key, n)
    return text
  }
  const done = async (wanted: number) => {
    await until(
      async () => {
        await look()
        return seen.get('rqd_items_total{queue="q",outcome="done"}') === wanted
      },
      15_000,
      `${wanted} are done`,
    )
  }
  let wanted = 0
  for (const how of ['SIGTERM', 'SIGKILL', 'worker', 'SIGTERM'] as const) {
    const daemon = await startDaemon(root)
    for (let n = 0; n < 5; n += 1) await queue.settled(queue.drop())
    wanted += 5
    await done(wanted)
    if (how === 'worker') {
      kill(workersOf(daemon.pid).get('q') ?? 0, 'SIGKILL')
      await queue.settled(queue.drop())
      wanted += 1
      await done(wanted)
      await daemon.stop()
    } else await daemon.stop(how)
    await look()
  }
  const { total } = JSON.parse((await rq(root, ['stats', '--json', '--by', '5m', '--fill'])).stdout)
  expect(total.total.done).toBe(wanted)
  // What was kept from scrape to scrape tells no other story than the disk alone.
  const alone = counters(readExposition(await metricsText(contextOf(root))))
  expect(counters(readExposition(await look()))).toEqual(alone)
}, 60_000)

it('what history lets go is carried on: the sums stay', async () => {
  const { root, queue } = rootWithQueue({ stats: { minutes: '1d', hours: '2d' } })
  mkdirSync(join(queue, '_stats'), { recursive: true })
  const today = Math.floor(Date.now() / DAY) * DAY
  for (const age of [9, 6, 5, 3]) {
    const tally = emptyTally(today - age * DAY + 7 * MINUTE)
    for (let n = 0; n < age; n += 1) count(tally, 'done', tally.from)
    measure(tally, 'run', 1000 * age)
    writeFileSync(join(queue, '_stats', dayFile(tally.from)), `${encodeRecord(tally)}\n`)
  }
  const before = counters(await scrape(root))
  expect(before.get('rqd_items_total{queue="q",outcome="done"}')).toBe(23)
  const worker = await startWorker(queue)
  const old = () => readdirSync(join(queue, '_stats')).filter((name) => /^\d/.test(name))
  const item = openQueue(queue)
  await item.settled(item.drop())
  await until(
    () => old().every((name) => name >= dayFile(today - 2 * DAY)) && existsSync(join(queue, '_stats/carried.json')),
  )
  await worker.stop()
  const after = counters(await scrape(root))
  for (const [key, n] of before) expect([key, after.get(key)]).toSatisfy(([, now]: [string, number]) => now >= n)
  expect(after.get('rqd_items_total{queue="q",outcome="done"}')).toBe(24)
  // A day that was carried and not removed, by a worker that was killed between, counts once.
  const { through } = JSON.parse(readFileSync(join(queue, '_stats/carried.json'), 'utf8'))
  writeFileSync(
    join(queue, '_stats', `${through}.jsonl`),
    `${encodeRecord({ ...emptyTally(today), counts: { ...emptyTally(0).counts, done: 7 } })}\n`,
  )
  expect(counters(await scrape(root)).get('rqd_items_total{queue="q",outcome="done"}')).toBe(24)
  // Once a day is enough: without a file of today it is done again.
  rmSync(join(queue, '_stats', dayFile(Date.now())))
  const again = await startWorker(queue)
  await until(() => old().every((name) => name >= dayFile(today - 2 * DAY)))
  await again.stop()
  expect(counters(await scrape(root)).get('rqd_items_total{queue="q",outcome="done"}')).toBe(23)
}, 30_000)
