/** Who has a file open for writing? From /proc/PID/fd: slower than a lease, and right for foreign files. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { errnoOf } from './errno.ts'

const O_ACCMODE = 3

/** `dev:ino` of every file that a process we may look at has open for writing. */
export function filesOpenForWriting(): Set<string> {
  const open = new Set<string>()
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    for (const fd of list(`/proc/${pid}/fd`)) addWriter(open, pid, fd)
  }
  return open
}

export function fileKey(stat: { dev: number; ino: number }): string {
  return `${stat.dev}:${stat.ino}`
}

function addWriter(open: Set<string>, pid: string, fd: string): void {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'))?.[1]
    if (flags === undefined || (Number.parseInt(flags, 8) & O_ACCMODE) === 0) return
    const stat = statSync(`/proc/${pid}/fd/${fd}`)
    if (stat.isFile()) open.add(fileKey(stat))
  } catch (error) {
    if (!vanished(error)) throw error
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if (vanished(error)) return []
    throw error
  }
}

/** The process ended, closed the file, or is not ours to look at. */
function vanished(error: unknown): boolean {
  const code = errnoOf(error)
  return (
    code === 'ENOENT' ||
    code === 'ESRCH' ||
    code === 'EACCES' ||
    code === 'EPERM' ||
    code === 'ENXIO' ||
    code === 'EINVAL'
  )
}
