/** From what people type to a query (docs/QUERY.md): plain words are looked for wherever they may stand. Pure. */
import { STATE_CHOICES } from '../../domain/query-fields.ts'
import { exact } from '../ui/complete.ts'

/** Where is looked, unless the query says it itself. */
export const SCOPES = {
  all: { title: 'Everywhere', query: '(que | run | pause | _err | done | relayed | prep)' },
  open: { title: 'Unfinished', query: '(que | run | pause | prep)' },
  failed: { title: 'Failed', query: 'failed' },
  done: { title: 'Finished', query: '(done | relayed)' },
} as const
export type Scope = keyof typeof SCOPES

/** Neither a field, nor a group, nor quoted. */
const PLAIN = /^[^\s:=<>~|()"!-][^\s:=<>~|()"]*$/

/** `7f2k9 failed` → `(id:"7f2k9" | name:"*7f2k9*" | text:"7f2k9") failed`. Only whole words that mean nothing else are plain. */
export function asQuery(typed: string): string {
  if (/["(]/.test(typed)) return typed
  return typed
    .split(/\s+/)
    .map((word) => (PLAIN.test(word) && !Object.hasOwn(STATE_CHOICES, word) ? anywhere(word) : word))
    .join(' ')
}

function anywhere(word: string): string {
  return `(id:${exact(word)} | name:${exact(`*${word}*`)} | text:${exact(word)})`
}

/** What is asked of the server, and what changes of all matches go by. */
export function whereOf(scope: Scope, query: string): string {
  return `${SCOPES[scope].query} (${query})`
}
