/** What one takes along: the id, the link, the commands that do the same on a terminal. */
import { itemHref } from '../links.ts'
import { Menu } from '../ui/menu.tsx'
import { toast } from '../ui/toasts.tsx'

export function CopyMenu({ queue, id }: { readonly queue: string; readonly id: string }) {
  const name = quoted(`${queue}/${id}`)
  const link = new URL(itemHref(queue, id), location.href).href
  const texts: readonly (readonly [string, string])[] = [
    ['Id', id],
    ['Link', link],
    ['rq show', `rq show ${name}`],
    ['rq log -f', `rq log ${name} -f`],
    ['rq retry', `rq retry ${name}`],
  ]
  return (
    <Menu label="Copy">
      {texts.map(([label, text]) => (
        <button key={label} type="button" onClick={() => void copy(text)}>
          <span>{label}</span> <code class="hint">{text.length > 60 ? `${text.slice(0, 59)}…` : text}</code>
        </button>
      ))}
    </Menu>
  )
}

/** For a shell, as one word. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

/** Only over https and on this machine a page may write to the clipboard: elsewhere a text that is marked is copied. */
export async function copy(text: string): Promise<void> {
  if (navigator.clipboard === undefined) copyMarked(text)
  else await navigator.clipboard.writeText(text).catch(() => copyMarked(text))
  toast(`Copied: ${text}`)
}

function copyMarked(text: string): void {
  const field = document.createElement('textarea')
  field.value = text
  document.body.append(field)
  field.select()
  document.execCommand('copy')
  field.remove()
}
