/** Small, full and read-only file systems, and a second path to a directory. All need root. */
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { mountedOn, run, scratchBase, undoable, unmount } from './mount.ts'

export interface TmpfsOptions {
  /** As mount(8) takes it: `1m`, `400k`. Counted in pages. */
  readonly size?: string
  /** The most files and directories, the root directory included. */
  readonly inodes?: number
}

export interface MountedDir {
  readonly dir: string
  remountReadOnly(): void
  remountReadWrite(): void
  /** Resizes a tmpfs: makes a full one take writes again, or a good one full. */
  resize(options: TmpfsOptions): void
  unmount(): void
}

/** Why nothing can be mounted here, or undefined. */
export function mountsUnavailable(): string | undefined {
  if (process.platform !== 'linux') return 'mounting is done the way of Linux'
  if (process.getuid?.() !== 0) return 'mounting needs root'
  try {
    mountTmpfs({ size: '64k' }).unmount()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** A tmpfs of its own, checked to be mounted; it goes when the process ends at the latest. */
export function mountTmpfs(options: TmpfsOptions = {}): MountedDir {
  const base = scratchBase(tmpdir())
  const dir = join(base.dir, 'tmpfs')
  mkdirSync(dir)
  run('mount', '-t', 'tmpfs', '-o', ['mode=755', ...tmpfsOptions(options)].join(','), 'rqd-test', dir)
  if (mountedOn(dir)?.type !== 'tmpfs') throw new Error(`${dir} is no tmpfs after mounting one`)
  return {
    dir,
    remountReadOnly: () => remount(dir, 'ro'),
    remountReadWrite: () => remount(dir, 'rw'),
    resize: (wanted) => run('mount', '-o', ['remount', ...tmpfsOptions(wanted)].join(','), dir),
    unmount: base.remove,
  }
}

/** The directory under a second path. A rename between the two paths is EXDEV, though it is one file system. */
export function bindMount(source: string): { readonly dir: string; unmount(): void } {
  const base = scratchBase(tmpdir())
  const dir = join(base.dir, basename(source))
  mkdirSync(dir)
  run('mount', '--bind', source, dir)
  if (mountedOn(dir) === undefined) throw new Error(`${dir} is not mounted after a bind mount`)
  return { dir, unmount: base.remove }
}

/** Binds a directory over another, so that it lies on its own mount: `que/` of which renames to `run/` are EXDEV. */
export function bindOver(source: string, target: string): { unmount(): void } {
  run('mount', '--bind', source, target)
  if (mountedOn(target) === undefined) throw new Error(`${target} is not mounted after a bind mount`)
  return { unmount: undoable(() => unmount(target)) }
}

function tmpfsOptions({ size, inodes }: TmpfsOptions): string[] {
  return [...(size === undefined ? [] : [`size=${size}`]), ...(inodes === undefined ? [] : [`nr_inodes=${inodes}`])]
}

function remount(dir: string, how: 'ro' | 'rw'): void {
  run('mount', '-o', `remount,${how}`, dir)
  if (!mountedOn(dir)?.options.includes(how)) throw new Error(`${dir} is not ${how} after remounting it`)
}
