/** Disks that are full, have no inode left, turn read-only, or are two: nothing is lost, said to be done, or run again. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BIN, kill, processesIn } from '../helpers/daemon.ts'
import { itemsUnder, putEnded } from '../helpers/ended.ts'
import { until } from '../helpers/until.ts'
import { openQueue, startWorker, type TestQueue, testQueue } from '../helpers/worker.ts'
import { mountedOn, mounts, run, skipLoudly, undoable, unmount } from './mount.ts'
import { openPowerRig, powercutUnavailable } from './powercut.ts'
import { bindOver, type MountedDir, mountsUnavailable, mountTmpfs } from './tmpfs.ts'

/** Waits for the file `go`, which lies outside of the disk under test, and counts its starts there. */
function gate(outside: string, end = 'exit 0'): string {
  return `#!/bin/sh\necho start >> '${outside}/starts'\nwhile [ ! -e '${outside}/go' ]; do sleep 0.02; done\n${end}\n`
}

let disk: MountedDir
let outside: string
const closing: (() => void)[] = []

beforeEach(() => {
  outside = openOutside()
})
afterEach(() => {
  for (const close of closing.splice(0).toReversed()) close()
})

const FULL = [
  ['no space', { size: '400k' }, { size: '8m' }],
  ['no inode', { size: '8m', inodes: 60 }, { inodes: 2000 }],
] as const

describe.skipIf(skipLoudly('mounted file systems', mountsUnavailable()))('a disk on which there is', () => {
  describe.each(FULL)('%s', (_what, small, large) => {
    test('keeps the outcome pending and visible, starts nothing, and settles once there is room', async () => {
      const queue = onDisk(small, gate(outside))
      const worker = await startWorker(queue.path)
      const ids = [queue.send({}), queue.send({})]
      await until(() => starts() === 2)
      fill(disk.dir)
      go()
      await until(() => queue.events('disk-trouble').length > 0 || status(queue).disk !== null)
      await until(() => status(queue).unsettled.length > 0)
      for (const id of ids) expect(['run', 'done']).toContain(queue.stateOf(id))
      expect(status(queue).gate).not.toBeNull()

      disk.resize(large)
      for (const id of ids) expect(await queue.settled(id)).toBe('done')
      expect(starts()).toBe(2)
      expect(await queue.settled(queue.send({}))).toBe('done')
      await until(() => status(queue).disk === null)
      expect(worker.process.exitCode).toBeNull()
      await worker.stop()
    })

    test('does not lose what ended while it was full and its worker was killed', async () => {
      const queue = onDisk(small, gate(outside))
      const first = await startWorker(queue.path)
      const id = queue.send({})
      await until(() => starts() === 1)
      fill(disk.dir)
      go()
      await until(() => /^#0/.test(readFileSync(join(queue.path, 'run', id, 'attempt.1'), 'utf8')))
      await first.kill()
      const second = await startWorker(queue.path)
      await sleep(500)
      expect(queue.stateOf(id)).toBe('run')
      disk.resize(large)
      expect(await queue.settled(id)).toBe('done')
      expect(starts()).toBe(1)
      await second.stop()
    })

    test('refuses to inject, and keeps nothing half', async () => {
      const queue = onDisk(small, gate(outside))
      fill(disk.dir)
      const file = join(outside, 'large.txt')
      writeFileSync(file, 'x'.repeat(100_000))
      const refused = inject(queue, file)
      expect(refused).toMatchObject({ status: 1, stdout: '' })
      expect(refused.stderr).toMatch(/no space left/)
      expect(queue.names('que')).toEqual([])
      expect(queue.names('prep')).toEqual([])
      disk.resize(large)
      expect(inject(queue, file)).toMatchObject({ status: 0 })
    })
  })

  test('nothing written while it is read-only: the worker asks to be started later, and then works', async () => {
    const queue = onDisk({ size: '4m' }, '#!/bin/sh\n')
    const id = queue.send({})
    disk.remountReadOnly()
    const refused = await startWorker(queue.path)
    expect(await refused.ended).toBe(111)
    expect(inject(queue, BIN.rq).stderr).toMatch(/read-only/)
    disk.remountReadWrite()
    const worker = await startWorker(queue.path)
    expect(await queue.settled(id)).toBe('done')
    await worker.stop()
  })
})

describe.skipIf(skipLoudly('disks that fail', powercutUnavailable()))(
  'a disk that turns read-only while items run',
  () => {
    test('ends no worker and settles nothing; mounted again, each item is finished', async () => {
      const rig = openPowerRig({ mkfs: ['-e', 'remount-ro'] })
      closing.push(rig.close)
      mkdirSync(join(rig.dir, 'root'))
      const queue = testQueue(gate(outside), { slots: 2 }, 'q', join(rig.dir, 'root'))
      const worker = await startWorker(queue.path)
      const done = queue.send({})
      go()
      await queue.settled(done)
      rmSync(join(outside, 'go'))
      const ids = [queue.send({}), queue.send({}), queue.send({})]
      await until(() => starts() === 3)
      if (skipLoudly('a failing ext4', breakFileSystem(rig.dir))) return
      go()
      await sleep(2500)
      expect(worker.process.exitCode).toBeNull()
      expect(queue.stateOf(done)).toBe('done')
      for (const id of ids) expect(['run', 'que']).toContain(queue.stateOf(id))
      await worker.kill()
      for (const pid of processesIn(rig.dir)) kill(pid, 'SIGKILL')

      const remains = await rig.cut()
      const again = openQueue(queue.path.replace(rig.dir, remains.dir))
      const second = await startWorker(again.path)
      for (const id of ids) expect(await again.settled(id)).toBe('done')
      expect(again.stateOf(done)).toBe('done')
      expect(again.events('item-started').filter((event) => event['id'] === done)).toHaveLength(1)
      await second.stop()
    })
  },
)

describe.skipIf(skipLoudly('mounted file systems', mountsUnavailable()))('que/ on another mount', () => {
  test('is said to be so, loses nothing, copies nothing, and works once it is no more', async () => {
    const queue = onDisk({ size: '8m' }, '#!/bin/sh\n')
    const mount = bindOver(join(queue.path, 'que'), join(queue.path, 'que'))
    closing.push(mount.unmount)
    const worker = await startWorker(queue.path)
    writeFileSync(join(queue.path, 'que/.new'), 'x')
    renameSync(join(queue.path, 'que/.new'), join(queue.path, 'que', ITEM))
    await until(() => status(queue).unavailable.some(({ problem }) => problem.includes('EXDEV')))
    await sleep(1200)
    expect(readdirSync(join(queue.path, 'que'))).toEqual([ITEM])
    expect(queue.names('run')).toEqual([])
    expect(inject(queue, BIN.rq)).toMatchObject({ status: 1, stdout: '' })
    expect(readdirSync(join(queue.path, 'que'))).toEqual([ITEM])
    mount.unmount()
    expect(await queue.settled(ITEM, 40_000)).toBe('done')
    await worker.stop()
  })
})

describe.skipIf(skipLoudly('mounted file systems', mountsUnavailable()))(
  'a disk that a handler left mounted in its item',
  () => {
    test.each([
      ['removed', { states: [] }, /mnt in .* cannot be removed: another file system is mounted there/],
      ['archived', { states: ['done'] }, /stays, as it is not archived: it holds another file system/],
    ])('keeps what is on it when the item is %s', async (_what, archive, complaint) => {
      const queue = testQueue('', { keep: { done: { age: '1d' } }, archive })
      const point = join(putEnded(queue.path, 'a'), 'mnt')
      mkdirSync(point)
      run('mount', '-t', 'tmpfs', 'rqd-test', point)
      const where = () => mounts().find(({ point }) => point.startsWith(`${queue.path}/`))?.point ?? ''
      const undo = undoable(() => unmount(where()))
      closing.push(undo)
      writeFileSync(join(point, 'precious'), '')
      const said = rqRoot(queue, 'clean')
      expect([said.status, said.stderr]).toEqual([1, expect.stringMatching(complaint)])
      expect(readdirSync(where())).toEqual(['precious'])
      undo()
      // Then there is nothing in the way.
      expect(rqRoot(queue, 'clean').status).toBe(0)
      expect([itemsUnder(join(queue.path, 'done')), queue.names('_tmp')]).toEqual([[], []])
    })
  },
)

const ITEM = '20261122T101600.000000-aaaaaa'

function onDisk(size: Parameters<typeof mountTmpfs>[0], program: string): TestQueue {
  disk = mountTmpfs(size)
  closing.push(disk.unmount)
  mkdirSync(join(disk.dir, 'root'))
  return testQueue(program, { slots: 2, settle: 0 }, 'q', join(disk.dir, 'root'))
}

function openOutside(): string {
  const path = join(testQueue('').path, 'outside')
  mkdirSync(path)
  return path
}

function starts(): number {
  const file = join(outside, 'starts')
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0
}

function go(): void {
  writeFileSync(join(outside, 'go'), '')
}

/** Until neither a byte nor a name fits any more. */
function fill(dir: string): void {
  let size = 65_536
  for (let i = 0; size > 0; i += 1) {
    try {
      writeFileSync(join(dir, `fill-${i}`), Buffer.alloc(size))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      size = Math.floor(size / 2)
    }
    if (i > 10_000) throw new Error(`${dir} does not fill up`)
  }
}

/** ext4 itself finds an error, and refuses all writing from then on; or the reason why it cannot be made to. */
function breakFileSystem(dir: string): string | undefined {
  const trigger = `/sys/fs/ext4/${basename(mountedOn(dir)?.source ?? '')}/trigger_fs_error`
  if (!existsSync(trigger)) return `no ${trigger}`
  run('sync', '-f', dir)
  writeFileSync(trigger, '1')
  try {
    writeFileSync(join(dir, 'probe'), '')
    return 'it goes on writing after an error'
  } catch {
    // Read-only, as it is meant to be.
    return undefined
  }
}

function inject(queue: TestQueue, file: string) {
  return rqRoot(queue, 'inject', 'q', file)
}

function rqRoot(queue: TestQueue, ...args: string[]) {
  const root = join(queue.path, '../..')
  return spawnSync(process.execPath, [BIN.rq, '--root', root, ...args], { encoding: 'utf8' })
}

interface Status {
  readonly disk: string | null
  readonly gate: object | null
  readonly unsettled: readonly { readonly id: string }[]
  readonly unavailable: readonly { readonly problem: string }[]
}

function status(queue: TestQueue): Status {
  return JSON.parse(readFileSync(join(queue.path, '_status.json'), 'utf8'))
}
