/** What a file system is, what is left on it, and the kernel's limits on watching: for `rqd doctor` and the lock. */
import { readFileSync, type StatsFs, statfsSync } from 'node:fs'
import { errnoOf } from './errno.ts'

/** `local`: one kernel mounts it, so that its locks and events are the whole truth. */
export type FilesystemKind = 'local' | 'network' | 'unknown'

export interface Filesystem {
  readonly name: string
  readonly kind: FilesystemKind
  readonly freeBytes: number
  /** undefined: it makes inodes as needed (btrfs). */
  readonly freeInodes: number | undefined
}

/** statfs(2) magic numbers. FUSE and 9p may be anything: a local disk, or another machine's. */
const KINDS: Readonly<Record<number, readonly [string, FilesystemKind]>> = {
  61267: ['ext4', 'local'],
  1481003842: ['xfs', 'local'],
  2435016766: ['btrfs', 'local'],
  16914836: ['tmpfs', 'local'],
  2240043254: ['ramfs', 'local'],
  801189825: ['zfs', 'local'],
  4076150800: ['f2fs', 'local'],
  3393526350: ['bcachefs', 'local'],
  2035054128: ['overlay', 'local'],
  827541066: ['jfs', 'local'],
  13364: ['nilfs2', 'local'],
  19780: ['vfat', 'local'],
  538032816: ['exfat', 'local'],
  26985: ['nfs', 'network'],
  20859: ['smb', 'network'],
  4266872130: ['smb2', 'network'],
  4283649346: ['cifs', 'network'],
  12805120: ['ceph', 'network'],
  1397113167: ['afs', 'network'],
  18225520: ['gfs2', 'network'],
  1952539503: ['ocfs2', 'network'],
  198183888: ['lustre', 'network'],
  1702057286: ['fuse', 'unknown'],
  16914839: ['9p', 'unknown'],
}

export function filesystemOf(path: string): Filesystem {
  const stat = statfsSync(path)
  const [name, kind] = KINDS[stat.type >>> 0] ?? [`type 0x${(stat.type >>> 0).toString(16)}`, 'unknown']
  return { name, kind, freeBytes: freeBytes(stat), freeInodes: stat.files === 0 ? undefined : stat.ffree }
}

function freeBytes(stat: StatsFs): number {
  return stat.bavail * stat.bsize
}

export interface InotifyLimits {
  readonly instances: number
  readonly watches: number
}

/** Limits of this user, from /proc; undefined where there is no inotify. */
export function inotifyLimits(): InotifyLimits | undefined {
  const instances = numberIn('/proc/sys/fs/inotify/max_user_instances')
  const watches = numberIn('/proc/sys/fs/inotify/max_user_watches')
  return instances === undefined || watches === undefined ? undefined : { instances, watches }
}

function numberIn(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'latin1'))
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}

/** What is left on the file system of a path, for those who are not root. */
export interface Space {
  readonly freeBytes: number
  /** 0 to 100, of bytes or of inodes, whichever is less. */
  readonly freePercent: number
}

export function spaceOf(path: string): Space {
  const stat = statfsSync(path)
  // What is kept for root counts neither as free nor as there.
  const usable = stat.blocks - stat.bfree + stat.bavail
  const ofBytes = usable <= 0 ? 0 : (stat.bavail / usable) * 100
  const ofInodes = stat.files === 0 ? 100 : (stat.ffree / stat.files) * 100
  return { freeBytes: freeBytes(stat), freePercent: Math.min(ofBytes, ofInodes) }
}
