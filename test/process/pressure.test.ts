/** A machine that has too little left: nothing is started, the reason has a name, and it ends by itself. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { rq } from '../helpers/rq.ts'
import { until } from '../helpers/until.ts'
import { openQueue, startWorker, testQueue } from '../helpers/worker.ts'

it('nothing is started below a mark, and `rq why` says which and how far', async () => {
  const root = tempRoot()
  const queue = openQueue(makeQueue(root, 'q', undefined, { hold_when: { disk_below: '100%', memory_below: '1%' } }))
  const daemon = await startDaemon(root)
  const id = queue.drop()
  const status = join(queue.path, '_status.json')
  await until(() => JSON.parse(readFileSync(status, 'utf8')).gate?.kind === 'pressure')
  const { stdout } = await rq(root, ['why', id])
  expect(stdout).toMatch(/nothing is started while [\d.]+% of the disk is left, below 100% \(hold_when\)/)
  expect(queue.stateOf(id)).toBe('que')

  writeFileSync(join(queue.path, 'config.json'), JSON.stringify({ hold_when: { disk_below: 1 } }))
  expect(await queue.settled(id)).toBe('done')
  await daemon.stop()
})

it('it is looked at again without an event: what waited starts when the pressure is over', async () => {
  // The room of a file system of our own would need root; the clock of the gauge is what is tested here.
  const queue = testQueue('#!/bin/sh\nexit 0\n', { hold_when: { load_above: 0 } })
  const worker = await startWorker(queue.path)
  const id = queue.drop()
  const status = () => JSON.parse(readFileSync(join(queue.path, '_status.json'), 'utf8'))
  const first = await until(() => status().pressure?.until as number | undefined)
  // A load of exactly 0 lets it go: either way it looked again.
  await until(() => queue.stateOf(id) === 'done' || status().pressure?.until > first)
  await worker.stop()
})
