/** Reading `msg`: a JSON object written by anybody. What is wrong with it is a sentence, never an exception. */
import type { Attempt, Msg } from './item.ts'
import { VERDICTS } from './item.ts'
import { ExactNumber, formatJson, isRecord, parseJson } from './json.ts'

/** A larger message is refused: data belongs into attachments. */
export const MAX_MSG_BYTES = 1024 * 1024
/** With its attempts and its result a message may have grown to this. */
export const MAX_STORED_BYTES = 8 * 1024 * 1024

/** What is deeper is parsed by V8 and then overflows the stack when it is written again. */
const MAX_DEPTH = 200
/** Attempt numbers stand in file names; a higher one is nobody's. */
const MAX_ATTEMPT = 1_000_000

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
  if (isDeeper(value, MAX_DEPTH)) return { ok: false, problem: `msg is nested deeper than ${MAX_DEPTH} levels` }

  const msg: Record<string, unknown> = { ...value }
  for (const key of TEXT_KEYS) {
    const field = msg[key]
    if (field === undefined || typeof field === 'string') continue
    if (field === null) delete msg[key]
    else if (typeof field === 'number' || typeof field === 'boolean' || field instanceof ExactNumber)
      msg[key] = String(field)
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

/** One key a line, for people and grep; no deeper layout, or a long list would grow beyond MAX_MSG_BYTES by it. */
export function formatMsg(msg: Msg): string {
  const lines = Object.entries(msg)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${JSON.stringify(key)}: ${formatJson(value)}`)
  return lines.length === 0 ? '{}\n' : `{\n${lines.join(',\n')}\n}\n`
}

function parseAttempts(value: unknown): readonly Attempt[] | undefined {
  if (!Array.isArray(value)) return undefined
  const attempts = value.every(isAttempt) ? value : value.map(withDoubleFields)
  return attempts.every(isAttempt) ? attempts : undefined
}

const ATTEMPT_TEXT = ['started', 'ended', 'signal', 'cause', 'to', 'text', 'queue'] as const
const ATTEMPT_NUMBERS = ['exit', 'due', 'cpu', 'max_rss'] as const

/** What is reckoned with is a double, whoever wrote it. */
function withDoubleFields(attempt: unknown): unknown {
  if (!isRecord(attempt)) return attempt
  const known = Object.fromEntries(
    ['n', ...ATTEMPT_NUMBERS].flatMap((key) => {
      const value = attempt[key]
      return value instanceof ExactNumber ? [[key, value.toNumber()]] : []
    }),
  )
  return { ...attempt, ...known }
}

function isAttempt(value: unknown): value is Attempt {
  if (!isRecord(value)) return false
  const n = value['n']
  const verdict = value['verdict']
  return (
    typeof n === 'number' &&
    Number.isInteger(n) &&
    n >= 0 &&
    n <= MAX_ATTEMPT &&
    (verdict === undefined || VERDICTS.some((known) => known === verdict)) &&
    ATTEMPT_TEXT.every((key) => value[key] === undefined || typeof value[key] === 'string') &&
    ATTEMPT_NUMBERS.every((key) => value[key] === undefined || typeof value[key] === 'number')
  )
}

/** Would a message that holds this value be refused when it is read again? */
export function isTooDeep(value: unknown): boolean {
  return isDeeper(value, MAX_DEPTH - 1)
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}

function isRelay(value: unknown): boolean {
  return isRecord(value) && typeof value['to'] === 'string' && typeof value['id'] === 'string'
}
