/** Who holds a root: the note in `_lock`. The flock is the lock; the note only tells people and the next start. */
import { closeSync, constants, fsyncSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { errnoOf } from './errno.ts'
import { bootId, isAlive, processStat } from './process.ts'

export interface Holder {
  readonly pid: number
  /** In clock ticks after boot: with pid and boot it names the process for good. */
  readonly start: number
  readonly boot: string
  readonly host: string
  /** ISO 8601, UTC. */
  readonly since: string
  /** It stopped in order and left nothing running. */
  readonly clean: boolean
  /** A service manager started it and will start it again. */
  readonly service: boolean
}

const LIMIT = 4096

export function lockPath(root: string): string {
  return join(root, '_lock')
}

/** This process, as a holder. */
export function ourselves(now: Date): Holder {
  return {
    pid: process.pid,
    start: processStat(process.pid)?.start ?? 0,
    boot: bootId(),
    host: hostname(),
    since: now.toISOString(),
    clean: false,
    service: process.env['SYSTEMD_EXEC_PID'] === String(process.pid),
  }
}

/** The note of the last or present holder. */
export function readHolder(root: string): Holder | undefined {
  let fd: number | undefined
  try {
    fd = openSync(lockPath(root), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    return readHolderFrom(fd)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

export function readHolderFrom(fd: number): Holder | undefined {
  const buffer = Buffer.alloc(LIMIT)
  const length = readSync(fd, buffer, 0, LIMIT, 0)
  return parseHolder(buffer.toString('utf8', 0, length))
}

function parseHolder(text: string): Holder | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // Never written, or torn by a power cut.
    if (!(error instanceof SyntaxError)) throw error
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const note = value as Partial<Record<keyof Holder, unknown>>
  if (typeof note.pid !== 'number' || typeof note.start !== 'number') return undefined
  if (typeof note.boot !== 'string' || typeof note.host !== 'string') return undefined
  return {
    pid: note.pid,
    start: note.start,
    boot: note.boot,
    host: note.host,
    since: String(note.since),
    clean: note.clean === true,
    service: note.service === true,
  }
}

/** Written through the locked descriptor, and to the disk: it must tell of a power cut. */
export function writeHolder(fd: number, holder: Holder): void {
  const data = Buffer.from(`${JSON.stringify(holder)}\n`)
  writeSync(fd, data, 0, data.length, 0)
  ftruncateSync(fd, data.length)
  fsyncSync(fd)
}

/** The daemon that runs on this root, if one does, in this kernel. */
export function livingHolder(root: string): Holder | undefined {
  const holder = readHolder(root)
  return holder !== undefined && holder.boot === bootId() && isAlive(holder.pid, holder.start) ? holder : undefined
}

export function pidPath(root: string): string {
  return join(root, 'rqd.pid')
}

/** For people. Where the note is gone, `rqd.pid` may still tell. */
export function describeHolder(root: string, holder: Holder | undefined): string {
  if (holder !== undefined) return `pid ${holder.pid} on ${holder.host} since ${holder.since}`
  const pid = readPidFile(root)
  return pid === undefined ? 'an unknown process' : `pid ${pid}`
}

function readPidFile(root: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidPath(root), 'latin1'))
    return Number.isInteger(pid) && pid > 0 ? pid : undefined
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}
