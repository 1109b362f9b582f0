/** Any process of rqd may die while handlers run: they run on, and are settled by what they recorded. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bootId, processes, processStat } from '../../src/os/process.ts'
import { handler, parseRecord } from '../fixtures/handlers.ts'
import { kill } from '../helpers/daemon.ts'
import { until } from '../helpers/until.ts'
import { newId, startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'

test('after kill -9 of the worker its handler runs on; the next worker adopts it and settles it by its exit', async () => {
  const queue = testQueue(gate('exit 3'))
  const first = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => began(queue, id))
  await first.kill()
  const second = await startWorker(queue.path)
  expect(queue.stateOf(id)).toBe('run')
  open(queue, id)

  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id)).toMatchObject([{ n: 1, exit: 3 }])
  expect(queue.log(id).match(/began/g)).toHaveLength(1)
  await second.stop()
})

test('an exit recorded while no worker lived is found and settled', async () => {
  const queue = testQueue(gate('exit 0'))
  const first = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => began(queue, id))
  await first.kill()
  open(queue, id)
  await until(() => readFileSync(join(queue.path, 'run', id, 'attempt.1'), 'utf8').startsWith('#0'))
  expect(queue.stateOf(id)).toBe('run')

  const second = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('done')
  expect(queue.log(id).match(/began/g)).toHaveLength(1)
  await second.stop()
})

test('the exit is recorded before anybody is told, even when the worker is gone and the pipe broken', async () => {
  const queue = testQueue(handler('kills-worker.sh'))
  const first = await startWorker(queue.path)
  const id = queue.send({ param1: '1', param2: '0.2' })
  await first.ended
  await until(() => /^#0/.test(readFileSync(join(queue.path, 'run', id, 'attempt.1'), 'utf8')))

  const second = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('done')
  expect(queue.attempts(id)).toHaveLength(1)
  await second.stop()
})

test('after kill -9 of a slot its handler goes on; its exit being unknown, it counts as lost and runs again', async () => {
  const queue = testQueue(gate('exit 0'))
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  await until(() => began(queue, id))
  const slot = slotOf(queue, id)
  kill(slot, 'SIGKILL')
  await until(() => queue.events('slot-lost').length > 0)
  expect(processes().some((stat) => stat.group === slot)).toBe(true)
  expect(queue.stateOf(id)).toBe('run')
  open(queue, id)

  expect(await queue.settled(id)).toBe('done')
  expect(queue.attempts(id)).toMatchObject([
    { n: 1, cause: 'lost', verdict: 'reschedule' },
    { n: 2, verdict: 'done' },
  ])
  await worker.stop()
})

test('an item that kills its slot and itself each time ends in _err/ after max_attempts', async () => {
  const queue = testQueue(handler('kills-group.sh'), { max_attempts: 3 })
  const worker = await startWorker(queue.path)
  const id = queue.send({})
  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id).map(({ cause, verdict }) => [cause, verdict])).toEqual([
    ['lost', 'reschedule'],
    ['lost', 'reschedule'],
    ['lost', 'fail'],
  ])
  await worker.stop()
})

test('an item that kills worker, slot and itself each time ends in _err/ after max_attempts', async () => {
  const queue = testQueue(handler('kills-all.sh'), { max_attempts: 3 })
  const id = queue.send({})
  for (let life = 1; life <= 3; life += 1) await (await startWorker(queue.path)).ended
  const last = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id)).toHaveLength(3)
  await last.stop()
})

test('workers that are killed again and again never have two live runs of one id, and run nothing that is done', async () => {
  const record = join(testQueue('').path, 'record')
  const queue = testQueue(handler('records-overlap.sh'), { slots: 4, env: { RECORD: record } })
  const ids = Array.from({ length: 40 }, () => queue.send({ param1: '0.1' }))
  for (let life = 0; life < 6; life += 1) {
    const worker = await startWorker(queue.path)
    const before = queue.names('done').length
    await until(
      () => queue.names('done').length > before || queue.names('que').length + queue.names('run').length === 0,
    )
    await worker.kill()
  }
  const last = await startWorker(queue.path)
  for (const id of ids) expect(await queue.settled(id)).toBe('done')
  const runs = parseRecord(readFileSync(record, 'utf8'))
  expect(runs.filter(({ what }) => what === 'overlap')).toEqual([])
  const ends = runs.filter(({ what }) => what === 'end').map(({ id }) => id)
  expect(new Set(ends).size).toBe(ends.length)
  await last.stop()
})

test('an exit recorded under another boot is ignored, counted as lost, and the item runs again', async () => {
  const queue = testQueue(handler('ok.sh'))
  const id = placeRun(queue, { exit: '#0   ', boot: '00000000-0000-0000-0000-000000000000' })
  const worker = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('done')
  expect(queue.attempts(id)).toMatchObject([
    { n: 1, cause: 'lost' },
    { n: 2, verdict: 'done' },
  ])
  await worker.stop()
})

test('an attempt whose token nobody read costs nothing, and is never run by a slot that reads it late', async () => {
  const queue = testQueue(handler('ok.sh'))
  const id = placeRun(queue, { exit: '#    ', boot: bootId(), started: false })
  const worker = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('done')
  expect(queue.attempts(id)).toMatchObject([{ verdict: 'done' }])
  await worker.stop()
})

test('a process that got the number of a dead slot does not pass for it', async () => {
  const queue = testQueue(handler('ok.sh'))
  const self = processStat(process.pid)
  const id = placeRun(queue, { exit: '#    ', boot: bootId(), pid: self?.group ?? process.pid, start: 1 })
  const worker = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('done')
  expect(queue.attempts(id)[0]).toMatchObject({ cause: 'lost' })
  await worker.stop()
})

test('an item in run/ that has a verdict is moved, never run', async () => {
  const queue = testQueue(handler('ok.sh'))
  const id = placeRun(queue, {
    exit: '#0   ',
    boot: bootId(),
    msg: { attempts: [{ n: 1, verdict: 'fail', to: '_err', exit: 1 }] },
  })
  const worker = await startWorker(queue.path)
  expect(await queue.settled(id)).toBe('_err')
  expect(existsSync(join(queue.dirOf(id), 'job/stdio.log'))).toBe(false)
  await until(() => readdirSync(queue.dirOf(id)).every((name) => !/^(attempt|started)/.test(name)))
  await worker.stop()
})

test('an item moved back to que/ by hand gets a new budget and keeps its history', async () => {
  const queue = testQueue(handler('exit-n.sh'), { reschedule_after: 0, max_attempts: 2 })
  const worker = await startWorker(queue.path)
  const id = queue.send({ param1: '75' })
  expect(await queue.settled(id)).toBe('_err')
  renameSync(queue.dirOf(id), join(queue.path, 'que', id))
  await until(() => queue.attempts(id).length === 4)
  expect(await queue.settled(id)).toBe('_err')
  expect(queue.attempts(id).map(({ n }) => n)).toEqual([1, 2, 3, 4])
  await worker.stop()
})

test('a claim that took nothing is removed, and nothing else in run/ is', async () => {
  const queue = testQueue(handler('ok.sh'))
  const id = newId()
  mkdirSync(join(queue.path, 'run', id, 'attach'), { recursive: true })
  writeFileSync(join(queue.path, 'run/notes.txt'), 'somebody put me here')
  const worker = await startWorker(queue.path)
  await until(() => queue.names('run').join() === 'notes.txt')
  await worker.stop()
})

interface PlacedRun {
  readonly exit: string
  readonly boot: string
  readonly pid?: number
  readonly start?: number
  readonly started?: boolean
  readonly msg?: object
}

/** An item in run/ as a worker that died left it. */
function placeRun(queue: TestQueue, run: PlacedRun): string {
  const id = newId()
  const dir = join(queue.path, 'run', id)
  mkdirSync(join(dir, 'job'), { recursive: true })
  writeFileSync(join(dir, 'msg'), JSON.stringify(run.msg ?? {}))
  writeFileSync(join(dir, 'attempt.1'), `${run.exit}\n# ${run.pid ?? 999_999} ${run.start ?? 1} ${run.boot}\n#status\n`)
  if (run.started !== false) writeFileSync(join(dir, 'started.1'), '')
  return id
}

/** A handler that begins, waits for the file `go` beside its item, and then ends. */
function gate(end: string): string {
  return `#!/bin/sh\necho began\nwhile [ ! -e ../go ]; do sleep 0.02; done\n${end}\n`
}

function began(queue: TestQueue, id: string): boolean {
  return queue.log(id).includes('began')
}

function open(queue: TestQueue, id: string): void {
  writeFileSync(join(queue.dirOf(id), 'go'), '')
}

function slotOf(queue: TestQueue, id: string): number {
  return Number(
    readFileSync(join(queue.dirOf(id), 'attempt.1'), 'utf8')
      .split('\n')[1]
      ?.split(' ')[1],
  )
}
