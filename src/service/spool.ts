/** The root and its queues, as found on the disk. */
import { formatProblem } from '../config/file.ts'
import { nearest } from '../config/near.ts'
import { queuePath } from '../config/root.ts'
import { displayName, type Millis, parseQueueName, type QueueName } from '../domain/name.ts'
import type { QueueConfig } from '../domain/policy.ts'
import { FORMAT, hasFlag, rootFormat } from '../fsqueue/layout.ts'
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
import { type Problem, problem } from './answer.ts'
import type { QueueMemory } from './queue-memory.ts'
import { oneByOne } from './turns.ts'

export interface Queue {
  readonly name: QueueName
  readonly dir: QueueDir
  /** So long a wait is worth one level of priority. */
  readonly aging: Millis | undefined
  /** What lay in its directory when all queues were looked at just now; without it the disk is asked. */
  readonly entries?: ReadonlySet<string>
}

/** Queues that age differently have no order in common: theirs is by priority. */
export function agingOf(queues: readonly Queue[]): Millis | undefined {
  const [first] = queues
  return queues.every(({ aging }) => aging === first?.aging) ? first?.aging : undefined
}

/** The names of all queues, sorted. */
export function queueNames(root: string): QueueName[] {
  const queues = `${toBytes(root)}/queue` as BytePath
  return names(queues)
    .map((raw) => ({ raw, name: parseQueueName(displayName(raw)) }))
    .filter((entry): entry is { raw: typeof entry.raw; name: QueueName } => entry.name !== undefined)
    .filter(({ raw }) => look(within(queues, raw))?.isDirectory() === true)
    .map(({ name }) => name)
    .toSorted()
}

export async function allQueues(root: string, memory?: QueueMemory): Promise<Queue[]> {
  if (memory !== undefined) return memory.queues.all(root, (name) => queueOf(root, name))
  const queues: Queue[] = []
  for await (const name of oneByOne(queueNames(root))) queues.push(await queueOf(root, name))
  return queues
}

/** The queue of that name, or what to say about it. */
export async function openQueue(root: string, text: string): Promise<Queue | Problem> {
  const name = parseQueueName(text)
  return name !== undefined && hasQueue(root, name) ? queueOf(root, name) : absent(root, text)
}

/** What to say when not one of these names is a queue: then there is nothing to answer. Without names all are meant. */
export function noneOf(root: string, names: readonly string[]): readonly Problem[] {
  const isThere = (text: string) => {
    const name = parseQueueName(text)
    return name !== undefined && hasQueue(root, name)
  }
  return names.some(isThere) ? [] : names.map((text) => absent(root, text))
}

function hasQueue(root: string, name: QueueName): boolean {
  return look(toBytes(queuePath(root, name)) as BytePath)?.isDirectory() === true
}

function absent(root: string, text: string): Problem {
  if (rootFormat(root).kind === 'absent' && queueNames(root).length === 0) {
    return problem('not-found', `no queue "${text}": ${root} is no root yet; \`rq create ${text}\` makes both`)
  }
  const near = nearest(text, queueNames(root))
  const hint = near === undefined ? '`rq queues` lists them' : `did you mean "${near}"?`
  return problem('not-found', `no queue "${text}": ${hint}`)
}

/** The queues of these names, or what to say about each; without names all of them. */
export function openQueues(root: string, names: readonly string[], memory?: QueueMemory): Promise<(Queue | Problem)[]> {
  return names.length === 0 ? allQueues(root, memory) : Promise.all(names.map((name) => openQueue(root, name)))
}

/** Why this root must not be touched, if so: a newer program wrote it. */
export function rootProblem(root: string): Problem | undefined {
  const format = rootFormat(root)
  if (format.kind !== 'newer') return undefined
  return problem('failed', `${root} has format ${format.version}, and this program knows ${FORMAT}: use a newer rq`)
}

/** Only where a configuration lies is it read: most queues have none, and a listing shall cost nothing. */
async function queueOf(root: string, name: QueueName): Promise<Queue> {
  const path = queuePath(root, name)
  const plain = { name, dir: queueDir(path), aging: undefined }
  if (!hasConfig(root, plain.dir)) return plain
  const loaded = await loadConfig(root, name)
  if (!('config' in loaded)) return plain
  return { name, dir: queueDir(path, loaded.config.dirs), aging: loaded.config.aging }
}

function hasConfig(root: string, queue: QueueDir): boolean {
  return hasFlag(inQueue(queue, 'config.json')) || hasFlag(`${toBytes(root)}/config.json` as BytePath)
}

/** The queue's effective configuration, or what is wrong with it. */
export async function loadConfig(
  root: string,
  name: QueueName,
): Promise<{ config: QueueConfig } | { problem: string }> {
  const { loadQueueConfig, loadRootConfig } = await import('../config/config.ts')
  const rootConfig = loadRootConfig(root)
  if (rootConfig.kind === 'bad') return { problem: rootConfig.problems.map(formatProblem).join('; ') }
  const loaded = loadQueueConfig(queuePath(root, name), rootConfig.config)
  return loaded.kind === 'ok' ? { config: loaded.config } : { problem: loaded.problems.map(formatProblem).join('; ') }
}

/** Is there a file, or whatever, of this name in its directory? */
export function hasEntry({ dir, entries }: Queue, name: string): boolean {
  return entries?.has(name) ?? hasFlag(inQueue(dir, name))
}

export function isPaused(queue: QueueDir): boolean {
  return hasFlag(inQueue(queue, '_paused'))
}

export function isDown(queue: QueueDir): boolean {
  return hasFlag(inQueue(queue, '_down'))
}

export function rootFlag(root: string, name: string): BytePath {
  return `${toBytes(root)}/${name}` as BytePath
}

/** The directories that lead to a state, outermost last: a new one among them is not on the disk by itself. */
export function pathTo(root: string, queue: QueueDir): BytePath[] {
  const base = queue.base.replace(/\/$/, '') as BytePath
  return [stateDir(queue, 'que'), base, `${toBytes(root)}/queue` as BytePath, toBytes(root) as BytePath]
}
