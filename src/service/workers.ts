/** `rq workers`: the process of each queue, what its slots run, the supervisor, and what the machine has left. */
import { cpus } from 'node:os'
import type { Millis } from '../domain/name.ts'
import { type BytePath, look, toBytes } from '../fsqueue/place.ts'
import { livingHolder } from '../os/holder.ts'
import { diskRoom, loadAverage, memoryRoom, type Room } from '../os/machine.ts'
import { type ProcessStat, processes, processStat } from '../os/process.ts'
import { cwdOf } from '../os/slots.ts'
import { beginOf, usageOf } from '../os/usage.ts'
import { type Answer, isProblem, ok } from './answer.ts'
import { daemonRuns } from './daemon.ts'
import { lastEvent } from './event-log.ts'
import { type Running, type RunRow, runRows } from './running.ts'
import { openQueues, type Queue } from './spool.ts'
import { oneByOne } from './turns.ts'
import { defineVerb } from './verb.ts'
import { lastSign, type WorkerStatus, workerStatus } from './worker-status.ts'

/** Of a queue; there are seldom more slots. */
const MOST_RUNNING = 1000

/** `retired`: it was sent away as it had nothing to do; `none`: no daemon, or it waits to be started. */
export type WorkerState = 'starting' | 'running' | 'stopping' | 'retired' | 'none'

/** Times are ISO 8601, rss in bytes. */
export interface ProcessRow {
  readonly pid: number
  readonly since: string
  readonly rss: number
}

export interface WorkerRow {
  readonly queue: string
  readonly state: WorkerState
  readonly process: ProcessRow | null
  /** When it last wrote what it does; an idle worker has nothing to write. */
  readonly seen: string | null
  readonly slots: number
  readonly free: number
  readonly running: readonly RunRow[]
}

export interface Host {
  /** Of the last minute. */
  readonly load: number | null
  readonly cores: number
  readonly memory: Room | null
  /** Of the file system of the root, in bytes and inodes. */
  readonly disk: { readonly bytes: Room; readonly inodes: Room } | null
}

export interface Workers {
  readonly time: string
  readonly daemon: boolean
  /** null as well when it lives where we see no processes, as in a container. */
  readonly supervisor: ProcessRow | null
  readonly host: Host
  readonly workers: readonly WorkerRow[]
}

export const workers = defineVerb({
  summary: 'the workers, and what their slots run',
  details:
    'Of each queue: is there a worker, since when, how much memory it takes, when it last said something, and what runs in its slots. ' +
    'Beside them the supervisor, and what the machine has left.',
  arguments: { queue: { type: 'queue', summary: 'only these', many: true, optional: true } },
  options: {},
  examples: [{ command: 'rq workers', says: 'all of them' }],
  run: async (context, input): Promise<Answer<Workers>> => {
    const now = context.now()
    const opened = await openQueues(context.root, input.queue)
    const daemon = await daemonRuns(context.root)
    const holder = livingHolder(context.root)
    const supervisor = holder === undefined ? undefined : processStat(holder.pid)
    const find = childFinder(supervisor?.pid)
    const found: Looked[] = []
    for await (const queue of oneByOne(opened)) if (!isProblem(queue)) found.push(lookAt(queue, daemon, find))
    const rows = runRows(
      found.flatMap(({ running }) => running),
      now,
    )
    const value: Workers = {
      time: new Date(now).toISOString(),
      daemon,
      supervisor: supervisor === undefined ? null : processRow(supervisor),
      host: hostOf(context.root),
      workers: found.map(({ row }) => ({ ...row, running: rows.filter(({ queue }) => queue === row.queue) })),
    }
    return ok(value, opened.filter(isProblem))
  },
})

export function hostOf(root: string): Host {
  return {
    load: loadAverage() ?? null,
    cores: cpus().length,
    memory: memoryRoom() ?? null,
    disk: diskRoom(root) ?? null,
  }
}

function processRow(stat: ProcessStat): ProcessRow {
  return { pid: stat.pid, since: new Date(beginOf(stat)).toISOString(), rss: usageOf([stat]).rss }
}

interface Looked {
  readonly row: Omit<WorkerRow, 'running'>
  readonly running: readonly Running[]
}

function lookAt(queue: Queue, daemon: boolean, find: (queue: Queue) => ProcessStat | undefined): Looked {
  const status = workerStatus(queue.dir)
  const live = status?.alive === true ? status : undefined
  const stat = live === undefined ? find(queue) : processStat(live.pid)
  const seen = lastSign(queue.dir)
  return {
    row: {
      queue: queue.name,
      state: stateOf(queue, live, stat !== undefined, daemon),
      process: stat === undefined ? null : processRow(stat),
      seen: seen === undefined ? null : iso(seen),
      slots: live?.slots ?? 0,
      free: live?.freeSlots ?? 0,
    },
    // What an earlier worker left running is told by its last words until it is adopted.
    running: (live?.running ?? []).slice(0, MOST_RUNNING).map((run) => ({ queue, run })),
  }
}

function stateOf(queue: Queue, live: WorkerStatus | undefined, exists: boolean, daemon: boolean): WorkerState {
  if (live !== undefined) return live.stopping ? 'stopping' : 'running'
  if (exists) return 'starting'
  return daemon && lastEvent(queue.dir, queue.name, ['worker-started', 'worker-stopped'])?.['why'] === 'retire'
    ? 'retired'
    : 'none'
}

/** The child of the supervisor that stands in a queue: a worker that has not said anything yet. Looked for once. */
function childFinder(supervisor: number | undefined): (queue: Queue) => ProcessStat | undefined {
  let children: Map<string, ProcessStat> | undefined
  return ({ dir }) => {
    if (supervisor === undefined) return undefined
    children ??= standing(processes().filter(({ parent }) => parent === supervisor))
    const queue = look(dir.base)
    return queue === undefined ? undefined : children.get(`${queue.dev} ${queue.ino}`)
  }
}

/** By the directory in which each stands. */
function standing(stats: readonly ProcessStat[]): Map<string, ProcessStat> {
  return new Map(
    stats.flatMap((stat) => {
      const cwd = cwdOf(stat.pid)
      const dir = cwd === undefined ? undefined : look(toBytes(cwd) as BytePath)
      return dir === undefined ? [] : [[`${dir.dev} ${dir.ino}`, stat]]
    }),
  )
}

function iso(ms: Millis): string {
  return new Date(ms).toISOString()
}
