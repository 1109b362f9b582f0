/** Who changed what, for people. */
import type { AuditLog, AuditRow } from '../service/audit.ts'
import { type Cell, type Output, printable, table } from './output.ts'

const WIDEST = 80

export function renderAudit({ entries, more }: AuditLog, out: Output, err: Output): void {
  if (entries.length === 0) err.line('rq: nothing was changed over the web')
  else
    table(
      out,
      ['TIME', 'WHO', 'FROM', 'WHAT', 'ENDED'],
      entries.map((entry) => [entry.time.slice(0, 19), entry.who ?? '-', entry.from, whatOf(entry), endOf(entry)]),
    )
  if (more) err.line('rq: there are older ones: --limit shows more of them')
}

function whatOf({ verb, method, path, what }: AuditRow): string {
  const text = verb === undefined ? `${method} ${path}` : `${verb} ${what === undefined ? '' : JSON.stringify(what)}`
  return printable(text.trim().slice(0, WIDEST))
}

function endOf({ status, problems }: AuditRow): Cell {
  if (status === null) return { text: 'unknown', colour: 'yellow' }
  const text = problems.length === 0 ? String(status) : `${status} ${problems.join(', ')}`
  return status < 400 ? text : { text, colour: 'red' }
}
