// Where a row is measured: tmpfs, and ext4 with a journal. Each group of rows gets a fresh one: neither what an
// earlier group left behind nor its deletions are measured along.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { onExit } from './cleanup.mjs'

const TMPFS_MAGIC = 0x01021994
const IMAGE_SIZE = '6G'
const INODES = '1500000'

export const PLACES = { tmpfs: openTmpfs, ext4: openExt4 }

/** Why this place cannot be had here, or undefined. */
export function missing(place) {
  if (place === 'tmpfs') return statfsSync('/dev/shm').type === TMPFS_MAGIC ? undefined : '/dev/shm is no tmpfs'
  return process.getuid() === 0 ? undefined : 'mounting an ext4 image needs root'
}

function openTmpfs() {
  const dir = mkdtempSync('/dev/shm/rqd-bench-')
  onExit(() => rmSync(dir, { recursive: true, force: true }))
  return { dir, durable: false, sync() {} }
}

function openExt4() {
  // /var/tmp lies on a disk where /tmp may lie in memory: an fsync is to cost what it costs.
  const base = mkdtempSync('/var/tmp/rqd-bench-')
  const image = join(base, 'image')
  const dir = join(base, 'mnt')
  onExit(() => rmSync(base, { recursive: true, force: true, maxRetries: 3 }))
  mkdirSync(dir)
  execFileSync('truncate', ['-s', IMAGE_SIZE, image])
  const whole = 'nodiscard,lazy_itable_init=0,lazy_journal_init=0'
  execFileSync('mkfs.ext4', ['-q', '-F', '-N', INODES, '-O', 'has_journal', '-E', whole, image])
  execFileSync('mount', ['-o', 'loop', image, dir])
  onExit(() => unmount(dir))
  // What the one before left dirty is not to be written on the account of the next.
  return { dir, durable: true, sync: () => execFileSync('sync', ['-f', dir]) }
}

/** What was killed a moment ago may still hold it. */
function unmount(dir) {
  for (let tries = 0; tries < 50; tries += 1) {
    if (spawnSync('umount', [dir]).status === 0) return
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  }
  execFileSync('umount', ['--lazy', dir])
}
