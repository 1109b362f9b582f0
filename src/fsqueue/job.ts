/** `job/`, the handler's working directory: made afresh by us, because what lies in an item is hostile. */
import { freeName, removeEmptyDir, rename } from './files.ts'
import { type BytePath, look, makeDir, within } from './place.ts'

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
  const stat = look(aside)?.isDirectory() === true ? look(log) : undefined
  if (stat?.isFile() === true && stat.nlink === 1 && stat.uid === process.getuid?.() && n > 1)
    rename(log, within(job, LOG_NAME))
  removeEmptyDir(aside)
}
