/**
 * Hints that a directory changed. A hint may be missing (the kernel's queue holds 16,384, and Node drops an
 * overflow silently): the scan is the truth.
 */
import { type FSWatcher, watch } from 'node:fs'
import type { RawName } from '../domain/name.ts'
import { QueueIoError } from './errors.ts'
import { type BytePath, fsPath } from './place.ts'

/** Calls `onName` for each name that appeared, vanished or changed. `onError`: no hints any more, scan instead. */
export function watchNames(
  path: BytePath,
  onName: (raw: RawName) => void,
  onError: (error: QueueIoError) => void,
): { close(): void } {
  let watcher: FSWatcher
  try {
    watcher = watch(fsPath(path), { encoding: 'latin1' as BufferEncoding, persistent: false }, (_event, name) => {
      if (name !== null) onName(name as RawName)
    })
  } catch (error) {
    onError(new QueueIoError('watch', path, error))
    return { close: () => undefined }
  }
  watcher.on('error', (error) => onError(new QueueIoError('watch', path, error)))
  return watcher
}
