/** One daemon's life: make the root, lock it, supervise, leave it as it was asked to. */
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { FromWeb } from '../domain/web-protocol.ts'
import { createRoot, rootFormat } from '../fsqueue/layout.ts'
import type { RqEvent } from '../log/events.ts'
import { errnoOf } from '../os/errno.ts'
import { pidPath } from '../os/holder.ts'
import { type RootLock, takeRootLock } from './root-lock.ts'
import { Supervisor } from './supervisor.ts'
import { Web } from './web.ts'

/** After an unclean boot every claim is durable for so long: an item that panics the machine must be counted. */
const CAREFUL_MS = 10 * 60_000

export interface DaemonOptions {
  readonly root: string
  readonly workerProgram: string
  /** Serves the web; undefined: nothing does. */
  readonly webProgram: string | undefined
  readonly emit: (event: RqEvent) => void
  /** `web`: what the process that serves it said first; undefined when it said nothing in time, or is not wanted. */
  readonly onReady: (web: FromWeb | undefined) => void
}

export type DaemonEnd =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'held'; readonly by: string }
  | { readonly kind: 'refused'; readonly why: string }

export type RootAnswer =
  | { readonly kind: 'there'; readonly root: string }
  | { readonly kind: 'made'; readonly root: string }
  | { readonly kind: 'refused'; readonly why: string }

/** Makes the root if there is none; its path without links. A directory with other things in it is left alone. */
export function prepareRoot(path: string): RootAnswer {
  const format = rootFormat(path)
  if (format.kind === 'newer') {
    const why = `${path} is of format ${format.version}, made by a newer rqd; upgrade rqd, or use another root`
    return { kind: 'refused', why }
  }
  if (format.kind === 'ok') return { kind: 'there', root: realpathSync(path) }
  const found = entries(path)
  if (!found.includes('queue') && !found.every((name) => OWN_NAMES.has(name))) {
    return { kind: 'refused', why: `${path} holds other things and is no root; name an empty or a new directory` }
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  createRoot(path)
  return { kind: found.length === 0 ? 'made' : 'there', root: realpathSync(path) }
}

/** What a root may hold before it is one; a fresh disk has its `lost+found`. */
const OWN_NAMES = new Set([
  '_lock',
  '_lock.host',
  '_paused',
  'config.json',
  'rqd.log',
  'rqd.log.1',
  'rqd.pid',
  '_token',
  '_web.json',
  'lost+found',
])

function entries(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    return []
  }
}

/** Runs a daemon on a root that is there, until a signal ends it. */
export async function runDaemon(options: DaemonOptions): Promise<DaemonEnd> {
  const { root, emit } = options
  process.umask(0o077)
  let supervisor: Supervisor | undefined
  const answer = await takeRootLock(root, (why) => {
    emit({ kind: 'trouble', what: `${why}; the daemon ends` })
    supervisor?.stop('term')
  })
  if (answer.kind === 'held') return answer
  const { lock } = answer
  for (const what of lock.troubles) emit({ kind: 'trouble', what })
  if (lock.uncleanBoot) emit({ kind: 'unclean-boot' })

  const web = options.webProgram === undefined ? undefined : new Web({ root, program: options.webProgram, emit })
  web?.start()
  supervisor = new Supervisor({
    root,
    workerProgram: options.workerProgram,
    emit,
    carefulUntil: lock.uncleanBoot ? Date.now() + CAREFUL_MS : undefined,
    keepLock: () => {
      if (!existsSync(pidPath(root))) writePid(root)
      return lock.keep()
    },
    onReload: () => web?.reload(),
  })
  obeySignals(supervisor)
  if (!writePid(root)) emit({ kind: 'trouble', what: 'rqd.pid could not be written' })
  const ending = await supervisor.run((queues) => {
    emit({ kind: 'daemon-started', root, pid: process.pid, queues })
    void (web?.answered ?? Promise.resolve(undefined)).then(options.onReady)
  })
  await web?.stop()
  await leave(root, lock, ending !== 'detach')
  emit({ kind: 'daemon-stopped' })
  return { kind: 'stopped' }
}

/** npm passes on the Ctrl-C that the terminal has sent us already: so close together they are one. */
const ONE_INTERRUPT_MS = 500

/** Handlers only say what is wished; the supervisor's loop does it. */
function obeySignals(supervisor: Supervisor): void {
  let lastInterrupt = Number.NEGATIVE_INFINITY
  process.on('SIGTERM', () => supervisor.stop('term'))
  process.on('SIGINT', () => {
    const isRepeated = performance.now() - lastInterrupt < ONE_INTERRUPT_MS
    lastInterrupt = performance.now()
    if (!isRepeated) supervisor.stop(supervisor.isTerminating ? 'kill' : 'term')
  })
  process.on('SIGQUIT', () => supervisor.stop('drain'))
  process.on('SIGUSR2', () => supervisor.stop('detach'))
  process.on('SIGHUP', () => supervisor.reload())
}

function writePid(root: string): boolean {
  try {
    writeFileSync(pidPath(root), `${process.pid}\n`, { mode: 0o600 })
    return true
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return false
  }
}

async function leave(root: string, lock: RootLock, isClean: boolean): Promise<void> {
  try {
    rmSync(pidPath(root), { force: true })
  } catch (error) {
    // A read-only disk: the next start writes it anew.
    if (errnoOf(error) === undefined) throw error
  }
  await lock.release(isClean)
}
