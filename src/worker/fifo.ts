/** fd 4 of a handler (RQ_READ), where a queue allows `dup`: a FIFO of the slot, which outlives the worker. */
import { spawnSync } from 'node:child_process'
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { removeFile } from '../fsqueue/files.ts'
import { type BytePath, fsPath, inQueue, names, type QueueDir, within } from '../fsqueue/place.ts'
import { errnoOf } from '../os/errno.ts'

export class Fifos {
  readonly #queue: QueueDir
  #made = 0

  constructor(queue: QueueDir) {
    this.#queue = queue
  }

  /** Relative to the queue, where the slot stands; undefined when none can be made, and dup goes unanswered. */
  make(): string | undefined {
    this.#made += 1
    const path = inQueue(this.#queue, `_tmp/fifo.${process.pid}.${this.#made}`)
    removeFile(path)
    const made = spawnSync('mkfifo', ['-m', '600', path])
    return made.status === 0 ? path : undefined
  }

  remove(path: string): void {
    removeFile(path as BytePath)
  }

  /** FIFOs of workers before us, but for those that an adopted handler still reads. */
  sweep(inUse: ReadonlySet<string>): void {
    const tmp = inQueue(this.#queue, '_tmp')
    for (const name of names(tmp)) {
      if (name.startsWith('fifo.') && !inUse.has(`_tmp/${name}`)) removeFile(within(tmp, name))
    }
  }
}

/** Answers that an earlier run of the slot did not read. */
export function drain(path: string): void {
  withFifo(path, constants.O_RDONLY, (fd) => {
    const buffer = Buffer.alloc(4096)
    while (readSync(fd, buffer) > 0);
  })
}

/** One line to the handler; false when nobody can take it. */
export function answer(path: string, line: string): boolean {
  return withFifo(path, constants.O_WRONLY, (fd) => writeSync(fd, `${line}\n`))
}

function withFifo(path: string, mode: number, use: (fd: number) => void): boolean {
  let fd: number | undefined
  try {
    fd = openSync(fsPath(path), mode | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    use(fd)
    return true
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'EAGAIN') return mode === constants.O_RDONLY
    if (code === 'ENXIO' || code === 'ENOENT' || code === 'EPIPE') return false
    throw error
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
