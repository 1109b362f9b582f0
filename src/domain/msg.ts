/** Reading `msg`: a JSON object written by anybody. What is wrong with it is a sentence, never an exception. */
import type { Attempt, Msg } from './item.ts'
import { VERDICTS } from './item.ts'

/** A larger message is refused: data belongs into attachments. */
export const MAX_MSG_BYTES = 1024 * 1024

export type ParsedMsg = { readonly ok: true; readonly msg: Msg } | { readonly ok: false; readonly problem: string }

const TEXT_KEYS = [
  'dest',
  'src',
  'param1',
  'param2',
  'param3',
  'param4',
  'job_id',
  'user_id',
  'orig_msg_id',
  'name',
] as const

/** Numbers and booleans given for text are taken as text; anything else that is wrong is named. */
export function parseMsg(text: string): ParsedMsg {
  const value = parseJson(text)
  if (value === undefined) return { ok: false, problem: 'msg is not JSON' }
  if (!isRecord(value)) return { ok: false, problem: 'msg is not a JSON object' }

  const msg: Record<string, unknown> = { ...value }
  for (const key of TEXT_KEYS) {
    const field = msg[key]
    if (field === undefined || typeof field === 'string') continue
    if (field === null) delete msg[key]
    else if (typeof field === 'number' || typeof field === 'boolean') msg[key] = String(field)
    else return { ok: false, problem: `msg: "${key}" is not text` }
  }
  if (msg['params'] !== undefined && !isRecord(msg['params']))
    return { ok: false, problem: 'msg: "params" is not an object' }
  if (msg['attempts'] !== undefined) {
    const attempts = parseAttempts(msg['attempts'])
    if (attempts === undefined) return { ok: false, problem: 'msg: "attempts" is not a list of attempts' }
    msg['attempts'] = attempts
  }
  if (msg['relay'] !== undefined && !isRelay(msg['relay']))
    return { ok: false, problem: 'msg: "relay" is not {to, id}' }
  return { ok: true, msg: msg as Msg }
}

export function formatMsg(msg: Msg): string {
  return `${JSON.stringify(msg, undefined, 1)}\n`
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function parseAttempts(value: unknown): readonly Attempt[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.every(isAttempt) ? value : undefined
}

function isAttempt(value: unknown): value is Attempt {
  if (!isRecord(value) || !Number.isSafeInteger(value['n'])) return false
  const verdict = value['verdict']
  return verdict === undefined || VERDICTS.some((known) => known === verdict)
}

function isRelay(value: unknown): boolean {
  return isRecord(value) && typeof value['to'] === 'string' && typeof value['id'] === 'string'
}
