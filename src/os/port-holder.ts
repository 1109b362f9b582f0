/** Who listens on a TCP port of this machine (proc(5): /proc/net/tcp, /proc/PID/fd). */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { errnoOf } from './errno.ts'

const LISTEN = '0A'

/** `pid N (its command line)`; undefined when nobody does, or it is not ours to see. */
export function portHolder(port: number): string | undefined {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listening(table, port)))
  if (inodes.size === 0) return undefined
  for (const pid of names('/proc').filter((name) => /^\d+$/.test(name))) {
    const holds = names(`/proc/${pid}/fd`).some((fd) => inodes.has(target(`/proc/${pid}/fd/${fd}`)))
    if (holds) return `pid ${pid} (${text(`/proc/${pid}/cmdline`).split('\0').join(' ').trim().slice(0, 120)})`
  }
  return undefined
}

function listening(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  return text(table)
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => state === LISTEN && local.endsWith(`:${wanted}`))
    .map((fields) => `socket:[${fields[9]}]`)
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch (error) {
    // It ended, or belongs to somebody else.
    if (errnoOf(error) === undefined) throw error
    return []
  }
}

function target(link: string): string {
  try {
    return readlinkSync(link)
  } catch (error) {
    // Closed meanwhile.
    if (errnoOf(error) === undefined) throw error
    return ''
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // Ended, or not on this system.
    if (errnoOf(error) === undefined) throw error
    return ''
  }
}
