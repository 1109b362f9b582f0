/** `msg` and `attach/` of an item directory. What lies in an item is hostile until it was looked at. */
import type { Msg } from '../domain/item.ts'
import { formatMsg, MAX_STORED_BYTES, parseMsg } from '../domain/msg.ts'
import type { RawName } from '../domain/name.ts'
import { QueueIoError, unlessDenied } from './errors.ts'
import { clearName, freeName, type Reading, readRegular, rename, writeNew } from './files.ts'
import { type BytePath, look, names, within } from './place.ts'

/** What is wrong with a message that may be in order. */
export const NOT_READABLE = 'may not be read by the daemon'

export type MsgReading =
  | { readonly kind: 'msg'; readonly msg: Msg }
  | { readonly kind: 'absent' }
  /** Not readable as a message; `torn` if it may be one that is still being written. */
  | { readonly kind: 'bad'; readonly problem: string; readonly torn: boolean }

export function readMsgFile(path: BytePath): MsgReading {
  const reading = readReadable(path)
  switch (reading.kind) {
    case 'absent':
      return { kind: 'absent' }
    case 'refused':
      return { kind: 'bad', problem: `msg ${reading.why}`, torn: false }
    case 'text': {
      const parsed = parseMsg(reading.text)
      if (parsed.ok) return { kind: 'msg', msg: parsed.msg }
      return { kind: 'bad', problem: parsed.problem, torn: parsed.problem === 'msg is not JSON' }
    }
  }
}

/** What we may not read is a message that cannot be taken, not a world that is broken. */
function readReadable(path: BytePath): Reading {
  const denied = { kind: 'refused', why: NOT_READABLE } as const
  return unlessDenied(() => readRegular(path, MAX_STORED_BYTES), denied)
}

export function readMsg(item: BytePath): MsgReading {
  return readMsgFile(within(item, 'msg'))
}

/** First half of replacing `msg`: the new text beside it, to be synced before `commitMsg`. */
export function stageMsg(item: BytePath, msg: Msg): BytePath {
  const staged = within(item, '.msg.new')
  const text = formatMsg(msg)
  if (!writeNew(staged, text)) {
    clearName(item, '.msg.new')
    writeNew(staged, text)
  }
  return staged
}

/** Second half: one rename, so that no reader sees half a message. */
export function commitMsg(item: BytePath): 'moved' | 'gone' {
  const commit = () => rename(within(item, '.msg.new'), within(item, 'msg'))
  try {
    return commit()
  } catch (error) {
    if (!(error instanceof QueueIoError) || error.code !== 'EISDIR') throw error
    keepBadMsg(item)
    return commit()
  }
}

/** What is no message is kept as `msg.refused`: a person may still make one of it. */
export function keepBadMsg(item: BytePath): void {
  if (readMsg(item).kind === 'bad') rename(within(item, 'msg'), freeName(item, 'msg.refused'))
}

export type Attachments =
  | { readonly kind: 'ok'; readonly names: readonly RawName[] }
  | { readonly kind: 'refused'; readonly why: string }

/** The names in `attach/`, sorted by bytes; every one must be a regular file in a real directory. */
export function attachments(item: BytePath): Attachments {
  const dir = within(item, 'attach')
  const stat = look(dir)
  if (stat === undefined) return { kind: 'ok', names: [] }
  if (!stat.isDirectory()) return { kind: 'refused', why: 'attach is not a directory' }
  const found = names(dir).toSorted()
  const foreign = found.find((name) => look(within(dir, name))?.isFile() !== true)
  if (foreign !== undefined)
    return { kind: 'refused', why: `attachment is not a regular file: ${JSON.stringify(foreign)}` }
  return { kind: 'ok', names: found }
}
