/** `_stats/` says what happened: by a real worker, also after kill -9. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { DAY, dayFile, decodeDay, mergeRecords, type StatsRecord } from '../../src/domain/stats.ts'
import { processStat } from '../../src/os/process.ts'
import { until } from '../helpers/until.ts'
import { startWorker, testQueue } from '../helpers/worker.ts'

/** Does what its payload says: an exit status. */
const HANDLER = '#!/bin/sh\nexit "$(cat "$1")"\n'

function history(queue: string): StatsRecord | undefined {
  const dir = join(queue, '_stats')
  if (!existsSync(dir)) return undefined
  const records = readdirSync(dir).flatMap((file) => decodeDay(readFileSync(join(dir, file), 'utf8')).records)
  return records.length === 0 ? undefined : records.reduce(mergeRecords)
}

it('every item is counted once, by what became of it', async () => {
  const queue = testQueue(HANDLER, { slots: 2, retry: { limit: 1, base: 0 } })
  const done = ['0', '0', '0'].map((exit) => queue.drop(exit))
  const worker = await startWorker(queue.path)
  const failed = queue.drop('65')
  const retried = queue.drop('1')
  for (const id of [...done, failed, retried]) await queue.settled(id)
  await worker.stop('drain')
  expect(history(queue.path)?.counts).toEqual({
    ...{ enqueued: 5, started: 6, done: 3, failed: 2, retried: 1, relayed: 0, interrupted: 0, lost: 0 },
  })
  const { run, wait } = history(queue.path) ?? {}
  const sizes = [run, wait].map((histogram) => [...(histogram?.buckets.values() ?? [])].reduce((a, b) => a + b, 0))
  expect(sizes).toEqual([6, 5])
})

it('kill -9 takes nothing that the snapshot has, and the next worker counts nothing twice', async () => {
  const queue = testQueue(HANDLER, { slots: 1 })
  const first = await startWorker(queue.path)
  const ids = ['0', '0', '65'].map((exit) => queue.drop(exit))
  for (const id of ids) await queue.settled(id)
  const status = () => JSON.parse(readFileSync(join(queue.path, '_status.json'), 'utf8'))
  // A minute may turn between them.
  const told = (what: 'done' | 'failed') =>
    (status().history as { done?: number; failed?: number }[]).reduce((sum, minute) => sum + (minute[what] ?? 0), 0)
  await until(() => told('done') === 2 && told('failed') === 1)
  await first.kill()
  for (let again = 0; again < 2; again += 1) await (await startWorker(queue.path)).stop('drain')
  expect(history(queue.path)?.counts).toMatchObject({ enqueued: 3, started: 3, done: 2, failed: 1 })
})

it('what was relayed, interrupted and lost is counted as such', async () => {
  const handler = '#!/bin/sh\n[ "$RQ_PARAM1" = relay ] && exit 99\necho $$ >../pid\nexec sleep 60\n'
  const queue = testQueue(handler, { relay_to: 'next', slots: 2, retry: { causes: { lost: { limit: 0 } } } })
  mkdirSync(join(queue.path, '../next/que'), { recursive: true })
  const worker = await startWorker(queue.path)
  const [relayed, lost, interrupted] = [queue.send({ param1: 'relay' }), queue.send({}), queue.send({})]
  expect(await queue.settled(relayed)).toBe('relayed')
  const pidOf = (id: string) => Number(readFileSync(join(queue.dirOf(id), 'pid'), 'utf8'))
  await until(() => pidOf(lost) > 0 && pidOf(interrupted) > 0)
  // Its slot and its handler at once: nobody is left who could record an exit.
  process.kill(-(processStat(pidOf(lost))?.group ?? 0), 'SIGKILL')
  expect(await queue.settled(lost)).toBe('_err')
  await worker.stop('term')
  expect(queue.stateOf(interrupted)).toBe('que')
  expect(history(queue.path)?.counts).toEqual({
    ...{ enqueued: 3, started: 3, done: 0, failed: 1, retried: 0, relayed: 1, interrupted: 1, lost: 1 },
  })
})

it('a history that is removed at any time is begun again', async () => {
  const queue = testQueue(HANDLER)
  const worker = await startWorker(queue.path)
  await queue.settled(queue.drop('0'))
  rmSync(join(queue.path, '_stats'), { recursive: true, force: true })
  await queue.settled(queue.drop('0'))
  expect(await worker.stop('drain')).toBe(0)
  expect(history(queue.path)?.counts.done).toBeGreaterThanOrEqual(1)
})

it('old days become hours, very old ones go, and what nobody can read stays', async () => {
  const queue = testQueue(HANDLER, { stats: { minutes: '2d', hours: '10d' } })
  const dir = join(queue.path, '_stats')
  mkdirSync(dir)
  const minute = (day: number, at: string) => {
    const date = new Date(Date.now() - day * DAY).toISOString().slice(0, 10)
    return `{"t":"${date}T${at}:00.000Z","s":60,"done":2}\n`
  }
  const file = (day: number) => join(dir, dayFile(Date.now() - day * DAY))
  writeFileSync(file(5), `${minute(5, '10:01')}torn{\n${minute(5, '10:59')}`)
  writeFileSync(file(1), minute(1, '10:01') + minute(1, '10:59'))
  writeFileSync(file(20), minute(20, '10:01'))
  const worker = await startWorker(queue.path)
  await until(() => !existsSync(file(20)) && !readFileSync(file(5), 'utf8').includes('10:59'))
  await worker.stop('drain')
  const old = decodeDay(readFileSync(file(5), 'utf8'))
  expect(old.records.map(({ span, counts }) => [span, counts.done])).toEqual([[3_600_000, 4]])
  expect(old.foreign).toEqual(['torn{'])
  expect(decodeDay(readFileSync(file(1), 'utf8')).records).toHaveLength(2)
})
