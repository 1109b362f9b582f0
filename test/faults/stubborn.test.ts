/** Items that cannot be moved or begun, for a reason of their own: a mount holds them. The others go on. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { until } from '../helpers/until.ts'
import { newId, startWorker, testQueue } from '../helpers/worker.ts'
import { skipLoudly, unmount } from './mount.ts'
import { bindOver, mountsUnavailable } from './tmpfs.ts'

const HANDLER = '#!/bin/sh\nif [ -n "$RQ_PARAM1" ]; then until [ -e "$RQ_PARAM1" ]; do sleep 0.02; done; fi\n'

describe.skipIf(skipLoudly('what a mount holds', mountsUnavailable()))('an item that a mount holds', () => {
  test('keeps its verdict until it can be moved, and the others from nothing', async () => {
    const queue = testQueue(HANDLER, { slots: 2 })
    const worker = await startWorker(queue.path)
    const go = join(queue.path, 'go')
    const held = queue.send({ param1: go })
    await until(() => existsSync(join(queue.dirOf(held), 'started.1')))
    const mount = bindOver(queue.dirOf(held), queue.dirOf(held))
    writeFileSync(go, '')
    await until(() => queue.events('disk-trouble').some(({ code }) => code === 'EBUSY'))
    for (let i = 0; i < 20; i += 1) expect(await queue.settled(queue.send({}))).toBe('done')
    expect(queue.stateOf(held)).toBe('run')
    mount.unmount()
    expect(await queue.settled(held)).toBe('done')
    expect(queue.attempts(held)).toHaveLength(1)
    await worker.stop()
  })

  test('is put back where it cannot begin, and tried again later and later', async () => {
    const queue = testQueue(HANDLER, { slots: 1 })
    const id = newId()
    const made = join(queue.path, 'made')
    mkdirSync(join(made, 'job'), { recursive: true })
    writeFileSync(join(made, 'msg'), '{}')
    bindOver(join(made, 'job'), join(made, 'job'))
    const worker = await startWorker(queue.path)
    renameSync(made, join(queue.path, 'que', id))
    await until(() => queue.events('item-unavailable').length === 2)
    expect(queue.events('item-unavailable').map(({ retryMs }) => retryMs)).toEqual([1000, 2000])
    expect(await queue.settled(queue.send({}))).toBe('done')
    expect(queue.stateOf(id)).toBe('que')
    // The mount went along with its item.
    unmount(join(queue.path, 'que', id, 'job'))
    expect(await queue.settled(id)).toBe('done')
    await worker.stop()
  })
})
