/** A button that opens a small sheet: choices, or what there is no room for. */
import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { path } from '../router.ts'

interface Props {
  readonly label: string
  /** What the button shows; without it the label. */
  readonly button?: ComponentChildren
  readonly class?: string
  readonly children: ComponentChildren
}

export function Menu({ label, button, class: kind = '', children }: Props) {
  const [isOpen, setOpen] = useState(false)
  const frame = useRef<HTMLDivElement>(null)
  const opener = useRef<HTMLButtonElement>(null)
  const place = path.value.join('/')
  // On another page it is closed.
  useEffect(() => setOpen(false), [place])
  useClosing(isOpen, frame, (isByKey) => {
    setOpen(false)
    if (isByKey) opener.current?.focus()
  })
  return (
    <div class={`menu ${kind}`} ref={frame}>
      <button
        type="button"
        ref={opener}
        aria-label={button === undefined ? undefined : label}
        aria-expanded={isOpen}
        title={button === undefined ? undefined : label}
        onClick={() => setOpen((open) => !open)}
      >
        {button ?? label}
      </button>
      {isOpen && <div class="sheet">{children}</div>}
    </div>
  )
}

/** By Escape, before the keys of the page, and by a press anywhere else. */
function useClosing(isOpen: boolean, frame: RefObject<HTMLElement | null>, close: (isByKey: boolean) => void): void {
  useEffect(() => {
    if (!isOpen) return undefined
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return
      event.preventDefault()
      close(true)
    }
    const outside = ({ target }: Event) => {
      if (target instanceof Node && frame.current?.contains(target) !== true) close(false)
    }
    addEventListener('pointerdown', outside)
    addEventListener('keydown', onKey, true)
    return () => {
      removeEventListener('pointerdown', outside)
      removeEventListener('keydown', onKey, true)
    }
  }, [isOpen])
}
