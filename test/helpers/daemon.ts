/** Real daemons on roots of their own. Whatever a test file leaves behind ends with it. */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { until } from './until.ts'

/** The built programs, as a user starts them. `npm test` builds first. */
export const BIN = {
  rq: fileURLToPath(new URL('../../bin/rq', import.meta.url)),
  rqd: fileURLToPath(new URL('../../bin/rqd', import.meta.url)),
} as const

const roots = new Set<string>()

afterAll(async () => {
  for (const root of roots) await removeRoot(root)
})

/** A directory for one root, not made into one yet; removed with all its processes at the end of the file. */
export function tempRoot(parent = tmpdir()): string {
  const root = realpathSync(mkdtempSync(join(parent, 'rqd-test-')))
  roots.add(root)
  return root
}

export async function removeRoot(root: string): Promise<void> {
  await until(() => killProcessesIn(root) === 0, 5_000, `processes in ${root} end`)
  rmSync(root, { recursive: true, force: true })
  roots.delete(root)
}

/** Pids of the processes that stand in `directory`: daemons, workers, slots, handlers. */
export function processesIn(directory: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && standsIn(name, directory))
    .map(Number)
}

function standsIn(pid: string, directory: string): boolean {
  try {
    const cwd = readlinkSync(`/proc/${pid}/cwd`)
    return cwd === directory || cwd.startsWith(`${directory}/`)
  } catch {
    // It ended, or is none of ours.
    return false
  }
}

function killProcessesIn(root: string): number {
  const pids = processesIn(root).filter((pid) => pid !== process.pid)
  for (const pid of pids) kill(pid, 'SIGKILL')
  return pids.length
}

/** Signals a process; false when it is gone. */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    // ESRCH: it ended first.
    return false
  }
}

/** `mkdir -p queue/NAME/que` and an executable handler: that is a queue. Returns its path. */
export function makeQueue(root: string, name: string, handler = '#!/bin/sh\nexit 0\n', config?: object): string {
  const path = join(root, 'queue', name)
  mkdirSync(join(path, 'que'), { recursive: true, mode: 0o700 })
  writeFileSync(join(path, 'handler'), handler)
  chmodSync(join(path, 'handler'), 0o755)
  if (config !== undefined) writeFileSync(join(path, 'config.json'), JSON.stringify(config))
  return path
}

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Daemon {
  readonly root: string
  readonly pid: number
  readonly process: ChildProcess
  /** What it said on stderr so far: one JSON object a line. */
  stderr(): string
  events(): Record<string, unknown>[]
  readonly ended: Promise<Ending>
  signal(signal: NodeJS.Signals): void
  /** Sends the signal and waits for the end. */
  stop(signal?: NodeJS.Signals, deadlineMs?: number): Promise<Ending>
}

export interface DaemonOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly args?: readonly string[]
  /** `false`: do not wait for it to be ready. */
  readonly ready?: boolean
  readonly execPath?: string
}

/** `rqd start` in the foreground; returns when it has said that it started. */
export async function startDaemon(root: string, options: DaemonOptions = {}): Promise<Daemon> {
  const child = spawn(
    options.execPath ?? process.execPath,
    [BIN.rqd, 'start', '--root', root, ...(options.args ?? [])],
    {
      cwd: root,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = new Promise<Ending>((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })))
  const daemon: Daemon = {
    root,
    pid: child.pid ?? 0,
    process: child,
    stderr: () => said,
    events: () => parseLines(said),
    ended,
    signal: (signal) => void child.kill(signal),
    stop: async (signal = 'SIGTERM', deadlineMs = 15_000) => {
      child.kill(signal)
      await until(
        () => hasEnded(child),
        deadlineMs,
        () => `daemon ends after ${signal}; it said:\n${said}`,
      )
      return ended
    },
  }
  if (options.ready !== false) await untilReady(daemon)
  return daemon
}

async function untilReady(daemon: Daemon): Promise<void> {
  const isReady = () => daemon.events().some((event) => event['kind'] === 'daemon-started')
  await until(
    () => isReady() || hasEnded(daemon.process),
    15_000,
    () => `daemon starts; it said:\n${daemon.stderr()}`,
  )
  if (!isReady()) throw new Error(`the daemon ended at its start; it said:\n${daemon.stderr()}`)
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function parseLines(text: string): Record<string, unknown>[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  return whole
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}
