import { errnoOf } from '../os/errno.ts'

/** The file system's unexpected answer. Expected answers (a lost race, a taken name) are return values. */
export class QueueIoError extends Error {
  override readonly name = 'QueueIoError'
  readonly operation: string
  readonly path: string
  readonly code: string

  constructor(operation: string, path: string, cause: unknown) {
    const code = errnoOf(cause) ?? 'UNKNOWN'
    super(`${operation} ${path}: ${code}`, { cause })
    this.operation = operation
    this.path = path
    this.code = code
  }
}

/** Thrown by whoever is called between two steps, and wants no other one to be begun. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
}

/** What the system refused, in our words. Anything else that was thrown is a bug, and is thrown on. */
export function refusedBySystem(operation: string, path: string, thrown: unknown): QueueIoError {
  if (thrown instanceof QueueIoError) return thrown
  if (errnoOf(thrown) === undefined) throw thrown
  return new QueueIoError(operation, path, thrown)
}

/** Not for us to reach: no right to it, or deeper than any path is long. A handler or a producer may have made it so. */
export function isOutOfReach(code: string | undefined): boolean {
  return code === 'EACCES' || code === 'ENAMETOOLONG'
}

/** What `read` answers, or `denied` where it is out of our reach. */
export function unlessDenied<T, D>(read: () => T, denied: D): T | D {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof QueueIoError) || !isOutOfReach(error.code)) throw error
    return denied
  }
}

/** A disk that is full, read-only or failing: wait and try again, run nothing twice for it. */
export function isDiskTrouble(error: unknown): boolean {
  return error instanceof QueueIoError && ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO'].includes(error.code)
}

/** What it was to put on the disk may be gone, whatever a repetition answers. */
export function isFailedSync(error: QueueIoError): boolean {
  return error.operation === 'fsync' || error.operation === 'syncfs'
}

/** A limit of the process or the machine that may pass: EMFILE, ENFILE, ENOMEM, EAGAIN. */
export function isShortage(error: unknown): boolean {
  return error instanceof QueueIoError && ['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'].includes(error.code)
}
