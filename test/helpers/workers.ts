/** Looking at a daemon's workers from outside, in /proc. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { processes } from '../../src/os/process.ts'
import { BIN } from './daemon.ts'

/** Queue name → pid, of the workers that are children of `daemon`. */
export function workersOf(daemon: number): Map<string, number> {
  const children = processes().filter((stat) => stat.parent === daemon)
  return new Map(
    children.flatMap(({ pid }) => {
      const [, program = '', path = ''] = commandLine(pid)
      return program.endsWith('worker.cjs') ? [[basename(path), pid] as const] : []
    }),
  )
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    // It ended first.
    return []
  }
}

export function isRunning(pid: number): boolean {
  return processes().some((stat) => stat.pid === pid)
}

let count = 0

/** Drops a file as a careful producer does: written beside, renamed in under an id, so that it starts at once. */
export function drop(queue: string, content = 'x', suffix = ''): string {
  count += 1
  const id = `20200101T000000.${String(count).padStart(6, '0')}-${Math.random().toString(36).slice(2, 8).padEnd(6, '0')}`
  const beside = join(queue, `.${id}`)
  writeFileSync(beside, content)
  renameSync(beside, join(queue, 'que', id + suffix))
  return id
}

/** The items of a state; of done/ all its minutes. */
export function itemsIn(queue: string, state: string): string[] {
  const dir = join(queue, state)
  if (!existsSync(dir)) return []
  const names = readdirSync(dir)
  if (state !== 'done') return names
  return names.flatMap((day) => readdirSync(join(dir, day)).flatMap((minute) => readdirSync(join(dir, day, minute))))
}

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `rqd …` and waits for its end. */
export async function rqd(...args: string[]): Promise<Said> {
  return runProgram(BIN.rqd, args)
}

async function runProgram(program: string, args: string[]): Promise<Said> {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...args], { timeout: 60_000 })
    return { code: 0, stdout, stderr }
  } catch (error) {
    const failed = error as Partial<Said>
    return { code: failed.code ?? -1, stdout: failed.stdout ?? '', stderr: failed.stderr ?? String(error) }
  }
}
