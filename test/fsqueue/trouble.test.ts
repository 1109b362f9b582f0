/** What must hold when the world is broken, or somebody means ill. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import {
  attemptPath,
  readAttempt,
  recordStop,
  removeAttemptFiles,
  stopCause,
  writeAttempt,
} from '../../src/fsqueue/attempt.ts'
import { claim } from '../../src/fsqueue/claim.ts'
import { QueueIoError } from '../../src/fsqueue/errors.ts'
import { ensureQueue } from '../../src/fsqueue/layout.ts'
import { commitMsg, keepBadMsg, readMsg, stageMsg } from '../../src/fsqueue/message.ts'
import { type BytePath, look, place, queueDir, toBytes } from '../../src/fsqueue/place.ts'
import { OutcomeUnknown, publish } from '../../src/fsqueue/publish.ts'
import type { Syncer } from '../../src/fsqueue/sync.ts'
import { AS_ROOT, drop, dropDir, makeQueue, newId, raw, state, type TestQueue, tempDir, tree, won } from './support.ts'

const mounted: string[] = []

afterEach(() => {
  for (const dir of mounted.splice(0)) execFileSync('umount', [dir])
})

/** A queue on a file system of this many blocks of 4 KiB and inodes. */
function smallQueue(blocks: number, inodes: number): TestQueue {
  const path = tempDir()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${blocks * 4}k,nr_inodes=${inodes}`, 'rqd-test', path])
  mounted.push(path)
  const queue = queueDir(path)
  ensureQueue(queue)
  return { path, queue }
}

const MAY_MOUNT = AS_ROOT && mayMount()

function mayMount(): boolean {
  const dir = '/tmp'
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', dir], { stdio: 'ignore' })
    return true
  } catch (error) {
    return !(error instanceof Error)
  }
}

describe('a claim that fails half way leaves nothing in run/', () => {
  it.runIf(MAY_MOUNT)('when there is no inode for attach/, so that it can be tried again', () => {
    // Root, seven states, _tmp, the file: one is left.
    const test = smallQueue(64, 11)
    const name = drop(test, newId('x'))
    expect(() => won(test, name)).toThrow(QueueIoError)
    expect(state(test, 'run')).toEqual([])
    expect(state(test, 'que')).toEqual([`${name}=payload`])
  })
  it('when the entry cannot be renamed', () => {
    const test = makeQueue()
    const stat = look(place(test.queue, 'que', drop(test, 'x')))
    if (stat === undefined) throw new Error('no stat')
    // Since the look it became a directory that holds run/: it cannot be moved into itself.
    rmSync(`${test.path}/que/x`)
    renameSync(`${test.path}/run`, `${test.path}/que/run`)
    const queue = { ...test.queue, dirs: { ...test.queue.dirs, que: '', run: 'que/run' } }
    expect(() => claim({ ...queue, dirs: { ...queue.dirs, que: '.' } }, raw('que'), stat, newId)).toThrow(QueueIoError)
    expect(readdirSync(`${test.path}/que/run`)).toEqual([])
  })
})

describe('what was exchanged between the look and the claim', () => {
  function exchanged(make: (path: string) => void, dir = false) {
    const test = makeQueue()
    const id = newId()
    const name = dir ? dropDir(test, id, { msg: '{}' }) : drop(test, id)
    const path = `${test.path}/que/${name}`
    const stat = look(place(test.queue, 'que', name))
    if (stat === undefined) throw new Error('no stat')
    rmSync(path, { recursive: true })
    make(path)
    return { test, name, claimed: claim(test.queue, name, stat, newId) }
  }
  it('is refused when a file became a FIFO', () => {
    const { claimed } = exchanged((path) => execFileSync('mkfifo', [path]))
    expect(claimed).toMatchObject({ kind: 'won', item: { refusal: expect.stringMatching(/not a file/) } })
  })
  it('is refused when a file became a link', () => {
    const { claimed } = exchanged((path) => symlinkSync('/etc/shadow', path))
    expect(claimed).toMatchObject({ kind: 'won', item: { refusal: expect.stringMatching(/not a file/) } })
  })
  it('goes back when a directory became a link to another: nothing is read or written through it', () => {
    const outside = tempDir()
    writeFileSync(`${outside}/msg`, '{"param1":"evil"}')
    const { test, name, claimed } = exchanged((path) => symlinkSync(outside, path), true)
    expect(claimed).toEqual({ kind: 'lost' })
    expect(readdirSync(`${test.path}/run`)).toEqual([])
    expect(won(test, name).refusal).toMatch(/not a file or directory/)
  })
  it('is taken when a file became another file', () => {
    const { claimed } = exchanged((path) => writeFileSync(path, 'new'))
    expect(claimed).toMatchObject({ kind: 'won', item: { refusal: undefined } })
  })
})

describe('a refused item can be settled, and what was refused is kept', () => {
  const settle = (item: { path: BytePath }) => {
    keepBadMsg(item.path)
    stageMsg(item.path, { attempts: [{ n: 1, verdict: 'fail', cause: 'refused' }] })
    expect(commitMsg(item.path)).toBe('moved')
    expect(readMsg(item.path)).toMatchObject({ kind: 'msg', msg: { attempts: [{ n: 1 }] } })
  }
  it('when its message is torn', () => {
    const test = makeQueue()
    const item = won(test, drop(test, `${newId()}.msg`, '{"param1": "half'))
    settle(item)
    expect(state(test, 'run')).toContain(`${item.name}/msg.refused={"param1": "half`)
  })
  it.runIf(AS_ROOT)('when we may not read its message', () => {
    const test = makeQueue()
    const name = drop(test, `${newId()}.msg`, '{}')
    chmodSync(`${test.path}/que/${name}`, 0o600)
    for (const dir of ['', 'que', 'run']) chownSync(`${test.path}/${dir}`, 12_345, 12_345)
    process.seteuid?.(12_345)
    try {
      const item = won(test, name)
      expect(item.refusal).toMatch(/may not be read/)
      settle(item)
    } finally {
      process.seteuid?.(0)
    }
  })
  it('when its message is a directory', () => {
    const test = makeQueue()
    const item = won(test, dropDir(test, newId(), { 'msg/x': 'deep' }))
    expect(item.refusal).toMatch(/not a regular file/)
    settle(item)
    expect(state(test, 'run')).toContain(`${item.name}/msg.refused/x=deep`)
  })
  it('when a directory has the name of our draft of the message', () => {
    const test = makeQueue()
    settle(won(test, dropDir(test, newId(), { msg: '{}', '.msg.new/x': 'deep' })))
  })
  it('when a link has it, and nothing is written through that', () => {
    const test = makeQueue()
    const name = dropDir(test, newId(), { msg: '{}' })
    symlinkSync('../../target', `${test.path}/que/${name}/.msg.new`)
    settle(won(test, name))
    expect(existsSync(`${test.path}/target`)).toBe(false)
  })
  it('when directories have the names of attempts', () => {
    const test = makeQueue()
    const item = won(test, dropDir(test, newId(), { msg: '{}', 'cancel/x': '', 'attempt.1/x': '' }))
    settle(item)
    removeAttemptFiles(item.path, item.attempt)
  })
})

it('a message that holds a result and its attempts is still read: it grew within limits of ours', () => {
  const test = makeQueue()
  const item = won(test, drop(test, `${newId()}.msg`, JSON.stringify({ x: 'x'.repeat(1024 * 1024 - 100) })))
  expect(item.refusal).toBeUndefined()
  stageMsg(item.path, { ...item.msg, result: 'y'.repeat(1024 * 1024), attempts: [{ n: 1, verdict: 'done' }] })
  commitMsg(item.path)
  expect(readMsg(item.path)).toMatchObject({ kind: 'msg' })
})

describe('an attempt', () => {
  const SLOT = { pid: 4242, start: 99, boot: 'b00t' }
  it('whose handler flooded fd 3 keeps its exit, its slot and its first verdict', () => {
    const path = toBytes(tempDir()) as BytePath
    writeAttempt(path, 1, SLOT, 'x')
    execFileSync('sh', [
      '-c',
      `echo 'fail early' >> "$1"; yes 'run 1% and on and on' | head -c 12000000 >> "$1"`,
      'sh',
      attemptPath(path, 1),
    ])
    const read = readAttempt(path, 1)
    expect(read).toMatchObject({ slot: SLOT, exit: undefined })
    expect(read?.lines[0]).toEqual({ kind: 'fail', text: 'early' })
  })
  it.runIf(MAY_MOUNT)('that a full disk refused leaves no torn file, and its number is free', () => {
    const test = smallQueue(2, 64)
    const path = toBytes(`${test.path}/run`) as BytePath
    execFileSync('sh', ['-c', `head -c 8192 /dev/zero > "$1"`, 'sh', `${test.path}/full`])
    expect(() => writeAttempt(path, 1, SLOT, 'x')).toThrow(QueueIoError)
    expect(() => recordStop(path, 1, 'cancel')).toThrow(QueueIoError)
    expect(tree(`${test.path}/run`)).toEqual([])
    rmSync(`${test.path}/full`)
    expect(writeAttempt(path, 1, SLOT, 'x')).toBe(true)
    recordStop(path, 1, 'cancel')
    expect(stopCause(path, 1)).toBe('cancel')
  })
})

describe('publishing', () => {
  const draft = () => ({ id: newId(), msg: {}, attach: [] })
  it('says that it does not know when the second of two names cannot be given', async () => {
    const test = makeQueue()
    const [first, second] = [draft(), draft()]
    // The second is removed from prep/ between the rounds.
    const sync: Syncer = {
      sync: async () => undefined,
      syncGroup: async () => {
        const [, gone] = readdirSync(`${test.path}/prep`).toSorted()
        rmSync(`${test.path}/prep/${gone}`)
      },
    }
    const failure = await publish(test.queue, [first, second], sync).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(OutcomeUnknown)
    expect(failure instanceof OutcomeUnknown && failure.ids).toContain(first.id)
    expect(state(test, 'prep')).toEqual([])
    expect(readdirSync(`${test.path}/que`)).toEqual([`${first.id}.msg`])
  })
  it('does not call taken what somebody swept out of prep/', async () => {
    const test = makeQueue()
    const sync: Syncer = {
      sync: async () => undefined,
      syncGroup: async () => {
        for (const name of readdirSync(`${test.path}/prep`)) rmSync(`${test.path}/prep/${name}`)
      },
    }
    const failure: unknown = await publish(test.queue, [draft()], sync).catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'QueueIoError', code: 'ENOENT' })
  })
  it('leaves nothing in prep/ when que/ went away between the rounds', async () => {
    const test = makeQueue()
    const sync: Syncer = {
      sync: async () => undefined,
      syncGroup: async () => renameSync(`${test.path}/que`, `${test.path}/elsewhere`),
    }
    const failure = await publish(test.queue, [draft(), draft()], sync).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(QueueIoError)
    expect(state(test, 'prep')).toEqual([])
  })
})
