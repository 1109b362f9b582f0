/**
 * Hints from the kernel that something changed: chokidar on `queue/`, plain watches on the root and on the queues
 * that sleep. One process, so one inotify instance for all. Hints may be missing; the slow poll is the truth.
 */
import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import type { QueueDir } from '../fsqueue/place.ts'
import { fsPath, stateDir } from '../fsqueue/place.ts'
import { errnoOf } from '../os/errno.ts'
import { type FoundQueue, SWITCHES } from './queues.ts'

export interface HintHandlers {
  /** Queues came, went or were renamed. */
  readonly onQueues: () => void
  readonly onQueue: (inode: string) => void
  /** `_paused` or `config.json` of the root, or its lock. */
  readonly onRoot: (name: string) => void
  /** No hints from there any more. */
  readonly onTrouble: (what: string) => void
}

export interface Hints {
  /** Watches these sleeping queues and no others. */
  sleepers(queues: ReadonlyMap<string, { readonly found: FoundQueue; readonly dir: QueueDir }>): void
  /** False: a watch is missing, so poll faster. */
  isComplete(): boolean
  close(): Promise<void>
}

const ROOT_NAMES = new Set(['_paused', 'config.json', '_lock', 'queue'])

export async function watchRoot(root: string, handlers: HintHandlers): Promise<Hints> {
  const { watch: chokidar } = await import('chokidar')
  let missing = 0
  const trouble = (what: string, error: unknown) => {
    missing += 1
    handlers.onTrouble(`no watch on ${what}: ${errnoOf(error) ?? String(error)}`)
  }
  const queueWatcher = chokidar(join(root, 'queue'), { depth: 0, ignoreInitial: true })
  queueWatcher.on('all', handlers.onQueues).on('error', (error) => trouble('queue/', error))
  await new Promise<void>((resolve) => {
    queueWatcher.once('ready', resolve)
    queueWatcher.once('error', () => resolve())
  })
  const rootWatcher = watchPlainly(
    root,
    (name) => {
      if (name !== null && ROOT_NAMES.has(name)) handlers.onRoot(name)
    },
    (error) => trouble('the root', error),
  )

  const sleeping = new Map<string, Sleeper>()
  return {
    sleepers: (queues) => {
      for (const [inode, sleeper] of sleeping) {
        if (queues.get(inode)?.found.path === sleeper.path) continue
        sleeper.close()
        sleeping.delete(inode)
      }
      for (const [inode, { found, dir }] of queues) {
        if (sleeping.has(inode)) continue
        sleeping.set(
          inode,
          watchSleeper(found, dir, handlers.onQueue, (error) => trouble(`queue ${found.name}`, error)),
        )
      }
    },
    isComplete: () => missing === 0,
    close: async () => {
      for (const sleeper of sleeping.values()) sleeper.close()
      rootWatcher?.close()
      await queueWatcher.close()
    },
  }
}

interface Sleeper {
  readonly path: string
  close(): void
}

function watchSleeper(
  found: FoundQueue,
  dir: QueueDir,
  onQueue: (inode: string) => void,
  onError: (error: unknown) => void,
): Sleeper {
  const que = dir.dirs.que
  const hint = () => onQueue(found.inode)
  let items = watchPlainly(fsPath(stateDir(dir, 'que')), hint, ignoreAbsence(onError))
  const own = watchPlainly(
    found.path,
    (name) => {
      if (name !== null && name !== que && !SWITCHES.some((known) => known === name)) return
      // `que/` came, or was replaced: the old watch is on a directory that nobody drops into any more.
      if (name === null || name === que) {
        items?.close()
        items = watchPlainly(fsPath(stateDir(dir, 'que')), hint, ignoreAbsence(onError))
      }
      hint()
    },
    ignoreAbsence(onError),
  )
  return {
    path: found.path,
    close: () => {
      items?.close()
      own?.close()
    },
  }
}

/** A queue may vanish between the listing and the watch; the next listing says so. */
function ignoreAbsence(onError: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    if (errnoOf(error) !== 'ENOENT') onError(error)
  }
}

function watchPlainly(
  path: string | Buffer,
  onName: (name: string | null) => void,
  onError: (error: unknown) => void,
): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, (_event, name) => onName(name))
    return watcher.on('error', onError)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    onError(error)
    return undefined
  }
}
