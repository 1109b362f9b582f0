/** What was done, said for a while at the edge of the page; with a way back where there is one. */
import { signal } from '@preact/signals'
import { countText } from './format.ts'

interface Toast {
  readonly id: number
  readonly text: string
  readonly bad: boolean
  readonly undo: (() => void) | undefined
  readonly links: readonly ToastLink[]
}

export interface ToastLink {
  readonly href: string
  readonly text: string
}

interface Options {
  readonly bad?: boolean
  readonly undo?: () => void
  /** To what it tells of; the first few are shown. */
  readonly links?: readonly ToastLink[]
}

const SHOWN_FOR = 8_000
const toasts = signal<readonly Toast[]>([])
let made = 0

export function toast(text: string, { bad = false, undo, links = [] }: Options = {}): void {
  made += 1
  const id = made
  toasts.value = [...toasts.value, { id, text, bad, undo, links }]
  setTimeout(() => dismiss(id), SHOWN_FOR)
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id)
}

const MOST_LINKS = 3

function Links({ links }: { readonly links: readonly ToastLink[] }) {
  const more = links.length - MOST_LINKS
  return (
    <>
      {links.slice(0, MOST_LINKS).map(({ href, text }) => (
        <a key={href} class="toast-link mono" href={href}>
          {text}
        </a>
      ))}
      {more > 0 && <span class="hint">and {countText(more)} more</span>}
    </>
  )
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, bad, undo, links }) => (
        <div key={id} class={bad ? 'toast bad' : 'toast'}>
          <span>
            {text}
            <Links links={links} />
          </span>
          {undo !== undefined && (
            <button
              type="button"
              onClick={() => {
                dismiss(id)
                undo()
              }}
            >
              Undo
            </button>
          )}
          <button type="button" class="quiet" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  )
}
