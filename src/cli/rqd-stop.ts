/** `rqd stop`, `restart`, `reload`: signals to the daemon that holds the root. */
import { closeSync, existsSync } from 'node:fs'
import { describeHolder, type Holder, livingHolder, lockPath, readHolder } from '../os/holder.ts'
import { tryLock } from '../os/lock.ts'
import { isAlive, signalProcess } from '../os/process.ts'
import { complain, EXIT, type RqdOptions, rootOf, say, timeoutOf, waitFor } from './rqd-common.ts'

/** After a kill there is nothing left to wait for but the kernel. */
const KILL_WAIT_MS = 10_000
/** A service manager waits a little before it starts again. */
const SERVICE_WAIT_MS = 60_000

export async function stop(options: RqdOptions): Promise<number> {
  const timeout = timeoutOf(options)
  if (timeout === 'bad') return EXIT.usage
  const root = rootOf(options)
  const holder = livingHolder(root)
  if (holder === undefined) return noneHere(root)
  if (holder.service) complain('its service manager will start it again; `systemctl stop` stops it for good')
  const signals = signalsFor(options)
  for (const [index, signal] of signals.entries()) {
    signalProcess(holder.pid, signal)
    const isLast = index === signals.length - 1
    const ms = isLast ? KILL_WAIT_MS : (timeout ?? Number.POSITIVE_INFINITY)
    if (await waitFor(() => !isAlive(holder.pid, holder.start), ms)) return EXIT.ok
  }
  complain(`pid ${holder.pid} does not end`)
  return EXIT.failed
}

/** What is sent in turn, each when the one before has not helped in time. An INT after a TERM kills. */
function signalsFor(options: RqdOptions): readonly NodeJS.Signals[] {
  if (options.drain === true) return ['SIGQUIT', 'SIGTERM', 'SIGINT']
  if (options.detach === true) return ['SIGUSR2', 'SIGTERM', 'SIGINT']
  return ['SIGTERM', 'SIGINT']
}

function noneHere(root: string): number {
  if (isLockedElsewhere(root)) {
    const by = describeHolder(root, readHolder(root))
    complain(`the daemon on ${root} runs where it cannot be reached from here (${by}); stop it there`)
    return EXIT.failed
  }
  say(`no daemon runs on ${root}`)
  return EXIT.ok
}

/** In another container or on another host its pid means nothing here, but its lock does. */
function isLockedElsewhere(root: string): boolean {
  if (!existsSync(lockPath(root))) return false
  const fd = tryLock(lockPath(root))
  if (fd === undefined) return true
  closeSync(fd)
  return false
}

export async function restart(options: RqdOptions): Promise<number> {
  const root = rootOf(options)
  const holder = livingHolder(root)
  if (holder !== undefined) {
    signalProcess(holder.pid, 'SIGUSR2')
    await waitFor(() => !isAlive(holder.pid, holder.start), Number.POSITIVE_INFINITY)
    if (holder.service) return waitForService(root, holder)
  }
  const { start } = await import('./rqd-start.ts')
  return start({ ...options, daemon: true })
}

async function waitForService(root: string, old: Holder): Promise<number> {
  const isNew = () => {
    const holder = livingHolder(root)
    return holder !== undefined && holder.start !== old.start
  }
  if (await waitFor(isNew, SERVICE_WAIT_MS)) {
    say(`rqd was started again by its service manager, pid ${livingHolder(root)?.pid}`)
    return EXIT.ok
  }
  complain('its service manager has not started it again; `systemctl status` may say why')
  return EXIT.failed
}

export async function reload(options: RqdOptions): Promise<number> {
  const root = rootOf(options)
  const holder = livingHolder(root)
  if (holder === undefined) {
    complain(`no daemon runs on ${root}`)
    return EXIT.daemonDown
  }
  signalProcess(holder.pid, 'SIGHUP')
  return EXIT.ok
}
