/** A handler's result: JSON that it wrote to $RQ_RESULT; in `msg` up to 1 MiB, beyond that it stays a file. */
import type { Msg } from '../domain/item.ts'
import { parseJson } from '../domain/json.ts'
import { isTooDeep } from '../domain/msg.ts'
import { unlessDenied } from '../fsqueue/errors.ts'
import { readRegular, removeFile } from '../fsqueue/files.ts'
import { type BytePath, look, within } from '../fsqueue/place.ts'

const INLINE_BYTES = 1024 * 1024

/**
 * Nothing, or the result's place in msg. What is not JSON, not readable, or too deep for a message, stays a file, for
 * people to look at.
 */
export function inlineResult(item: BytePath): Pick<Msg, 'result'> | Record<string, never> {
  const path = within(item, 'result')
  if (look(path) === undefined) return {}
  const reading = unlessDenied(() => readRegular(path, INLINE_BYTES), undefined)
  if (reading?.kind !== 'text') return {}
  const result = parseJson(reading.text)
  return result === undefined || isTooDeep(result) ? {} : { result }
}

export function removeInlinedResult(item: BytePath, msg: Msg): void {
  if (msg.result !== undefined && inlineResult(item).result !== undefined) removeFile(within(item, 'result'))
}
