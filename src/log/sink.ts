/** Where log lines go. A log that cannot be written must not stop the work: no sink throws, ever. */
import { closeSync, constants, fstatSync, openSync, renameSync, type Stats, statSync, writeSync } from 'node:fs'
import { errnoOf } from '../os/errno.ts'

export interface Sink {
  write(line: string): void
  close(): void
}

const MAX_BYTES = 16 * 1024 ** 2
const STDERR = 2

/**
 * Appends to a file and keeps one older one, `<path>.1`. Written at once and without a worker thread: the last
 * line before a crash is the one that matters. Lines lost to a full disk are counted and said afterwards.
 */
export function fileSink(path: string, maxBytes = MAX_BYTES): Sink {
  return new FileSink(path, maxBytes)
}

class FileSink implements Sink {
  readonly #path: string
  readonly #maxBytes: number
  #fd: number | undefined
  #size = 0
  #lost = 0
  #isTorn = false
  #nextLook = 0

  constructor(path: string, maxBytes: number) {
    this.#path = path
    this.#maxBytes = maxBytes
  }

  write(line: string): void {
    const note = this.#lost > 0 ? `{"level":"warn","kind":"log-lost","lines":${this.#lost}}\n` : ''
    const data = Buffer.from(`${this.#isTorn ? '\n' : ''}${note}${line}`)
    const fd = this.#descriptorFor(data.length)
    const wrote = fd === undefined ? 0 : (attempt(() => writeSync(fd, data)) ?? 0)
    this.#size += wrote
    if (wrote === data.length) this.#lost = 0
    else this.#lost += 1
    if (wrote > 0) this.#isTorn = wrote < data.length
  }

  close(): void {
    const fd = this.#fd
    if (fd !== undefined) attempt(() => closeSync(fd))
    this.#fd = undefined
  }

  #descriptorFor(bytes: number): number | undefined {
    // Somebody may have moved or removed the file; asked once a second.
    if (this.#fd !== undefined && performance.now() > this.#nextLook) {
      this.#nextLook = performance.now() + 1000
      if (!isNamed(this.#fd, this.#path)) this.close()
    }
    if (this.#fd === undefined) this.#open()
    if (this.#size > 0 && this.#size + bytes > this.#maxBytes) {
      this.close()
      attempt(() => renameSync(this.#path, `${this.#path}.1`))
      this.#open()
    }
    return this.#fd
  }

  #open(): void {
    const flags =
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
    this.#fd = attempt(() => openSync(this.#path, flags, 0o600))
    const stat = this.#fd === undefined ? undefined : statOf(this.#fd)
    if (stat?.isFile() !== true) this.close()
    this.#size = stat?.size ?? 0
  }
}

/** Lines on stderr as they are. */
export function stderrSink(): Sink {
  return { write: writeToStderr, close: () => undefined }
}

/** For a person at a terminal: colours, one line an event. Loads pino-pretty. */
export async function prettySink(): Promise<Sink> {
  const { prettyFactory } = await import('pino-pretty')
  const format = prettyFactory({
    colorize: process.env['NO_COLOR'] === undefined,
    translateTime: 'SYS:HH:MM:ss.l',
    messageKey: 'kind',
    singleLine: true,
  })
  return { write: (line) => writeToStderr(format(line)), close: () => undefined }
}

/** stderr may be a pipe that somebody made non-blocking, and whose reader is slow: some patience, then the line is lost. */
function writeToStderr(line: string): void {
  const data = Buffer.from(line)
  let at = 0
  for (let tries = 0; at < data.length && tries < 20; ) {
    const result = attemptWrite(data.subarray(at))
    if (typeof result === 'number') at += result
    else if (result !== 'EAGAIN') return
    else {
      tries += 1
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}

function attemptWrite(data: Uint8Array): number | string {
  try {
    return writeSync(STDERR, data)
  } catch (error) {
    return errnoOf(error) ?? 'UNKNOWN'
  }
}

function statOf(fd: number): Stats | undefined {
  return attempt(() => fstatSync(fd))
}

function isNamed(fd: number, path: string): boolean {
  const named = attempt(() => statSync(path))
  return named !== undefined && named.ino === statOf(fd)?.ino
}

/** The system's refusals are an undefined; anything else is a bug and thrown. */
function attempt<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    return undefined
  }
}

const GATHER_MS = 20

/** Lines go on in groups, at most 20 ms late: a write for each would be a good part of a short item's cost. */
export function gatheringSink(sink: Sink): Sink {
  let lines = ''
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    timer = undefined
    if (lines !== '') sink.write(lines)
    lines = ''
  }
  process.once('exit', flush)
  return {
    write: (line) => {
      lines += line
      timer ??= setTimeout(flush, GATHER_MS).unref()
    },
    close: () => {
      clearTimeout(timer)
      flush()
      sink.close()
    },
  }
}
