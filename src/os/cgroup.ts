/** Cgroups (cgroups(7)): the kernel's files, read and written. What it refuses is an answer, with its errno. */
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { errnoOf } from './errno.ts'

export interface CgroupFacts {
  readonly cgroup: string
  readonly mountinfo: string
}

/** undefined: the kernel has no cgroups, or does not say. */
export function cgroupFacts(pid: number | 'self'): CgroupFacts | undefined {
  try {
    return {
      cgroup: readFileSync(`/proc/${pid}/cgroup`, 'utf8'),
      mountinfo: readFileSync(`/proc/${pid}/mountinfo`, 'utf8'),
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}

const buffer = Buffer.allocUnsafe(16_384)

export function readKnob(dir: string, knob: string): string | undefined {
  try {
    const fd = openSync(`${dir}/${knob}`, 'r')
    try {
      return buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0))
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}

/** The errno of a refusal. */
export function writeKnob(dir: string, knob: string, value: string): string | undefined {
  return refusal(() => writeFileSync(`${dir}/${knob}`, value, { flag: 'r+' }))
}

export function makeCgroup(dir: string): string | undefined {
  return refusal(() => mkdirSync(dir))
}

/** One that has processes stays (EBUSY). */
export function removeCgroup(dir: string): string | undefined {
  return refusal(() => rmdirSync(dir))
}

export function cgroupsIn(dir: string): string[] {
  try {
    return readdirSync(dir)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return []
  }
}

/** Looked at, not tried. */
export function mayMakeCgroups(dir: string): boolean {
  return refusal(() => accessSync(dir, constants.W_OK)) === undefined
}

function refusal(act: () => void): string | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    const code = errnoOf(error)
    if (code === undefined) throw error
    return code
  }
}
