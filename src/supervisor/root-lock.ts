/**
 * One daemon per root. flock(2) follows the inode, so that a symlink or a bind mount leads to the same lock, and
 * it dies with its holder. Beside it lies a lock directory with a heartbeat, for kernels that do not share flocks.
 */
import { closeSync, fstatSync, rmdirSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { errnoOf } from '../os/errno.ts'
import { filesystemOf } from '../os/filesystem.ts'
import {
  describeHolder,
  type Holder,
  livingHolder,
  lockPath,
  ourselves,
  readHolder,
  readHolderFrom,
  writeHolder,
} from '../os/holder.ts'
import { tryLock } from '../os/lock.ts'
import { bootId } from '../os/process.ts'

/** The heartbeat may be late by this much (a stopped machine, a stalled disk) before another host takes over. */
const STALE_MS = 20_000
const HEARTBEAT_MS = 5_000

export interface RootLock {
  /** The machine went down while a daemon ran. */
  readonly uncleanBoot: boolean
  /** What could not be done; the lock is held all the same. */
  readonly troubles: readonly string[]
  /** Locks again where somebody removed or replaced `_lock`; false: another daemon was faster. */
  keep(): boolean
  /** `clean`: nothing runs on; otherwise the note stays for the next start to read. */
  release(clean: boolean): Promise<void>
}

export type RootLockAnswer =
  | { readonly kind: 'taken'; readonly lock: RootLock }
  /** `by`: `pid 123 on host since …`, as far as it is known. */
  | { readonly kind: 'held'; readonly by: string }

/** `onLost`: the root is not ours any more; why, in a sentence. */
export async function takeRootLock(root: string, onLost: (why: string) => void): Promise<RootLockAnswer> {
  const fd = tryLock(lockPath(root))
  if (fd === undefined) return { kind: 'held', by: describeHolder(root, await holderSoon(root)) }
  const last = readHolderFrom(fd)
  const ours = statSync(root)
  const heartbeat = await takeHeartbeat(root, isProvedDead(root, last), (error) => onLost(lossOf(root, ours, error)))
  if (heartbeat.kind === 'held') {
    closeSync(fd)
    return { kind: 'held', by: describeHolder(root, last) }
  }
  return { kind: 'taken', lock: lockOf(root, fd, last, heartbeat) }
}

function lockOf(root: string, firstFd: number, last: Holder | undefined, heartbeat: Beating): RootLock {
  let fd = firstFd
  const me = ourselves(new Date())
  let trouble = sign(fd, me)
  return {
    uncleanBoot: last !== undefined && !last.clean && last.boot !== bootId(),
    troubles: [...heartbeat.troubles, ...(trouble === undefined ? [] : [trouble])],
    keep: () => {
      if (!isSame(fd, lockPath(root)) && statSync(root, { throwIfNoEntry: false }) !== undefined) {
        const again = tryLock(lockPath(root))
        if (again === undefined) return false
        closeSync(fd)
        fd = again
        trouble = sign(fd, me)
      }
      if (trouble !== undefined) trouble = sign(fd, me)
      return true
    },
    release: async (clean) => {
      await heartbeat.release()
      // Written over, not emptied: that needs no room on a full disk, now and at the next start.
      if (clean) sign(fd, { ...me, clean: true })
      closeSync(fd)
    },
  }
}

/** The holder may have locked and not yet signed. */
async function holderSoon(root: string): Promise<Holder | undefined> {
  for (let tries = 0; tries < 20; tries += 1) {
    const holder = livingHolder(root)
    if (holder !== undefined) return holder
    await sleep(50)
  }
  return readHolder(root)
}

/**
 * We hold the flock on the file that `last` signed. In the same kernel that proves `last` dead; in another one
 * only if no two kernels can mount this file system at a time.
 */
function isProvedDead(root: string, last: Holder | undefined): boolean {
  // A holder that died before it signed is dead, too.
  return last?.boot === bootId() || filesystemOf(root).kind === 'local'
}

/** What was in the way, if anything was: a full disk must not keep the daemon from draining it. */
function sign(fd: number, holder: Holder): string | undefined {
  try {
    writeHolder(fd, holder)
    return undefined
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return `_lock could not be signed: ${errnoOf(error)}`
  }
}

interface Beating {
  readonly kind: 'beating'
  readonly troubles: readonly string[]
  readonly release: () => Promise<void>
}

type Heartbeat = Beating | { readonly kind: 'held' }

async function takeHeartbeat(root: string, lastIsDead: boolean, onLost: (error: Error) => void): Promise<Heartbeat> {
  const { lock } = (await import('proper-lockfile')).default
  const path = heartbeatPath(root)
  const options = {
    lockfilePath: path,
    realpath: false,
    stale: STALE_MS,
    update: HEARTBEAT_MS,
    onCompromised: onLost,
  }
  let firstBeat: number | undefined
  const deadline = performance.now() + STALE_MS + HEARTBEAT_MS
  for (;;) {
    try {
      const release = await lock(root, options)
      return { kind: 'beating', troubles: [], release: () => release().catch(ignoreSystemError) }
    } catch (error) {
      const code = errnoOf(error)
      if (code === undefined) throw error
      if (code !== 'ELOCKED') return { kind: 'beating', troubles: [`${path}: ${code}`], release: async () => undefined }
    }
    if (lastIsDead) attempt(() => rmdirSync(path))
    const beat = statSync(path, { throwIfNoEntry: false })?.mtimeMs
    firstBeat ??= beat
    if (beat !== firstBeat || performance.now() > deadline) return { kind: 'held' }
    await sleep(100)
  }
}

/** What became of the heartbeat. The library's own words are for programmers, and the same for all of these. */
function lossOf(root: string, ours: Stats, error: Error): string {
  const unknown = `the lock of the root could not be kept up: ${error.message}`
  const path = heartbeatPath(root)
  let now: Stats | undefined
  let beat: Stats | undefined
  try {
    now = statSync(root, { throwIfNoEntry: false })
    beat = statSync(path, { throwIfNoEntry: false })
  } catch (trouble) {
    ignoreSystemError(trouble)
    return unknown
  }
  if (now === undefined) return `the root was removed or renamed: there is no ${root} any more`
  if (now.ino !== ours.ino || now.dev !== ours.dev) return `the root was replaced: ${root} is another directory now`
  if (beat === undefined) return `somebody removed ${path}, the lock of the root`
  return 'syscall' in error ? unknown : `another host has taken the root: ${path} is not ours any more`
}

function heartbeatPath(root: string): string {
  return join(root, '_lock.host')
}

function ignoreSystemError(error: unknown): void {
  if (errnoOf(error) === undefined) throw error
}

function isSame(fd: number, path: string): boolean {
  const held = fstatSync(fd)
  const named = statSync(path, { throwIfNoEntry: false })
  return named !== undefined && named.dev === held.dev && named.ino === held.ino
}

function attempt(call: () => void): void {
  try {
    call()
  } catch (error) {
    ignoreSystemError(error)
  }
}
