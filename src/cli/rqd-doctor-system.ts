/** What `rqd doctor` says of the machine and of the installation. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { cgroupHome } from '../domain/cgroup.ts'
import { cgroupFacts, mayMakeCgroups, readKnob } from '../os/cgroup.ts'
import { errnoOf } from '../os/errno.ts'
import { inotifyLimits } from '../os/filesystem.ts'
import { loadNative } from '../os/native.ts'
import type { Finding } from './rqd-doctor.ts'

/** Watches that a process needs besides those of the queues. */
const SPARE = 16
const FEW_FILES = 1024

/** `daemon`: whose place is looked at; ours, where none runs. */
export async function systemFindings(queues: number, daemon: number | 'self'): Promise<Finding[]> {
  return [
    nodeFinding(),
    flockFinding(),
    await nativeFinding(),
    inotifyFinding(queues),
    filesFinding(),
    cgroupFinding(daemon),
  ]
}

function nodeFinding(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isOld = major < 20 || (major === 20 && minor < 19)
  return {
    name: 'node',
    level: isOld ? 'bad' : 'ok',
    found: process.version,
    fix: isOld ? 'install 20.19 or newer' : '',
  }
}

function flockFinding(): Finding {
  const run = spawnSync('flock', ['--version'], { encoding: 'utf8' })
  const isThere = run.error === undefined && run.status === 0
  const found = isThere ? run.stdout.trim() : 'not found'
  return { name: 'flock(1)', level: isThere ? 'ok' : 'bad', found, fix: isThere ? '' : 'install util-linux' }
}

async function nativeFinding(): Promise<Finding> {
  const name = 'native calls'
  if ((await loadNative()) !== undefined) return { name, level: 'ok', found: 'syncfs, leases, renameat2', fix: '' }
  const fix = 'install the optional package koffi; without it rqd is slower with many files, and as safe'
  return { name, level: 'warn', found: 'not available', fix }
}

/** Each worker and the daemon hold one instance; a sleeping queue takes two watches. */
function inotifyFinding(queues: number): Finding {
  const name = 'inotify'
  const limits = inotifyLimits()
  if (limits === undefined)
    return { name, level: 'warn', found: 'not available', fix: 'queues are polled once a second' }
  const used = usedInstances()
  const found = `${used} of ${limits.instances} instances, ${limits.watches} watches`
  if (limits.instances - used < Math.min(queues + 1, SPARE)) {
    return { name, level: 'warn', found, fix: 'sysctl fs.inotify.max_user_instances=1024' }
  }
  if (limits.watches < 2 * queues + SPARE) {
    return { name, level: 'warn', found, fix: `sysctl fs.inotify.max_user_watches=${4 * queues + 8192}` }
  }
  return { name, level: 'ok', found, fix: '' }
}

/** Of this user, as far as we may look. */
function usedInstances(): number {
  return readdir('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => readdir(`/proc/${pid}/fd`).map((fd) => readlink(`/proc/${pid}/fd/${fd}`)))
    .filter((target) => target === 'anon_inode:inotify').length
}

function filesFinding(): Finding {
  const limits = readFileSync('/proc/self/limits', 'latin1')
  const soft = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)
  const level = soft < FEW_FILES ? 'warn' : 'ok'
  return {
    name: 'open files',
    level,
    found: `${soft} a process`,
    fix: level === 'ok' ? '' : 'ulimit -n 4096, or LimitNOFILE=',
  }
}

/** No fault: limits of memory are looked at once a second all the same. */
function cgroupFinding(daemon: number | 'self'): Finding {
  const finding = { name: 'memory cgroups', level: 'ok', fix: '' } as const
  const facts = cgroupFacts(daemon)
  if (facts === undefined) return { ...finding, found: 'none: the kernel has no cgroups, or does not tell' }
  const answer = cgroupHome(facts.cgroup, facts.mountinfo)
  if (answer.kind === 'none') return { ...finding, found: `none: ${answer.why}` }
  const { dir, version } = answer.home
  if (!mayMakeCgroups(dir)) return { ...finding, found: `none: ${dir} may not be written` }
  const isDelegated = version === 1 || /\bmemory\b/.test(readKnob(dir, 'cgroup.controllers') ?? '')
  return { ...finding, found: isDelegated ? `version ${version}, in ${dir}` : `none: ${dir} has no memory controller` }
}

function readdir(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return []
  }
}

function readlink(path: string): string {
  try {
    return readlinkSync(path)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return ''
  }
}
