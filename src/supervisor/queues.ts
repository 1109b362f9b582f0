/** What lies in `queue/`, and whether a queue without a worker wants one. */
import { type BigIntStats, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { loadQueueConfig, type RootConfig } from '../config/config.ts'
import {
  displayName,
  type Millis,
  parseItemName,
  parseQueueName,
  type QueueName,
  type RawName,
} from '../domain/name.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { hasFlag } from '../fsqueue/layout.ts'
import {
  type BytePath,
  inQueue,
  look,
  names,
  type QueueDir,
  queueDir,
  stateDir,
  toBytes,
  within,
} from '../fsqueue/place.ts'
import { hasItems, scanPages } from '../fsqueue/scan.ts'
import { errnoOf } from '../os/errno.ts'

export interface FoundQueue {
  readonly name: QueueName
  /** Device and inode: a directory renamed and another made in its place are two queues. */
  readonly inode: string
  readonly path: string
}

export interface QueueListing {
  readonly queues: readonly FoundQueue[]
  readonly ignored: readonly { readonly name: string; readonly why: string }[]
}

/** The queues of a root: directories with a proper name. Throws when `queue/` cannot be read. */
export function listQueues(root: string): QueueListing {
  const home = within(toBytes(root) as BytePath, 'queue')
  const queues: FoundQueue[] = []
  const ignored: { name: string; why: string }[] = []
  for (const raw of names(home)) {
    if (raw.startsWith('.')) continue
    const stat = look(within(home, raw))
    if (stat === undefined) continue
    const text = Buffer.from(raw, 'latin1').toString('utf8')
    const name = parseQueueName(text)
    const why = whyNotAQueue(name, stat)
    if (name === undefined || why !== undefined) ignored.push({ name: displayName(raw), why: why ?? '' })
    else queues.push({ name, inode: `${stat.dev}:${stat.ino}`, path: join(root, 'queue', name) })
  }
  return { queues, ignored }
}

function whyNotAQueue(
  name: QueueName | undefined,
  stat: { isDirectory(): boolean; isSymbolicLink(): boolean },
): string | undefined {
  if (stat.isSymbolicLink()) return 'is a symbolic link; a queue is a directory'
  if (!stat.isDirectory()) return 'is no directory'
  return name === undefined ? 'is no name for a queue: UTF-8, up to 128 characters, no control characters' : undefined
}

/** State directories of a queue, as far as its configuration can be read. */
export function dirsOf(path: string, config?: RootConfig): QueueDir {
  return setupOf(path, config).dir
}

/** What a look into a queue without a worker told. */
export interface QueueLook {
  readonly hasWork: boolean
  /** Milliseconds since 1970; infinite when nothing is scheduled. */
  readonly nextDue: Millis
  /** Changes whenever the answer may have changed. */
  readonly signature: string
  /** Something changed so lately that the next change might not show in the signature. */
  readonly isFresh: boolean
}

/** Directory times move in steps of some milliseconds; a second is beyond doubt on every file system. */
const FRESH_MS = 1000

export interface QueueSetup {
  readonly dir: QueueDir
  /** undefined when it cannot be used. */
  readonly config: QueueConfig | undefined
}

/** State directories and configuration of a queue, as far as it can be read. */
export function setupOf(path: string, config?: RootConfig): QueueSetup {
  const loaded = loadQueueConfig(path, config)
  if (loaded.kind !== 'ok') return { dir: queueDir(path), config: undefined }
  return { dir: queueDir(path, loaded.config.dirs), config: loaded.config }
}

/** Reads names until one may run now; a queue that sleeps on a million scheduled items is read once. */
export function lookAtQueue(queue: QueueDir, isRootPaused: boolean, now: Millis): QueueLook {
  const { signature, isFresh } = signatureOf(queue, now)
  const isPaused = isRootPaused || hasFlag(inQueue(queue, '_paused'))
  const waiting = isPaused ? { isDue: false, nextDue: Number.POSITIVE_INFINITY } : waitingIn(queue, now)
  const hasWork = waiting.isDue || hasItems(stateDir(queue, 'run'))
  return { hasWork, nextDue: waiting.nextDue, signature, isFresh }
}

function waitingIn(queue: QueueDir, now: Millis): { isDue: boolean; nextDue: Millis } {
  let nextDue = Number.POSITIVE_INFINITY
  for (const page of scanPages(stateDir(queue, 'que'))) {
    for (const raw of page) {
      const due = dueOf(raw)
      if (due <= now) return { isDue: true, nextDue: due }
      nextDue = Math.min(nextDue, due)
    }
  }
  return { isDue: false, nextDue }
}

function dueOf(raw: RawName): Millis {
  return raw.includes(',') ? (parseItemName(raw).due ?? 0) * 1000 : 0
}

/** Five lstats: cheap enough to ask of a thousand queues now and then. */
export function signatureOf(queue: QueueDir, now: Millis): { signature: string; isFresh: boolean } {
  const parts: string[] = []
  let newest = 0
  for (const path of [
    stateDir(queue, 'que'),
    stateDir(queue, 'run'),
    ...SWITCHES.map((name) => inQueue(queue, name)),
  ]) {
    const stat = lookExactly(path)
    if (stat === undefined) parts.push('-')
    else parts.push(`${stat.ino}.${stat.mtimeNs}`)
    newest = Math.max(newest, Number(stat?.mtimeMs ?? 0n))
  }
  return { signature: parts.join(' '), isFresh: newest > now - FRESH_MS }
}

/** What an administrator changes to make a queue go on. */
export const SWITCHES = ['_paused', '_down', 'config.json', 'handler'] as const

function lookExactly(path: BytePath): BigIntStats | undefined {
  try {
    return lstatSync(Buffer.from(path, 'latin1'), { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}
