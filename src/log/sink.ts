/** Where log lines go. A log that cannot be written must not stop the work: no sink throws, ever. */
import { closeSync, constants, fstatSync, openSync, renameSync, type Stats, writeSync } from 'node:fs'
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
  let fd: number | undefined
  let size = 0
  let lost = 0
  let isTorn = false
  let nextLook = 0

  const close = () => {
    if (fd !== undefined) attempt(() => closeSync(fd as number))
    fd = undefined
  }
  const open = () => {
    const flags =
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
    fd = attempt(() => openSync(path, flags, 0o600))
    const stat = fd === undefined ? undefined : statOf(fd)
    if (stat?.isFile() !== true) close()
    size = stat?.size ?? 0
  }
  const prepare = (bytes: number) => {
    // Somebody may have moved or removed the file; asked once a second.
    if (fd !== undefined && performance.now() > nextLook) {
      nextLook = performance.now() + 1000
      if ((statOf(fd)?.nlink ?? 0) === 0) close()
    }
    if (fd === undefined) open()
    if (size > 0 && size + bytes > maxBytes) {
      close()
      attempt(() => renameSync(path, `${path}.1`))
      open()
    }
  }
  return {
    write: (line) => {
      const note = lost > 0 ? `{"level":"warn","kind":"log-lost","lines":${lost}}\n` : ''
      const data = Buffer.from(`${isTorn ? '\n' : ''}${note}${line}`)
      prepare(data.length)
      const wrote = fd === undefined ? 0 : (attempt(() => writeSync(fd as number, data)) ?? 0)
      size += wrote
      if (wrote === data.length) lost = 0
      else lost += 1
      isTorn = wrote === 0 ? isTorn : wrote < data.length
    },
    close,
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
