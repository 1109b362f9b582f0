/**
 * A power cut, at the level of blocks. A file system with a journal lies on a loop device; at the cut its image is
 * copied as the device has it, with nothing flushed first, and the copy is mounted, which replays its journal. What
 * was not made durable is then gone: ext4 commits only for an fsync, as the commit interval is ten minutes.
 *
 * The disk under it is a kind one: it keeps every block it was given, flushed or not, in order. And ext4 commits
 * everything older along with any fsync, so that a missing directory fsync shows only if no other fsync follows.
 */
import { spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mountedOn, run, scratchBase, undoable, unmount } from './mount.ts'

export interface PowerOptions {
  readonly sizeMb?: number
  /** More options of mkfs.ext4, such as `-O fast_commit`. */
  readonly mkfs?: readonly string[]
}

export interface CutOptions {
  /** Stopped while the image is copied, and let go afterwards: needed where they write without a pause. */
  readonly freeze?: readonly number[]
}

/** What is left after a cut. */
interface Remains {
  readonly dir: string
  close(): void
}

export interface PowerRig {
  /** The live file system. */
  readonly dir: string
  /** May be called again and again, while things run. */
  cut(options?: CutOptions): Promise<Remains>
  close(): void
}

/** Why there can be no power cut here, or undefined. Tries it. */
export function powercutUnavailable(): string | undefined {
  if (process.platform !== 'linux') return 'loop devices are those of Linux'
  if (process.getuid?.() !== 0) return 'loop devices and mounting need root'
  if (spawnSync('mkfs.ext4', ['-V']).status !== 0) return 'no mkfs.ext4'
  try {
    openPowerRig().close()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Makes and mounts a fresh ext4 to cut the power of. */
export function openPowerRig({ sizeMb = 64, mkfs = [] }: PowerOptions = {}): PowerRig {
  const base = scratchBase(memory())
  const image = join(base.dir, 'image')
  try {
    writeFileSync(image, '')
    truncateSync(image, sizeMb * 1024 * 1024)
    run('mkfs.ext4', '-q', '-F', '-J', 'size=8', '-E', 'lazy_itable_init=0,lazy_journal_init=0', ...mkfs, image)
    // Without auto_da_alloc ext4 does not repair the habit of renaming over a file that was not flushed.
    const live = mountImage(image, join(base.dir, 'live'), 'commit=600,noauto_da_alloc')
    let cuts = 0
    return {
      dir: live.dir,
      close: base.remove,
      cut: async (options = {}) => {
        const copy = join(base.dir, `cut-${++cuts}.image`)
        await frozen(options.freeze ?? [], () => copyAtOneInstant(live.device, image, copy))
        const mounted = mountImage(copy, join(base.dir, `cut-${cuts}`), 'rw')
        const close = () => {
          mounted.close()
          rmSync(copy, { force: true })
        }
        return { dir: mounted.dir, close: undoable(close) }
      },
    }
  } catch (error) {
    base.remove()
    throw error
  }
}

/**
 * Runs `scenario` on a fresh file system, cuts the power when it calls `cut` (once; at its end, if it does not), and
 * answers what `check` finds in what is left.
 */
export async function powercut<T>(
  scenario: (dir: string, cut: (options?: CutOptions) => Promise<void>) => Promise<void>,
  check: (dir: string) => Promise<T> | T,
  options: PowerOptions = {},
): Promise<T> {
  const rig = openPowerRig(options)
  try {
    let remains: Remains | undefined
    const cut = async (how?: CutOptions): Promise<void> => {
      if (remains !== undefined) throw new Error('the power was cut before')
      remains = await rig.cut(how)
    }
    await scenario(rig.dir, cut)
    remains ??= await rig.cut()
    return await check(remains.dir)
  } finally {
    rig.close()
  }
}

/** Where the image lies: in memory if possible, so that what is measured is ext4 and not the disk below it. */
function memory(): string {
  try {
    accessSync('/dev/shm', constants.W_OK)
    return mountedOn('/dev/shm')?.type === 'tmpfs' ? '/dev/shm' : tmpdir()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    return tmpdir()
  }
}

function mountImage(image: string, dir: string, options: string): { dir: string; device: string; close(): void } {
  mkdirSync(dir)
  run('mount', '-t', 'ext4', '-o', `loop,${options}`, image, dir)
  const device = mountedOn(dir)?.source
  if (device === undefined) throw new Error(`${dir} is not mounted after mounting ${image}`)
  // mount's own loop devices are freed with the mount.
  return { dir, device, close: () => unmount(dir) }
}

/** A copy is of one instant if no request reached the device, or was under way, while it was made. */
async function copyAtOneInstant(device: string, image: string, copy: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const before = requests(device)
    if (before !== undefined) {
      run('cp', '--sparse=always', image, copy)
      if (requests(device) === before) return
    }
    await sleep(5)
  }
  throw new Error('the device was never at rest for as long as a copy takes: freeze the writers')
}

/** The number of writes and flushes so far, or undefined while one is under way. */
function requests(device: string): string | undefined {
  const sys = `/sys/block/${device.replace('/dev/', '')}`
  const inflight = readFileSync(`${sys}/inflight`, 'utf8').trim().split(/\s+/)
  if (inflight.some((n) => n !== '0')) return undefined
  const stat = readFileSync(`${sys}/stat`, 'utf8').trim().split(/\s+/)
  return `${stat[4]} ${stat[6]} ${stat[15]}`
}

/** Runs `action` while the processes stand still. Those that are gone do. */
async function frozen(pids: readonly number[], action: () => Promise<void>): Promise<void> {
  const stopped = pids.filter((pid) => readdirSync('/proc').includes(String(pid)))
  for (const pid of stopped) process.kill(pid, 'SIGSTOP')
  try {
    await action()
  } finally {
    for (const pid of stopped) if (readdirSync('/proc').includes(String(pid))) process.kill(pid, 'SIGCONT')
  }
}
