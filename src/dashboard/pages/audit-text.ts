/** A line of the audit log in words. Pure. */
import type { AuditRow } from '../../service/audit.ts'

export interface Ended {
  readonly text: string
  readonly isBad: boolean
}

export function outcomeOf({ status, problems }: Pick<AuditRow, 'status' | 'problems'>): Ended {
  if (status === null) return { text: 'not known', isBad: true }
  const kinds = [...new Set(problems)].join(', ')
  if (status === 401 || status === 403) return { text: kinds === '' ? 'refused' : `refused: ${kinds}`, isBad: true }
  if (status >= 400) return { text: kinds === '' ? `failed (${status})` : kinds, isBad: true }
  return kinds === '' ? { text: 'done', isBad: false } : { text: `partly: ${kinds}`, isBad: true }
}

/** `/api/v1/items/mail/x%2Cp1/retry` → `items/mail/x,p1/retry`. */
export function placeOf(path: string): string {
  const parts = path.replace(/^\/api\/v1\//, '').split('/')
  return parts.map(decoded).join('/')
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    return part
  }
}
