/** What was built of items, for people and for `$(…)`: ids, one a line; what else is to be said goes to stderr. */
import type { ValueOf } from '../service/registry.ts'
import { printable } from './output.ts'
import type { Screen } from './rq-render.ts'
import { renderDone } from './rq-render-bulk.ts'

export function renderAttached(files: ValueOf<'attach'>, { out, err }: Screen): void {
  for (const file of files) {
    if ('removed' in file) out.line(`${printable(file.name)} removed`)
    else out.line(`${printable(file.name)} ${file.size} ${file.sha256} ${file.md5}`)
    if ('existed' in file && file.existed) err.line(`rq: ${printable(file.name)} was attached already`)
  }
}

export function renderCommitted(items: ValueOf<'commit'>, { out, err }: Screen): void {
  for (const { id, already } of items) {
    out.line(printable(id))
    if (already) err.line(`rq: ${printable(id)} is already committed`)
  }
}

export function renderCloned(items: ValueOf<'clone'>, screen: Screen): void {
  const made = items.filter(({ did }) => did === 'cloned')
  for (const { id } of made) screen.out.line(printable(id))
  const others = items.filter(({ did }) => did !== 'cloned')
  if (made.length === 0 || others.length > 0) renderDone(others, screen)
}
