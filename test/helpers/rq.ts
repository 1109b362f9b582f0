/** Running `rq` as a user does, and looking at what it did to the directories. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { BIN, makeQueue, tempRoot } from './daemon.ts'

export interface Said {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** The lines of stdout. */
  readonly lines: readonly string[]
}

export interface RqOptions {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Runs `rq --root ROOT …` to its end. */
export function rq(root: string, args: readonly string[], options: RqOptions = {}): Promise<Said> {
  return runProgram(process.execPath, [BIN.rq, ...args], { ...options, env: { RQ_ROOT: root, ...options.env } })
}

export function runProgram(program: string, args: readonly string[], options: RqOptions = {}): Promise<Said> {
  const child = spawn(program, args, { cwd: options.cwd, env: { ...process.env, ...options.env } })
  const pieces = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  child.stdout.on('data', (data: Buffer) => pieces.stdout.push(data))
  child.stderr.on('data', (data: Buffer) => pieces.stderr.push(data))
  // It may end without reading.
  child.stdin.on('error', () => undefined).end(options.input ?? '')
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      const stdout = Buffer.concat(pieces.stdout).toString()
      const stderr = Buffer.concat(pieces.stderr).toString()
      resolve({ code, stdout, stderr, lines: stdout.split('\n').slice(0, -1) })
    })
  })
}

/** A root with one queue `q`, whose daemon is not running. */
export function rootWithQueue(config?: object): { root: string; queue: string } {
  const root = tempRoot()
  const queue = makeQueue(root, 'q', undefined, config)
  return { root, queue }
}

/** The names in a state, sorted; none when it is not there. */
export function namesIn(queue: string, state: string): string[] {
  const dir = join(queue, state)
  return existsSync(dir) ? readdirSync(dir).toSorted() : []
}

/** What an item in `que/` holds: a plain file's text, or its files and theirs. */
export function contents(path: string): string | Record<string, unknown> {
  if (statSync(path).isFile()) return readFileSync(path, 'utf8')
  return Object.fromEntries(readdirSync(path).map((name) => [name, contents(join(path, name))]))
}

/** Without what a process that is gone left over, which a worker cleans up. */
export function visible(queue: string, state: string): string[] {
  return namesIn(queue, state).filter((name) => !name.startsWith('.') && !name.endsWith('.part'))
}
