/** Limits of a process: too few descriptors, processes, watches. All work waits for its turn, and none is lost. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { processStat } from '../../src/os/process.ts'
import { BIN, kill, makeQueue, startDaemon, tempRoot } from '../helpers/daemon.ts'
import { workersOf } from '../helpers/rqd.ts'
import { until } from '../helpers/until.ts'
import { startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'
import { run, skipLoudly } from './mount.ts'

const NOBODY = 54_321
const AS_NOBODY = `setpriv --reuid=${NOBODY} --clear-groups --`
const OWN_NAMESPACE = 'unshare --user --map-root-user'

describe('too few', () => {
  test('descriptors for a worker: it works on with those it has', async () => {
    const queue = testQueue('#!/bin/sh\necho out\n', { slots: 20, settle: 0 })
    const worker = await startWorker(queue.path)
    leaveRoom(worker.pid, 10)
    const ids = Array.from({ length: 60 }, () => queue.send({}))
    for (const id of ids) expect(await queue.settled(id, 60_000)).toBe('done')
    for (const id of ids) expect(queue.attempts(id)).toHaveLength(1)
    expect(worker.process.exitCode).toBeNull()
    await worker.stop()
  })

  // Where all but the last descriptor of a slot can be had, a spawn that fails keeps what it had.
  test.each([5, 6])(
    'descriptors for a slot, all but %i of them in use: says so, and none is lost by trying',
    async (free) => {
      const queue = testQueue('#!/bin/sh\n', { settle: 0 })
      const worker = await startWorker(queue.path)
      await until(() => queue.events('scan').length > 0)
      const before = await heldAtRest(worker.pid)
      leaveRoom(worker.pid, free)
      const id = queue.send({})
      await until(() => shortage(queue))
      await until(() => queue.events('trouble').length >= 3)
      await holdsOnly(worker.pid, before.length)
      expect(queue.stateOf(id)).toBe('que')
      run('prlimit', `--pid=${worker.pid}`, '--nofile=1024:')
      expect(await queue.settled(id)).toBe('done')
      expect(queue.attempts(id)).toHaveLength(1)
      await worker.stop()
    },
  )

  test('descriptors for a daemon: every queue has its turn', async () => {
    const root = testQueue('#!/bin/sh\n', {}, 'q0').path.replace(/\/queue\/q0$/, '')
    const names = Array.from({ length: 24 }, (_, i) => `q${i}`)
    for (const name of names) makeQueue(root, name, '#!/bin/sh\n', { settle: 0 })
    writeFileSync(join(root, 'config.json'), JSON.stringify({ warm_workers: 2 }))
    for (const name of names) writeFileSync(join(root, 'queue', name, 'que/item'), '')
    const daemon = await startDaemon(root, { execPath: limited(34) })
    const left = () => names.filter((name) => !existsSync(join(root, 'queue', name, 'done')) || waiting(root, name))
    await until(
      () => left().length === 0,
      50_000,
      () => `${left()}\n${daemon.stderr()}`,
    )
    expect(daemon.process.exitCode).toBeNull()
    await daemon.stop()
  }, 90_000)

  test('descriptors to fork: a daemon says so, and loses none by trying', async () => {
    const queue = testQueue('#!/bin/sh\n', { settle: 0 })
    const daemon = await startDaemon(queue.path.replace(/\/queue\/q$/, ''))
    expect(await queue.settled(queue.send({}))).toBe('done')
    const worker = await until(() => workersOf(daemon.pid).get('q'))
    const before = await heldAtRest(daemon.pid)
    // The end of its worker gives one back, which makes three: one too few.
    leaveRoom(daemon.pid, 2)
    kill(worker, 'SIGKILL')
    await until(() => (daemon.stderr().match(/cannot fork/g)?.length ?? 0) >= 3, 30_000, daemon.stderr)
    await holdsOnly(daemon.pid, before.length - 1)
    run('prlimit', `--pid=${daemon.pid}`, '--nofile=1024:')
    expect(await queue.settled(queue.send({}), 30_000)).toBe('done')
    await daemon.stop()
  })
})

describe.skipIf(skipLoudly('limits of another user', cannotBecome()))('too few', () => {
  test('processes: no item is burned for it, and each is done', async () => {
    const queue = testQueue('#!/bin/sh\nexec sleep 0.05\n', { slots: 20, settle: 0, nice: -5 })
    const ids = Array.from({ length: 40 }, () => queue.send({}))
    run('chown', '-R', `${NOBODY}`, join(queue.path, '../..'))
    const worker = await startWorker(queue.path, { execPath: wrapped(`exec ${AS_NOBODY} prlimit --nproc=24`) })
    for (const id of ids) expect(await queue.settled(id, 60_000)).toBe('done')
    for (const id of ids) expect(queue.attempts(id).filter(({ cause }) => cause === 'lost')).toEqual([])
    expect(worker.process.exitCode).toBeNull()
    await worker.stop()
  }, 90_000)
})

describe.skipIf(skipLoudly('limits of a user namespace', cannotUnshare()))('too few', () => {
  test('watches: what is dropped is found by looking', async () => {
    const queue = testQueue('#!/bin/sh\n', { settle: 0 })
    const none = `exec ${OWN_NAMESPACE} sh -c 'echo 0 > /proc/sys/user/max_inotify_instances; exec "$0" "$@"'`
    const worker = await startWorker(queue.path, { execPath: wrapped(none) })
    await until(() => queue.events('disk-trouble').some((event) => event['operation'] === 'watch'))
    expect(await queue.settled(queue.send({}), 10_000)).toBe('done')
    await worker.stop()
  })
})

/** Why nothing can be run as another user here, or undefined. */
function cannotBecome(): string | undefined {
  const tried = spawnSync('sh', ['-c', `${AS_NOBODY} '${process.execPath}' '${BIN.rq}' --version`], {
    encoding: 'utf8',
  })
  return tried.status === 0 ? undefined : `${AS_NOBODY}: ${tried.stderr.trim()}`
}

function cannotUnshare(): string | undefined {
  const tried = spawnSync('sh', ['-c', `${OWN_NAMESPACE} sh -c 'test -w /proc/sys/user/max_inotify_instances'`])
  return tried.status === 0 ? undefined : `${OWN_NAMESPACE}: not here`
}

/** The descriptors of a process, by their numbers, but for those on their way. */
function descriptors(pid: number): number[] {
  return readdirSync(`/proc/${pid}/fd`).map(Number)
}

const REST_MS = 500

/** What it holds when it does nothing: a process that has just begun still reads modules, one file after the other. */
async function heldAtRest(pid: number): Promise<number[]> {
  let held: number[] = []
  let since = performance.now()
  await until(() => {
    const now = descriptors(pid)
    const isSame = now.length === held.length && now.every((number, at) => number === held[at])
    // One that only waits for a core is not at rest.
    if (!isSame || processStat(pid)?.state !== 'S') since = performance.now()
    held = now
    return performance.now() - since >= REST_MS
  }, 20_000)
  return held
}

async function holdsOnly(pid: number, count: number): Promise<void> {
  await until(
    () => descriptors(pid).length === count,
    10_000,
    () => `${count} descriptors; they are ${descriptors(pid).map((number) => linkOf(`/proc/${pid}/fd/${number}`))}`,
  )
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    // It was closed meanwhile.
    return 'closed'
  }
}

/** So many more may the process open, whatever it holds: that differs between versions of Node. */
function leaveRoom(pid: number, free: number): void {
  const used = descriptors(pid)
  let limit = 0
  for (let left = free; left > 0; limit++) if (!used.includes(limit)) left -= 1
  run('prlimit', `--pid=${pid}`, `--nofile=${limit}:`)
}

/** A node that may open so many descriptors. */
function limited(descriptors: number): string {
  return wrapped(`exec prlimit --nofile=${descriptors}`)
}

/** A program that runs node by another. */
function wrapped(by: string): string {
  const path = join(tempRoot(), 'wrapped-node')
  writeFileSync(path, `#!/bin/sh\n${by} '${process.execPath}' "$@"\n`, { mode: 0o755 })
  return path
}

function waiting(root: string, name: string): boolean {
  return ['que', 'run'].some((state) => readdirSync(join(root, 'queue', name, state)).length > 0)
}

function shortage(queue: TestQueue): boolean {
  return JSON.parse(readFileSync(join(queue.path, '_status.json'), 'utf8')).gate?.kind === 'shortage'
}
