/** Where there is nothing: why, and what to do about it. */
import type { ComponentChildren } from 'preact'

interface Props {
  readonly title: string
  readonly children?: ComponentChildren
}

export function EmptyState({ title, children }: Props) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  )
}
