/**
 * The queues of a root, for a process that is asked for all of them again and again: of each its directory's names and its
 * configuration are read anew only when a time tells that they may be others.
 */
import { displayName, parseQueueName, type QueueName } from '../domain/name.ts'
import { type BytePath, look, markOf, names, toBytes, within } from '../fsqueue/place.ts'
import type { Queue } from './spool.ts'
import { takingTurns } from './turns.ts'

/** What changed within this of a look may change once more without showing it. */
const DOUBT_MS = 1_000
const NO_NAMES: ReadonlySet<string> = new Set()

interface Known {
  readonly name: QueueName
  /** Of its directory; '' where it cannot be told. */
  key: string
  entries: ReadonlySet<string>
  /** Of both files that its configuration comes from. */
  config: string
  queue: Queue | undefined
}

export class KnownQueues {
  #known = new Map<string, Known>()

  /** Sorted by name. `read`: what is known of a queue from its configuration, where it has any. */
  async all(root: string, read: (name: QueueName) => Promise<Queue>): Promise<Queue[]> {
    const base = within(toBytes(root) as BytePath, 'queue')
    const ofRoot = keyOf(within(toBytes(root) as BytePath, 'config.json'))
    const found = new Map<string, Known>()
    const queues: Queue[] = []
    const turn = takingTurns()
    for (const raw of names(base)) {
      const wait = turn()
      if (wait !== undefined) await wait
      const known = this.#known.get(raw) ?? unknown(raw)
      const path = within(base, raw)
      if (known === undefined || !isLooked(known, path)) continue
      found.set(raw, known)
      const config = `${ofRoot} ${known.entries.has('config.json') ? keyOf(within(path, 'config.json')) : 'none'}`
      // Of a file that cannot be told from another one, nothing is kept.
      if (known.queue === undefined || known.config !== config || config.includes('?')) {
        known.queue = await read(known.name)
        known.config = config
      }
      if (known.queue.entries !== known.entries) known.queue = { ...known.queue, entries: known.entries }
      queues.push(known.queue)
    }
    this.#known = found
    return queues.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
  }

  close(): void {
    this.#known.clear()
  }
}

function unknown(raw: string): Known | undefined {
  const name = parseQueueName(displayName(raw))
  return name === undefined ? undefined : { name, key: '?', entries: NO_NAMES, config: '', queue: undefined }
}

/** false: it is no directory. */
function isLooked(known: Known, path: BytePath): boolean {
  const stat = look(path)
  if (stat?.isDirectory() !== true) return false
  const key = isYoung(stat.ctimeMs) ? '?' : `${stat.ino}:${stat.ctimeMs}`
  if (key === '?' || key !== known.key) known.entries = new Set(names(path))
  known.key = key
  return true
}

/** '?': another content may look the same. */
function keyOf(path: BytePath): string {
  const stat = look(path)
  return stat !== undefined && isYoung(stat.ctimeMs) ? '?' : markOf(stat)
}

function isYoung(time: number): boolean {
  return Date.now() - time < DOUBT_MS
}
