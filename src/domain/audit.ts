/** The lines of the audit log: who changed what over the web, and how it ended. Pure. */
import { ExactNumber, isRecord } from './json.ts'
import type { Role } from './roles.ts'

/** What was asked for: written before it is done. */
export interface AuditAsked {
  readonly id: string
  /** ISO 8601. */
  readonly time: string
  /** Of a failed sign-in the name that was given; null: a token. */
  readonly who: string | null
  readonly role: Role | null
  /** An address, or `socket`. */
  readonly from: string
  readonly method: string
  /** Without its query string. */
  readonly path: string
  /** Of the service; `sign-in` and `sign-out` are the web's own. */
  readonly verb?: string
  /** Its arguments, cut short, without secrets. */
  readonly what?: unknown
}

/** How it ended: written before the answer is sent. */
export interface AuditEnd {
  /** The `id` of what was asked for. */
  readonly of: string
  readonly time: string
  /** Of HTTP. */
  readonly status: number
  /** The kinds of what went wrong. */
  readonly problems?: readonly string[]
}

export type AuditLine = AuditAsked | AuditEnd | (AuditAsked & Omit<AuditEnd, 'of'>)

/** `$ROOT/_audit`, and `_audit.1` and so on before it, the higher the older. */
export const AUDIT_FILE = '_audit'
export const AUDIT_OLD_FILES = 9

const HIDDEN = '(hidden)'
const SECRET = /pass(?:word|wd|phrase)?$|token|secret|api.?key|private.?key|credential|authorization|cookie/i
const LONGEST_TEXT = 200
const MOST_MEMBERS = 30
const DEEPEST = 5
const LONGEST = 4_000

/** Arguments as they may be written down: secrets hidden, long ones cut. */
export function auditable(value: unknown): unknown {
  const shown = show(value, 0)
  const text = JSON.stringify(shown)
  return text === undefined || text.length <= LONGEST ? shown : `${text.slice(0, LONGEST)}…`
}

function show(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return showText(value)
  if (value instanceof ExactNumber) return cut(value.literal)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= DEEPEST) return '…'
  if (Array.isArray(value)) {
    const shown: unknown[] = value.slice(0, MOST_MEMBERS).map((one) => show(one, depth + 1))
    return value.length > MOST_MEMBERS ? [...shown, `… ${value.length} in all`] : shown
  }
  if (!isRecord(value)) return '…'
  const members = Object.entries(value).slice(0, MOST_MEMBERS)
  return Object.fromEntries(
    members.map(([key, member]) => [cut(key), SECRET.test(key) ? HIDDEN : show(member, depth + 1)]),
  )
}

/** `KEY=VALUE` is a pair, too; a URL may hold a password. */
function showText(text: string): string {
  const [, key] = /^([^=\s]{1,100})=/.exec(text) ?? []
  if (key !== undefined && SECRET.test(key)) return `${key}=${HIDDEN}`
  return cut(text).replace(/(:\/\/[^/\s:@]*:)[^/\s@]*@/g, `$1${HIDDEN}@`)
}

function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`
}
