/** A window over the page; Escape, or a click beside it, closes it. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

interface Props {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}

export function Dialog({ title, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
    focusFirst(dialog.current)
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a dialog closes with Escape by itself
    <dialog
      ref={dialog}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="dialog">
        <header>
          <h2>{title}</h2>
          <button type="button" class="quiet" aria-label="Close" onClick={() => dialog.current?.close()}>
            ✕
          </button>
        </header>
        {children}
      </div>
    </dialog>
  )
}

const FIELDS = ':is(input, select, textarea):not([type=hidden], :disabled)'

/** What is filled in, else the button that was marked, rather than the ✕, which comes before them. */
function focusFirst(dialog: HTMLDialogElement | null | undefined): void {
  const first = dialog?.querySelector<HTMLElement>(FIELDS) ?? dialog?.querySelector<HTMLElement>('[data-first]')
  first?.focus()
}

interface EndProps {
  /** What the button says that does it. */
  readonly does: ComponentChildren
  readonly isReady?: boolean
  readonly isDestructive?: boolean
  /** Why it was not done. */
  readonly problem?: string | undefined
  /** Without it the form is sent. */
  readonly onDo?: () => void
  readonly onClose: () => void
}

/** The last line of a dialog. Where there is no field, Enter does what cannot go wrong: it leaves what is destructive undone. */
export function DialogEnd({ does, isReady = true, isDestructive = false, problem, onDo, onClose }: EndProps) {
  const end = useRef<HTMLDivElement>(null)
  // Of a dialog that asked the server first this comes later than the dialog.
  useEffect(() => focusFirst(end.current?.closest('dialog')), [])
  const isSafe = isDestructive || !isReady
  return (
    <>
      {problem !== undefined && (
        <p class="notice bad" role="alert">
          {problem}
        </p>
      )}
      <div class="buttons" ref={end}>
        <button type="button" data-first={isSafe ? true : undefined} onClick={onClose}>
          Cancel
        </button>
        <button
          type={onDo === undefined ? 'submit' : 'button'}
          class={isDestructive ? 'danger primary' : 'primary'}
          data-first={isSafe ? undefined : true}
          disabled={!isReady}
          onClick={onDo}
        >
          {does}
        </button>
      </div>
    </>
  )
}
