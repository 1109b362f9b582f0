/** `rqd status`: read from the lock, from /proc and from the directories; the daemon is not asked. */
import { readFileSync } from 'node:fs'
import { loadRootConfig } from '../config/config.ts'
import { hasFlag } from '../fsqueue/layout.ts'
import { type BytePath, inQueue, toBytes, within } from '../fsqueue/place.ts'
import { countItems, itemsOf } from '../fsqueue/scan.ts'
import { errnoOf } from '../os/errno.ts'
import { livingHolder } from '../os/holder.ts'
import { processes } from '../os/process.ts'
import { dirsOf, type FoundQueue, listQueues } from '../supervisor/queues.ts'
import { colours, columns, EXIT, type RqdOptions, rootOf, say, sayJson } from './rqd-common.ts'

const COUNT_LIMIT = 10_000

interface QueueStatus {
  readonly name: string
  /** Its pid. */
  readonly worker: number | null
  readonly waiting: number
  readonly running: number
  readonly held: number
  readonly failed: number
  readonly paused: boolean
  readonly down: boolean
}

export async function status(options: RqdOptions): Promise<number> {
  const root = rootOf(options)
  const holder = livingHolder(root)
  const workers = holder === undefined ? new Map<string, number>() : workersOf(holder.pid)
  const queues = listQueues(root).queues.map((queue) => statusOf(root, queue, workers))
  const answer = {
    root,
    running: holder !== undefined,
    pid: holder?.pid ?? null,
    since: holder?.since ?? null,
    host: holder?.host ?? null,
    paused: hasFlag(within(toBytes(root) as BytePath, '_paused')),
    queues: queues.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  }
  if (options.json === true) sayJson(answer)
  else await print(answer)
  return answer.running ? EXIT.ok : EXIT.daemonDown
}

/** Queue path → pid, of the daemon's children. */
function workersOf(daemon: number): Map<string, number> {
  const workers = new Map<string, number>()
  for (const { pid, parent } of processes()) {
    if (parent !== daemon) continue
    // Behind Node and its own flags.
    const [program, path] = commandLine(pid)
      .slice(1)
      .filter((word) => !word.startsWith('--'))
    if (program?.endsWith('worker.cjs') === true && path !== undefined) workers.set(path, pid)
  }
  return workers
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return []
  }
}

function statusOf(root: string, queue: FoundQueue, workers: ReadonlyMap<string, number>): QueueStatus {
  const loaded = loadRootConfig(root)
  const dir = dirsOf(queue.path, loaded.kind === 'ok' ? loaded.config : undefined)
  const count = (state: 'que' | 'run' | 'pause' | '_err') => countItems(itemsOf(dir, state), COUNT_LIMIT)
  return {
    name: queue.name,
    worker: workers.get(queue.path) ?? null,
    waiting: count('que'),
    running: count('run'),
    held: count('pause'),
    failed: count('_err'),
    paused: hasFlag(inQueue(dir, '_paused')),
    down: hasFlag(inQueue(dir, '_down')),
  }
}

async function print(answer: {
  root: string
  pid: number | null
  since: string | null
  paused: boolean
  queues: readonly QueueStatus[]
}): Promise<void> {
  const colour = await colours()
  if (answer.pid === null) say(colour.yellow(`no daemon runs on ${answer.root}`))
  else say(colour.green(`rqd runs on ${answer.root}, pid ${answer.pid}, since ${answer.since}`))
  if (answer.paused) say(colour.yellow('every queue is paused (rq resume --all)'))
  if (answer.queues.length === 0) {
    say('no queues yet (rq create NAME --handler COMMAND)')
    return
  }
  const rows = answer.queues.map((queue) => [
    queue.name,
    queue.worker === null ? '-' : String(queue.worker),
    ...[queue.waiting, queue.running, queue.held, queue.failed].map(shown),
    [queue.paused ? 'paused' : '', queue.down ? 'down' : ''].filter((word) => word !== '').join(', '),
  ])
  say(columns([['QUEUE', 'WORKER', 'WAITING', 'RUNNING', 'HELD', 'FAILED', ''], ...rows]))
}

function shown(count: number): string {
  return count >= COUNT_LIMIT ? `${COUNT_LIMIT}+` : String(count)
}
