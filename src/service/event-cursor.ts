/** How far logs were read, as a text that somebody keeps and brings back: checked as if anybody had written it. */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { isRecord, parseJson } from '../domain/json.ts'
import { parseQueueName } from '../domain/name.ts'
import type { LogFile } from '../fsqueue/log-files.ts'

export interface LogPosition extends LogFile {
  /** Bytes of it that were read. */
  readonly offset: number
}

/** Stands for `rqd.log`: no queue has such a name. */
export const DAEMON_LOG = '/'

const LONGEST = 1024 * 1024
const LARGEST = 8 * 1024 * 1024
const MOST = 50_000

export function encodeCursor(positions: ReadonlyMap<string, LogPosition>): string {
  const at = [...positions].map(([log, { inode, born, offset }]) => [log, inode, born, offset])
  return deflateRawSync(JSON.stringify({ v: 1, at })).toString('base64url')
}

/** undefined: it is none of ours. */
export function decodeCursor(text: string): Map<string, LogPosition> | undefined {
  if (text.length > LONGEST || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined
  const value = parseJson(inflated(text) ?? '')
  if (!isRecord(value) || value['v'] !== 1) return undefined
  const list: unknown = value['at']
  if (!Array.isArray(list) || list.length > MOST) return undefined
  const positions = new Map<string, LogPosition>()
  for (const one of list as readonly unknown[]) {
    if (!Array.isArray(one) || one.length !== 4) return undefined
    const [log, inode, born, offset] = one as readonly unknown[]
    if (typeof log !== 'string' || !isLog(log) || !isWhole(inode) || !isWhole(born) || !isWhole(offset))
      return undefined
    positions.set(log, { inode, born, offset })
  }
  return positions
}

function inflated(text: string): string | undefined {
  try {
    return inflateRawSync(Buffer.from(text, 'base64url'), { maxOutputLength: LARGEST }).toString()
  } catch (error) {
    // Not deflated, or far too much of it: zlib says which, and we do not care.
    if (!(error instanceof Error) || !('code' in error)) throw error
    return undefined
  }
}

function isLog(name: string): boolean {
  return name === DAEMON_LOG || parseQueueName(name) !== undefined
}

function isWhole(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
