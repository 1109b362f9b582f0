/** What the queue's log says has ended survives a power cut with all that came of it, and never runs again. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Msg } from '../../src/domain/item.ts'
import { bootId } from '../../src/os/process.ts'
import { kill, makeQueue, processesIn } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { newId, openQueue, startWorker, type TestQueue, testQueue, type WorkerHandle } from '../helpers/worker.ts'
import { copiesIn } from './copies.ts'
import { run, skipLoudly } from './mount.ts'
import { openPowerRig, type PowerRig, powercutUnavailable } from './powercut.ts'

const MODES = [
  ['full', { durability: 'full' }, {}],
  ['group', { durability: 'group' }, {}],
  ['group, without the native module', { durability: 'group' }, { RQD_NATIVE: 'off' }],
] as const

/** Leaves a file, a log and a result; what becomes of the item is said by its first parameter. */
const HANDLER = `#!/bin/sh
echo "log of $RQ_MSG_ID"
yes "$RQ_MSG_ID" | head -n 2000 > out
echo '{"of":"'"$RQ_MSG_ID"'"}' > "$RQ_RESULT"
case $RQ_PARAM1 in
  fail) exit 1 ;;
  again) [ "$RQ_ATTEMPT" -gt 1 ] || exit 75 ;;
  relay) exit 99 ;;
esac
`

let rig: PowerRig
beforeEach(() => {
  rig = openPowerRig({ sizeMb: 128 })
})
afterEach(() => rig.close())

describe.skipIf(skipLoudly('power cuts', powercutUnavailable()))('after a power cut', () => {
  describe.each(MODES)('with durability %s', (_mode, config, env) => {
    test.each(['', 'fail', 'again', 'relay'])('one item that was said to have ended has (%s)', async (kind) => {
      const { queue, target } = makeQueues(config)
      const worker = await startWorker(queue.path, { env })
      const id = queue.send({ param1: kind })
      await until(() => ended(queue).has(id))
      const remains = await rig.cut({ freeze: [worker.pid] })
      check(at(queue, remains.dir), at(target, remains.dir), ended(queue))
      await worker.stop()
    })

    test('so has each of many; the others are finished by the next worker, and none of them twice', async () => {
      const { queue, target } = makeQueues(config)
      const worker = await startWorker(queue.path, { env })
      const kinds = ['', 'fail', 'again', 'relay', '', '']
      const feed = setInterval(() => {
        if (queue.names('que').length < 20) for (const param1 of kinds) queue.send({ param1 })
      }, 10)
      try {
        for (let round = 1; round <= 3; round += 1) {
          await until(() => ended(queue).size > round * 20, 30_000)
          if (round === 3) publishDurably(queue, 24)
          const promised = ended(queue)
          const remains = await rig.cut({ freeze: [worker.pid] })
          check(at(queue, remains.dir), at(target, remains.dir), promised)
          if (round === 3) {
            clearInterval(feed)
            await endAll(worker)
            await goOn(at(queue, remains.dir), at(target, remains.dir), promised, env)
          }
          remains.close()
        }
      } finally {
        clearInterval(feed)
        await endAll(worker)
      }
    }, 120_000)
  })

  test('a queue that promises nothing loses what it said: the cut is one', async () => {
    const { queue } = makeQueues({ durability: 'none' })
    const worker = await startWorker(queue.path)
    const id = queue.send({})
    await until(() => ended(queue).has(id))
    const remains = await rig.cut({ freeze: [worker.pid] })
    expect(at(queue, remains.dir).stateOf(id)).toBeUndefined()
    await worker.stop()
  })
})

function makeQueues(config: object): { queue: TestQueue; target: TestQueue } {
  const root = join(rig.dir, 'root')
  mkdirSync(root)
  const more = { slots: 4, reschedule_after: 0, relay_to: 'target', ...config }
  const queue = testQueue(HANDLER, more, 'q', root)
  const target = openQueue(makeQueue(root, 'target', undefined, config))
  // Only what rqd promised is in question, not what was written to set it up.
  run('sync', '--file-system', root)
  return { queue, target }
}

/** The same queue in what is left of the disk. */
function at(queue: TestQueue, dir: string): TestQueue {
  return openQueue(queue.path.replace(rig.dir, dir))
}

/** As `rq inject` does it: what is in que/ at the cut is there after it, for the next worker. */
function publishDurably(queue: TestQueue, count: number): void {
  const hidden = Array.from({ length: count }, () => join(queue.path, `.${newId()}`))
  for (const path of hidden) {
    writeFileSync(path, '{}')
    syncPath(path)
  }
  for (const path of hidden) renameSync(path, join(queue.path, 'que', `${basename(path).slice(1)}.msg`))
  syncPath(join(queue.path, 'que'))
}

function syncPath(path: string): void {
  const fd = openSync(path, 'r')
  fsyncSync(fd)
  closeSync(fd)
}

/** Id → the state that it was said to have ended in. */
function ended(queue: TestQueue): Map<string, string> {
  const ends = queue.events('item-ended').filter((event) => event['to'] !== 'que')
  return new Map(ends.map((event) => [String(event['id']), String(event['to'])]))
}

function check(queue: TestQueue, target: TestQueue, promised: ReadonlyMap<string, string>): void {
  expect(promised.size).toBeGreaterThan(0)
  const all = queue.all()
  const copies = copiesIn(target)
  for (const [id, state] of promised) {
    const { state: found, dir = 'nowhere' } = all.get(id) ?? {}
    expect(found, id).toBe(state)
    const msg: Msg = JSON.parse(readFileSync(join(dir, 'msg'), 'utf8'))
    expect(msg.attempts?.at(-1)?.verdict, id).toBe({ done: 'done', _err: 'fail', relayed: 'relay' }[state])
    expect(readFileSync(join(dir, 'job/stdio.log'), 'utf8'), id).toContain(`log of ${id}`)
    expect(readFileSync(join(dir, 'job/out'), 'utf8'), id).toBe(`${id}\n`.repeat(2000))
    expect(msg.result, id).toEqual({ of: id })
    if (state === 'relayed') expect(copies.get(id), id).toEqual([msg.relay?.id])
  }
}

async function endAll(worker: WorkerHandle): Promise<void> {
  await worker.kill()
  for (const pid of processesIn(rig.dir)) if (pid !== process.pid) kill(pid, 'SIGKILL')
}

/** As after a reboot: the attempts in run/ are of another boot. */
async function goOn(
  queue: TestQueue,
  target: TestQueue,
  promised: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  for (const name of queue.names('run')) {
    const item = join(queue.path, 'run', name)
    for (const file of readdirSync(item).filter((entry) => entry.startsWith('attempt.'))) {
      const text = readFileSync(join(item, file), 'latin1')
      writeFileSync(join(item, file), text.replace(bootId(), '00000000-0000-0000-0000-000000000000'), 'latin1')
    }
  }
  const left = () => [...queue.names('que'), ...queue.names('run')]
  expect(left().length).toBeGreaterThan(0)
  const begun = queue.events('item-started').length
  const worker = await startWorker(queue.path, { env })
  await until(
    () => left().length === 0,
    60_000,
    () => `all are finished: ${left()}\n${JSON.stringify(queue.events().slice(-10))}`,
  )
  await worker.stop()
  check(queue, target, promised)
  const again = queue.events('item-started').slice(begun)
  expect(again.filter((event) => promised.has(String(event['id'])))).toEqual([])
  const copies = copiesIn(target)
  for (const id of queue.names('relayed')) expect(copies.get(id), id).toHaveLength(1)
}
