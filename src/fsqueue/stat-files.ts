/** `_stats/`: a queue's history, one file a day, one line a minute or hour. Droppable: nothing is decided by it. */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs'
import { QueueIoError } from './errors.ts'
import { readRegular, removeFile, rename, writeNew } from './files.ts'
import { type BytePath, fsPath, inQueue, look, makeDir, names, type QueueDir, within } from './place.ts'
import { syncNow } from './sync.ts'

/** A day of minutes takes half a megabyte; what is much larger is none of ours. */
const LARGEST = 16 * 1024 * 1024

function statsDir(queue: QueueDir): BytePath {
  return inQueue(queue, '_stats')
}

/** The names in `_stats/`; none when it is not there. */
export function statFiles(queue: QueueDir): string[] {
  return names(statsDir(queue))
}

/** undefined when it is not there, or nothing that we wrote. */
export function readStatFile(queue: QueueDir, file: string): string | undefined {
  const reading = readRegular(within(statsDir(queue), file), LARGEST)
  return reading.kind === 'text' ? reading.text : undefined
}

/** Another text has another mark: lines are only added, and a file that is replaced is another one. */
export function statFileMark(queue: QueueDir, file: string): string | undefined {
  const stat = look(within(statsDir(queue), file))
  return stat === undefined ? undefined : `${stat.ino} ${stat.size} ${stat.mtimeMs}`
}

/** Its beginning. */
export function peekStatFile(queue: QueueDir, file: string, bytes: number): string | undefined {
  const reading = readRegular(within(statsDir(queue), file), bytes, 'cut')
  return reading.kind === 'text' ? reading.text : undefined
}

/** Its last whole lines, of at most so many bytes. */
export function endOfStatFile(queue: QueueDir, file: string, bytes: number): string | undefined {
  const path = within(statsDir(queue), file)
  const size = look(path)?.size
  if (size === undefined) return undefined
  if (size <= bytes) return readStatFile(queue, file)
  const reading = readRegular(path, bytes, 'end')
  return reading.kind === 'text' ? reading.text.slice(reading.text.indexOf('\n') + 1) : undefined
}

/** Appends whole lines; an earlier one that a crash or a full disk tore gets its end. True: the file is new. */
export function appendStats(queue: QueueDir, file: string, lines: string): boolean {
  const path = within(statsDir(queue), file)
  makeDir(statsDir(queue))
  const flags =
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
  try {
    const fd = openSync(fsPath(path), flags, 0o600)
    try {
      const stat = fstatSync(fd)
      if (!stat.isFile()) throw Object.assign(new Error('not a regular file'), { code: 'EINVAL' })
      const data = Buffer.from(stat.size === 0 ? lines : `\n${lines}`)
      if (writeSync(fd, data) < data.length)
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
      return stat.size === 0
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw new QueueIoError('append', path, error)
  }
}

/** Another content for a day, in one rename; on the disk before it stands for what it replaces. */
export function replaceStatFile(queue: QueueDir, file: string, text: string): void {
  const fresh = inQueue(queue, '_tmp/stats.new')
  removeFile(fresh)
  writeNew(fresh, text)
  syncNow(fresh, constants.O_RDONLY | constants.O_NOFOLLOW)
  rename(fresh, within(statsDir(queue), file))
}

export function removeStatFile(queue: QueueDir, file: string): void {
  removeFile(within(statsDir(queue), file))
}
