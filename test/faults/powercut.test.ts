import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { until } from '../helpers/until.ts'
import { mounts, skipLoudly } from './mount.ts'
import { openPowerRig, powercut, powercutUnavailable } from './powercut.ts'
import { bindMount, mountsUnavailable, mountTmpfs } from './tmpfs.ts'

describe.skipIf(skipLoudly('power cuts', powercutUnavailable()))('after a power cut', () => {
  test('a file that was written and renamed without fsync is gone', async () => {
    const left = await powercut(
      async (dir) => inNode(dir, `fs.writeFileSync('tmp', 'x'); fs.renameSync('tmp', 'kept')`),
      (dir) => readdirSync(dir),
    )
    expect(left).toEqual(['lost+found'])
  })

  test('a file that was synced, renamed, and whose directory was synced is there, whole', async () => {
    const left = await powercut(
      async (dir) => inNode(dir, `write('tmp', 'x'.repeat(9000)); fs.renameSync('tmp', 'kept'); sync('.')`),
      (dir) => [readdirSync(dir), readFileSync(join(dir, 'kept'), 'latin1').length],
    )
    expect(left).toEqual([['kept', 'lost+found'], 9000])
  })

  test('a file whose directory alone was not synced has its old name', async () => {
    const left = await powercut(
      async (dir) => inNode(dir, `write('tmp', 'x'); fs.renameSync('tmp', 'kept')`),
      (dir) => readdirSync(dir),
    )
    expect(left).toEqual(['lost+found', 'tmp'])
  })

  test('a file of which only the directory was synced is empty', async () => {
    const left = await powercut(
      async (dir) => inNode(dir, `fs.writeFileSync('tmp', 'x'); fs.renameSync('tmp', 'kept'); sync('.')`),
      (dir) => readFileSync(join(dir, 'kept'), 'latin1'),
    )
    expect(left).toBe('')
  })

  test('what came after the cut is not there', async () => {
    const left = await powercut(
      async (dir, cut) => {
        inNode(dir, `write('before', 'x'); sync('.')`)
        await cut()
        inNode(dir, `write('after', 'x'); sync('.')`)
      },
      (dir) => readdirSync(dir),
    )
    expect(left).toEqual(['before', 'lost+found'])
  })

  test('while a program writes without a pause, what it said was durable is there', async () => {
    const rig = openPowerRig()
    // It takes away what is old, or a slow round would find the disk full. And it writes at once: what console.log keeps
    // back, while we do not read, it would never send, as its loop has no end.
    const drop = "if (i >= 3000) fs.unlinkSync('f' + (i - 3000))"
    const script = `${prelude}for (let i = 0; ; i++) { ${drop}; write('f' + i, 'x'); sync('.'); fs.writeSync(1, i + '\\n') }`
    const child = spawn(process.execPath, ['-e', script], { cwd: rig.dir, stdio: ['ignore', 'pipe', 'inherit'] })
    const closed = new Promise((done) => child.once('close', done))
    let said = -1
    child.stdout.on('data', (data: Buffer) => {
      said = Number(data.toString().trimEnd().split('\n').at(-1))
    })
    try {
      for (let round = 0; round < 3; round++) {
        const earlier = said
        await until(
          () => said > earlier + 3,
          10_000,
          () => `after ${earlier} it said ${said}; exit ${child.exitCode}, signal ${child.signalCode}`,
        )
        const promised = said
        const remains = await rig.cut({ freeze: [child.pid ?? 0] })
        for (let i = Math.max(0, promised - 2000); i <= promised; i++)
          expect(readFileSync(join(remains.dir, `f${i}`), 'latin1')).toBe('x')
        remains.close()
      }
    } finally {
      child.kill('SIGKILL')
      await closed
      rig.close()
    }
  })

  test('nothing stays mounted', () => {
    expect(mounts().filter((mount) => mount.point.includes(`rqd-scratch-${process.pid}-`))).toEqual([])
  })
})

describe.skipIf(skipLoudly('mounted file systems', mountsUnavailable()))('a mounted file system', () => {
  const closing: (() => void)[] = []
  afterEach(() => {
    for (const close of closing.splice(0)) close()
  })

  test('is full when its size is used up, and takes more when it is made larger', () => {
    const small = mountTmpfs({ size: '64k' })
    closing.push(small.unmount)
    expect(() => writeFileSync(join(small.dir, 'big'), Buffer.alloc(100_000))).toThrow('ENOSPC')
    small.resize({ size: '1m' })
    writeFileSync(join(small.dir, 'big'), Buffer.alloc(100_000))
    expect(statfsSync(small.dir).bfree).toBeGreaterThan(0)
  })

  test('is full when its inodes are used up', () => {
    const small = mountTmpfs({ inodes: 3 })
    closing.push(small.unmount)
    writeFileSync(join(small.dir, 'one'), '')
    writeFileSync(join(small.dir, 'two'), '')
    expect(() => writeFileSync(join(small.dir, 'three'), '')).toThrow('ENOSPC')
  })

  test('refuses writing while it is read-only', () => {
    const mounted = mountTmpfs()
    closing.push(mounted.unmount)
    mounted.remountReadOnly()
    expect(() => writeFileSync(join(mounted.dir, 'a'), '')).toThrow('EROFS')
    mounted.remountReadWrite()
    writeFileSync(join(mounted.dir, 'a'), '')
  })

  test('is the same under a second path, between which a rename is refused', () => {
    const first = mountTmpfs()
    closing.push(first.unmount)
    mkdirSync(join(first.dir, 'que'))
    const second = bindMount(first.dir)
    closing.unshift(second.unmount)
    writeFileSync(join(first.dir, 'a'), '')
    expect(readdirSync(second.dir)).toEqual(readdirSync(first.dir))
    expect(() => renameSync(join(first.dir, 'a'), join(second.dir, 'que/a'))).toThrow('EXDEV')
  })

  test('is gone after unmounting, also while something has its directory', async () => {
    const mounted = mountTmpfs()
    const holder = spawn('sleep', ['30'], { cwd: mounted.dir })
    await new Promise((done) => holder.once('spawn', done))
    mounted.unmount()
    holder.kill('SIGKILL')
    expect(existsSync(mounted.dir)).toBe(false)
  })
})

const prelude = `const fs = require('fs')
const sync = (path) => { const fd = fs.openSync(path, 'r'); fs.fsyncSync(fd); fs.closeSync(fd) }
const write = (path, text) => { fs.writeFileSync(path, text); sync(path) }
`

/** In a process of its own, which ends before the cut. */
function inNode(cwd: string, script: string): void {
  const child = spawnSync(process.execPath, ['-e', prelude + script], { cwd, encoding: 'utf8' })
  expect(child.stderr).toBe('')
}
