/** One forked worker: its process, and the few words it says. */
import { type ChildProcess, fork } from 'node:child_process'
import type { Millis } from '../domain/name.ts'
import { type FromWorker, type ToWorker, WORKER_ENV, WORKER_EXIT } from '../domain/worker-protocol.ts'
import { hasDescriptors } from '../os/descriptors.ts'
import { errnoOf } from '../os/errno.ts'

export interface WorkerStart {
  readonly program: string
  readonly queuePath: string
  readonly root: string
  readonly carefulUntil: Millis | undefined
  readonly rootPaused: boolean
  readonly pool: string | undefined
}

export type WorkerEnd =
  | { readonly kind: 'asked' }
  /** The queue is locked by the worker of a daemon that just died, or the system refused something. */
  | { readonly kind: 'later' }
  /** It was asked for a new one in its place. */
  | { readonly kind: 'again' }
  | { readonly kind: 'crashed'; readonly how: string }

export interface WorkerProcess {
  readonly pid: number | undefined
  send(message: ToWorker): void
  kill(): void
}

/** A worker's garbage dies young: a small nursery costs no speed and saves some 30 MB after a burst. */
const WORKER_FLAGS = ['--max-semi-space-size=1']

/** A socket pair, the pipe that says whether exec went well, and some to spare. */
const FORK_DESCRIPTORS = 6

/** Always answers with exactly one `onEnd`, also when the system cannot fork. */
export function forkWorker(
  start: WorkerStart,
  onMessage: (message: FromWorker) => void,
  onEnd: (end: WorkerEnd) => void,
): WorkerProcess {
  if (!hasDescriptors(FORK_DESCRIPTORS)) return notForked('too many open files', onEnd)
  let child: ChildProcess
  try {
    child = fork(start.program, [start.queuePath], {
      execArgv: WORKER_FLAGS,
      env: environment(start),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // Its own process group: Ctrl-C at a terminal is for the supervisor, which tells the workers.
      detached: true,
    })
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return notForked(errnoOf(error) ?? '', onEnd)
  }
  let hasEnded = false
  const end = (how: WorkerEnd) => {
    if (hasEnded) return
    hasEnded = true
    onEnd(how)
  }
  child.on('message', (message) => onMessage(message as FromWorker))
  child.on('error', (error) => {
    // Also a message that could not be sent any more; then the exit follows.
    if (child.pid === undefined) end({ kind: 'crashed', how: `cannot fork: ${error.message}` })
  })
  child.on('exit', (code, signal) => end(endOf(code, signal)))
  return {
    pid: child.pid,
    send: (message) => {
      if (child.connected) child.send(message, () => undefined)
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

function notForked(why: string, onEnd: (end: WorkerEnd) => void): WorkerProcess {
  setImmediate(onEnd, { kind: 'crashed', how: `cannot fork: ${why}` } satisfies WorkerEnd)
  return { pid: undefined, send: () => undefined, kill: () => undefined }
}

function endOf(code: number | null, signal: NodeJS.Signals | null): WorkerEnd {
  if (code === WORKER_EXIT.asked) return { kind: 'asked' }
  if (code === WORKER_EXIT.later) return { kind: 'later' }
  if (code === WORKER_EXIT.again) return { kind: 'again' }
  return { kind: 'crashed', how: signal === null ? `exit ${code}` : `signal ${signal}` }
}

function environment(start: WorkerStart): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, [WORKER_ENV.root]: start.root }
  delete env[WORKER_ENV.carefulUntil]
  delete env[WORKER_ENV.rootPaused]
  delete env[WORKER_ENV.pool]
  if (start.carefulUntil !== undefined) env[WORKER_ENV.carefulUntil] = String(start.carefulUntil)
  if (start.rootPaused) env[WORKER_ENV.rootPaused] = '1'
  if (start.pool !== undefined) env[WORKER_ENV.pool] = start.pool
  return env
}
