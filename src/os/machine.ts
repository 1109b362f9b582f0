/** What the machine has left: load, memory, room on a file system. */
import { readFileSync, statfsSync } from 'node:fs'
import { errnoOf } from './errno.ts'

export interface Room {
  readonly free: number
  readonly total: number
}

/** Of the last minute. */
export function loadAverage(): number | undefined {
  const load = Number(readFact('/proc/loadavg')?.split(' ')[0])
  return Number.isFinite(load) ? load : undefined
}

/** Bytes; free is what programs may have without swapping (MemAvailable). */
export function memoryRoom(): Room | undefined {
  const facts = readFact('/proc/meminfo') ?? ''
  const kibibytes = (key: string) => Number(new RegExp(`^${key}: +(\\d+) kB`, 'm').exec(facts)?.[1]) * 1024
  const [free, total] = [kibibytes('MemAvailable'), kibibytes('MemTotal')]
  return Number.isFinite(free) && Number.isFinite(total) ? { free, total } : undefined
}

/** Bytes and inodes that unprivileged programs may have. */
export function diskRoom(path: string): { readonly bytes: Room; readonly inodes: Room } | undefined {
  try {
    const { bsize, blocks, bavail, files, ffree } = statfsSync(path)
    return { bytes: { free: bavail * bsize, total: blocks * bsize }, inodes: { free: ffree, total: files } }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}

function readFact(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}
