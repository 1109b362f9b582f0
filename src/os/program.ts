/** Running a small program to its end, in a process group of its own and within a time: what a slot is too much for. */
import { type ChildProcess, spawn } from 'node:child_process'
import { errnoOf } from './errno.ts'
import { signalGroup } from './process.ts'

export interface Program {
  /** Bytes (latin1 text), as names are. */
  readonly argv: readonly string[]
  /** UTF-8. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Its stdin; without it /dev/null. */
  readonly input?: string
  /** A descriptor for stdout and stderr; without it the end of stderr is kept. */
  readonly output?: number
  readonly timeoutMs: number
  /** Ends it at once. */
  readonly abort?: AbortSignal
}

export type ProgramEnd =
  /** By a signal: 128 and its number, as shells say it. */
  | { readonly kind: 'exited'; readonly code: number; readonly stderr: string }
  | { readonly kind: 'timeout' }
  /** It could not be started. */
  | { readonly kind: 'failed'; readonly why: string }

/** From TERM to KILL. */
const GRACE_MS = 4000
const KEPT_BYTES = 8192

/** Resolves when it has ended, and nothing of its group is left. */
export function runProgram(program: Program): Promise<ProgramEnd> {
  const { output } = program
  const [file = '', ...args] = wordsOf(program.argv)
  return new Promise((resolve) => {
    let child: ChildProcess
    try {
      child = spawn(file, args, {
        cwd: program.cwd,
        env: program.env,
        detached: true,
        stdio: [program.input === undefined ? 'ignore' : 'pipe', output ?? 'ignore', output ?? 'pipe'],
      })
    } catch (error) {
      // A word that is too long, or no descriptor for a pipe.
      if (errnoOf(error) === undefined) throw error
      resolve({ kind: 'failed', why: String(errnoOf(error)) })
      return
    }
    watch(child, program, resolve)
  })
}

function watch(child: ChildProcess, program: Program, resolve: (end: ProgramEnd) => void): void {
  let isLate = false
  let said = ''
  const signal = (name: NodeJS.Signals) => child.pid !== undefined && signalGroup(child.pid, name)
  const late = setTimeout(() => {
    isLate = true
    signal('SIGTERM')
    kill = setTimeout(() => signal('SIGKILL'), GRACE_MS)
  }, program.timeoutMs)
  let kill: NodeJS.Timeout | undefined
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT_BYTES)
  })
  // It may end without reading.
  child.stdin?.on('error', () => undefined).end(program.input)
  const abort = () => void signal('SIGKILL')
  program.abort?.addEventListener('abort', abort)
  const ended = (end: ProgramEnd) => {
    program.abort?.removeEventListener('abort', abort)
    clearTimeout(late)
    clearTimeout(kill)
    resolve(end)
  }
  child.on('error', (error) => ended({ kind: 'failed', why: String(errnoOf(error) ?? error.message) }))
  // What it left behind would keep our pipes open.
  child.on('exit', () => signal('SIGKILL'))
  child.on('close', (code, name) =>
    ended(isLate ? { kind: 'timeout' } : { kind: 'exited', code: code ?? 128 + signalNumber(name), stderr: said }),
  )
}

function signalNumber(name: NodeJS.Signals | null): number {
  const numbers: Partial<Record<NodeJS.Signals, number>> = {
    SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15,
  } // biome-ignore format: a table
  return name === null ? 0 : (numbers[name] ?? 0)
}

/** Writes each word anew from escapes, and becomes what they say. The `x` keeps a newline at the end. */
const DECODER = `for rqd_w do shift; rqd_w=$(printf '%bx' "$rqd_w"); set -- "$@" "\${rqd_w%x}"; done; exec "$@"`

/** Node gives programs UTF-8 only; words that are none are put together by a shell, from escapes. */
function wordsOf(argv: readonly string[]): string[] {
  if (argv.every(isText)) return argv.map(textOf)
  return ['/bin/sh', '-c', DECODER, 'rqd-words', ...argv.map(escapesOf)]
}

/** Can these bytes be given as they are? */
export function isText(bytes: string): boolean {
  return /^[\x00-\x7f]*$/.test(bytes) || Buffer.from(textOf(bytes), 'utf8').equals(Buffer.from(bytes, 'latin1'))
}

export function textOf(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

function escapesOf(bytes: string): string {
  return Array.from(bytes, (byte) =>
    /[\w./=,:+@-]/.test(byte) ? byte : `\\0${byte.charCodeAt(0).toString(8).padStart(3, '0')}`,
  ).join('')
}
