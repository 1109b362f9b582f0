/** `job/`, the handler's working directory: made afresh by us, because what lies in an item is hostile. */
import { closeSync, constants, fchmodSync, fchownSync, fstatSync, openSync } from 'node:fs'
import { errnoOf } from '../os/errno.ts'
import { QueueIoError } from './errors.ts'
import { freeName, removeEmptyDir, rename } from './files.ts'
import { type BytePath, fsPath, look, makeDir, within } from './place.ts'

export const LOG_NAME = 'stdio.log'

/**
 * Makes an empty `job/` for attempt `n`. An earlier attempt's files are kept in `job.<n-1>/`, a dropped one's
 * in `job.0/`; only the log moves on, if it is a plain file of ours.
 */
export function freshJob(item: BytePath, n: number): void {
  const job = within(item, 'job')
  if (makeDir(job)) return
  const aside = freeName(item, `job.${n - 1}`)
  rename(job, aside)
  makeDir(job)
  const log = within(aside, LOG_NAME)
  const stat = takeBack(aside) ? look(log) : undefined
  if (stat?.isFile() === true && stat.nlink === 1 && stat.uid === process.getuid?.() && n > 1)
    rename(log, within(job, LOG_NAME))
  removeEmptyDir(aside)
}

/**
 * A handler of another user had it, and a process of that user may live on: from here on it changes no name in it. false:
 * it is no directory.
 */
function takeBack(job: BytePath): boolean {
  const stat = look(job)
  if (stat?.isDirectory() !== true) return false
  if (process.getuid?.() !== 0 || stat.uid === 0) return true
  try {
    const fd = openSync(fsPath(job), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
    try {
      fchownSync(fd, 0, 0)
      fchmodSync(fd, 0o700)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw new QueueIoError('chown', job, error)
  }
  return true
}

/** The log, to append to; undefined where there is none that is safe to write to: the handler may have put anything there. */
export function openLogToAppend(item: BytePath): number | undefined {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK
  try {
    const fd = openSync(fsPath(within(item, 'job', LOG_NAME)), flags)
    const stat = fstatSync(fd)
    if (stat.isFile() && stat.nlink === 1) return fd
    closeSync(fd)
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
  }
  return undefined
}
