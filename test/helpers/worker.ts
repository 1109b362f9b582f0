/** One real worker on one queue, without a supervisor: the test is the supervisor. */
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Attempt, Msg } from '../../src/domain/item.ts'
import { makeId } from '../../src/domain/name.ts'
import type { FromWorker, StopMode } from '../../src/domain/worker-protocol.ts'
import { kill, makeQueue, tempRoot } from './daemon.ts'
import { until } from './until.ts'

const PROGRAM = fileURLToPath(new URL('../../dist/worker.cjs', import.meta.url))

export interface WorkerHandle {
  readonly process: ChildProcess
  readonly pid: number
  readonly messages: FromWorker[]
  readonly ended: Promise<number | null>
  stop(mode?: StopMode): Promise<number | null>
  /** kill -9, and wait until it is gone. */
  kill(): Promise<void>
}

export interface WorkerOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly execPath?: string
  readonly stderr?: 'pipe' | 'inherit'
  readonly uid?: number
}

/** Forks a worker and waits until it is ready. */
export async function startWorker(queue: string, options: WorkerOptions = {}): Promise<WorkerHandle> {
  const worker = forkWorker(queue, options)
  await until(
    // What it starts first may kill it before it has said so.
    () =>
      worker.messages.some(({ type }) => type === 'ready') ||
      worker.process.exitCode !== null ||
      worker.process.signalCode !== null,
    15_000,
    () => `worker of ${queue} is ready`,
  )
  return worker
}

export function forkWorker(queue: string, options: WorkerOptions = {}): WorkerHandle {
  const child = fork(PROGRAM, [queue], {
    env: { ...process.env, RQD_ROOT: join(queue, '../..'), RQD_LOG_LEVEL: 'debug', ...options.env },
    execArgv: [],
    stdio: ['ignore', 'ignore', options.stderr ?? 'inherit', 'ipc'],
    ...(options.execPath === undefined ? {} : { execPath: options.execPath }),
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  })
  const messages: FromWorker[] = []
  child.on('message', (message: FromWorker) => messages.push(message))
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))
  return {
    process: child,
    pid: child.pid ?? 0,
    messages,
    ended,
    stop: (mode = 'term') => {
      if (child.connected) child.send({ type: 'stop', mode })
      return ended
    },
    kill: async () => {
      kill(child.pid ?? 0, 'SIGKILL')
      await ended
    },
  }
}

export interface TestQueue {
  readonly path: string
  /** Drops a file under a name with an id, by rename: it starts at once. Returns the id. */
  drop(content?: string, suffix?: string): string
  /** Publishes a message the same way. */
  send(msg: object, suffix?: string): string
  names(state: string): string[]
  /** Where an item is, `done`, `_err`, `run`, …, or undefined. */
  stateOf(id: string): string | undefined
  /** Every item, by its id: for tests of many, as each of the others looks through all. */
  all(): ReadonlyMap<string, Found>
  /** Its directory, wherever it is. */
  dirOf(id: string): string
  msg(id: string): Msg
  attempts(id: string): readonly Attempt[]
  log(id: string): string
  events(kind?: string): Record<string, unknown>[]
  settled(id: string, deadlineMs?: number): Promise<string>
}

let made = 0

/** A queue in a root of its own; `handler` is a script's text, or the path of a program to link to. */
export function testQueue(handler: string, config?: object, name = 'q', root = tempRoot()): TestQueue {
  const isPath = handler.startsWith('/')
  const path = makeQueue(root, name, isPath ? undefined : handler, config)
  if (isPath) {
    renameSync(join(path, 'handler'), join(path, 'handler.old'))
    symlinkSync(handler, join(path, 'handler'))
  }
  return openQueue(path)
}

export function openQueue(path: string): TestQueue {
  const publish = (name: string, content: string) => {
    writeFileSync(join(path, `.new-${name}`), content)
    renameSync(join(path, `.new-${name}`), join(path, 'que', name))
  }
  const queue: TestQueue = {
    path,
    drop: (content = '', suffix = '') => {
      const id = newId()
      publish(id + suffix, content)
      return id
    },
    send: (msg, suffix = '') => {
      const id = newId()
      publish(`${id}.msg${suffix}`, JSON.stringify(msg))
      return id
    },
    names: (state) => list(path, state).map((found) => found.name),
    all: () => locateAll(path),
    stateOf: (id) => locate(path, id)?.state,
    dirOf: (id) => locate(path, id)?.dir ?? join(path, 'nowhere'),
    msg: (id) => JSON.parse(readFileSync(join(queue.dirOf(id), 'msg'), 'utf8')),
    attempts: (id) => queue.msg(id).attempts ?? [],
    log: (id) => readFileSync(join(queue.dirOf(id), 'job/stdio.log'), 'utf8'),
    events: (kind) => events(path).filter((event) => kind === undefined || event['kind'] === kind),
    settled: (id, deadlineMs = 20_000) =>
      until(
        () => {
          const state = queue.stateOf(id)
          return state === 'done' || state === '_err' || state === 'relayed' ? state : undefined
        },
        deadlineMs,
        () =>
          `${id} is settled; it is in ${queue.stateOf(id) ?? 'no state'}; log:\n${JSON.stringify(queue.events().slice(-5))}`,
      ),
  }
  return queue
}

export function newId(): string {
  made += 1
  return makeId(Date.now(), made % 1000, (made + 100_000).toString(36).padStart(6, '0'))
}

const STATES = ['que', 'run', '_err', 'pause', 'prep', 'done', 'relayed'] as const

interface Found {
  readonly state: string
  readonly dir: string
}

function locate(path: string, id: string): Found | undefined {
  return locateAll(path).get(id)
}

/** Of two that have the same id, what may still run. */
function locateAll(path: string): Map<string, Found> {
  const found = STATES.toReversed().flatMap((state) =>
    list(path, state).map(({ name, dir }): [string, Found] => [
      name.split(',')[0]?.replace(/\.msg$/, '') ?? '',
      { state, dir },
    ]),
  )
  return new Map(found)
}

function list(path: string, state: string): { name: string; dir: string }[] {
  const top = join(path, state)
  if (!existsSync(top)) return []
  if (state !== 'done' && state !== 'relayed') return readdirSync(top).map((name) => ({ name, dir: join(top, name) }))
  return readdirSync(top, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.split('/').length === 3)
    .map((name) => ({ name: name.split('/')[2] ?? '', dir: join(top, name) }))
}

function events(path: string): Record<string, unknown>[] {
  const log = join(path, '_log')
  if (!existsSync(log)) return []
  // A power cut tears the log: nothing hangs on it.
  return readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line))
}
