/** `rq peek` for people: nothing that lies in an item drives the terminal. */
import type { Peek } from '../service/peek.ts'
import { printable, printableLog } from './output.ts'
import type { Screen } from './rq-render.ts'

export function renderPeek({ items, more }: Peek, { out, err }: Screen): void {
  for (const { id, status, text, files } of items) {
    out.line(`${out.paint('bold', printable(id))} ${status}${text === undefined ? '' : ` (${printable(text)})`}`)
    for (const { name, size, content, encoding, cut } of files) {
      out.line(out.paint('dim', `--- ${printable(name)}, ${size} bytes${encoding === 'base64' ? ', no text' : ''}`))
      if (content === null) out.line('(cannot be read)')
      else if (content !== '') {
        const shown = encoding === 'base64' ? Buffer.from(content, 'base64').toString('latin1') : content
        out.line(printableLog(shown.replace(/\n$/, '')))
      }
      if (cut) out.line(out.paint('dim', '... (--bytes)'))
    }
  }
  if (more) err.line('rq: there are more (--offset, --limit)')
}
