/** `rq audit`: who changed what over the web, the newest first. */
import { AUDIT_FILE, AUDIT_OLD_FILES, type AuditAsked, type AuditEnd } from '../domain/audit.ts'
import { isRecord, parseJson } from '../domain/json.ts'
import type { Millis } from '../domain/name.ts'
import { logMark, readLog } from '../fsqueue/log-files.ts'
import type { BytePath } from '../fsqueue/place.ts'
import { type Answer, ok } from './answer.ts'
import type { Context } from './context.ts'
import { rootFlag } from './spool.ts'
import { defineVerb } from './verb.ts'

const DEFAULT_LIMIT = 100
const MOST = 10_000
/** So much is read at a time, and in all. Bytes. */
const PIECE = 256 * 1024
const MOST_READ = 32 * 1024 * 1024

/** Times are ISO 8601. */
export interface AuditRow extends AuditAsked {
  /** Of HTTP; null: it was begun, and how it ended was not written down. */
  readonly status: number | null
  readonly problems: readonly string[]
}

export interface AuditLog {
  readonly entries: readonly AuditRow[]
  /** There are older ones. */
  readonly more: boolean
}

export const audit = defineVerb({
  summary: 'who changed what over the web, and who failed to sign in',
  details:
    'The newest first, from _audit in the root, which the process of the web writes. What `rq` and other programs do by themselves is ' +
    'not in it: they run as the owner of the root, whom no log of his own would hold.',
  arguments: {},
  options: {
    limit: { type: 'count', summary: `at most so many (default ${DEFAULT_LIMIT}, at most ${MOST})`, value: 'N' },
    since: { type: 'duration', summary: 'only what happened so long ago or later', value: 'DURATION' },
    user: { type: 'text', summary: 'only of this caller', value: 'NAME' },
  },
  examples: [
    { command: 'rq audit', says: 'the last changes' },
    { command: 'rq audit --user ada --since 1d --json', says: 'what one did since yesterday' },
  ],
  run: async (context: Context, input): Promise<Answer<AuditLog>> => {
    const limit = Math.min(input.limit ?? DEFAULT_LIMIT, MOST)
    const since = input.since === undefined ? Number.NEGATIVE_INFINITY : context.now() - input.since
    return ok(collect(context.root, limit, since, input.user))
  },
})

function collect(root: string, limit: number, since: Millis, user: string | undefined): AuditLog {
  const entries: AuditRow[] = []
  /** An end stands behind its beginning, and is met before it. */
  const ends = new Map<string, AuditEnd>()
  const budget = { left: MOST_READ }
  for (let n = 0; n <= AUDIT_OLD_FILES; n++) {
    const name = rootFlag(root, `${AUDIT_FILE}${n === 0 ? '' : `.${n}`}`)
    for (const line of linesBackward(name, budget)) {
      const read = readLine(line)
      if (read === undefined) continue
      if ('of' in read) {
        ends.set(read.of, read)
        continue
      }
      if (Date.parse(read.time) < since) return { entries, more: false }
      if (user !== undefined && read.who !== user) continue
      if (entries.length === limit) return { entries, more: true }
      const end = ends.get(read.id)
      ends.delete(read.id)
      entries.push({ ...read, status: end?.status ?? read.status, problems: end?.problems ?? read.problems })
    }
  }
  return { entries, more: budget.left <= 0 }
}

/** undefined: torn, or of a newer program. */
function readLine(line: string): AuditRow | AuditEnd | undefined {
  const fields = parseJson(line)
  if (!isRecord(fields) || typeof fields['time'] !== 'string') return undefined
  const status = typeof fields['status'] === 'number' ? fields['status'] : null
  const problems = Array.isArray(fields['problems']) ? fields['problems'].map(String) : []
  if (typeof fields['of'] === 'string') return { of: fields['of'], time: fields['time'], status: status ?? 0, problems }
  if (typeof fields['id'] !== 'string' || typeof fields['path'] !== 'string') return undefined
  // Our own program wrote the rest.
  return { ...(fields as unknown as AuditAsked), status, problems }
}

function* linesBackward(path: BytePath, budget: { left: number }): Generator<string, void, void> {
  const mark = logMark(path)
  if (mark === undefined) return
  let rest = Buffer.alloc(0)
  for (let end = mark.size; end > 0 && budget.left > 0; ) {
    const start = Math.max(0, end - PIECE)
    const piece = Buffer.concat([readLog(path, mark, start, end - start) ?? Buffer.alloc(0), rest])
    budget.left -= end - start
    end = start
    const cut = start === 0 ? 0 : piece.indexOf(10) + 1
    // Without a newline it is the middle of one long line.
    rest = cut === 0 && start > 0 ? piece : Buffer.from(piece.subarray(0, cut))
    if (cut === 0 && start > 0) continue
    yield* piece.subarray(cut).toString().split('\n').reverse()
  }
}
