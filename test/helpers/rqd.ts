/** Running `rqd`, and looking at a daemon's workers from outside. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import { processes } from '../../src/os/process.ts'
import { BIN } from './daemon.ts'

/** Queue name → pid, of the workers that are children of `daemon`. */
export function workersOf(daemon: number): Map<string, number> {
  const children = processes().filter((stat) => stat.parent === daemon)
  return new Map(
    children.flatMap(({ pid }) => {
      const [program = '', path = ''] = commandLine(pid)
        .slice(1)
        .filter((word) => !word.startsWith('--'))
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

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `rqd …` and waits for its end. */
export async function rqd(...args: string[]): Promise<Said> {
  return runProgram(BIN.rqd, args)
}

/** The same, with this on its stdin. */
export async function rqdFed(input: string, ...args: string[]): Promise<Said> {
  return runProgram(BIN.rqd, args, input)
}

async function runProgram(program: string, args: string[], input = ''): Promise<Said> {
  try {
    const running = promisify(execFile)(process.execPath, [program, ...args], { timeout: 60_000 })
    running.child.stdin?.on('error', () => undefined).end(input)
    const { stdout, stderr } = await running
    return { code: 0, stdout, stderr }
  } catch (error) {
    const failed = error as Partial<Said>
    return { code: failed.code ?? -1, stdout: failed.stdout ?? '', stderr: failed.stderr ?? String(error) }
  }
}
