/** One question before something is done. */
import type { ComponentChildren } from 'preact'
import { Dialog, DialogEnd } from './dialog.tsx'

interface Props {
  readonly title: string
  readonly does: string
  readonly isDestructive?: boolean
  readonly onDo: () => void
  readonly onClose: () => void
  readonly children?: ComponentChildren
}

export function Confirm({ title, does, isDestructive = false, onDo, onClose, children }: Props) {
  const run = () => {
    onClose()
    onDo()
  }
  return (
    <Dialog title={title} onClose={onClose}>
      {children}
      <DialogEnd does={does} isDestructive={isDestructive} onDo={run} onClose={onClose} />
    </Dialog>
  )
}
