/** Before a config.json is written: what becomes of it, line by line; and when somebody else was faster, both. */
import { useState } from 'preact/hooks'
import type { EffectiveConfig } from '../../service/config.ts'
import { change, wordsOf } from '../api.ts'
import { Dialog, DialogEnd } from '../ui/dialog.tsx'
import { toast } from '../ui/toasts.tsx'
import { diffOf } from './diff.ts'

/** The file that a change starts from. */
export interface Base {
  readonly text: string
  readonly version: string | null
}

export function baseOf({ text, version }: EffectiveConfig): Base {
  return { text: text ?? '{}\n', version }
}

const SIGNS = { added: '+ ', removed: '- ', same: '  ' } as const

function Diff({ before, after }: { readonly before: string; readonly after: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
    <section class="diff mono" tabIndex={0} aria-label="Line by line">
      {diffOf(before, after).map(({ kind, line }, n) => (
        <div key={n} class={kind}>
          {SIGNS[kind]}
          {line}
        </div>
      ))}
    </section>
  )
}

interface SaveProps {
  readonly base: Base
  readonly text: string
  readonly path: string
  readonly onSaved: () => void
  /** True when it is shown elsewhere why. */
  readonly onRefused: (error: unknown) => Promise<boolean>
  readonly onClose: () => void
}

export function SaveDialog({ base, text, path, onSaved, onRefused, onClose }: SaveProps) {
  const [problem, setProblem] = useState<string>()
  const [isSaving, setSaving] = useState(false)
  const save = async () => {
    setSaving(true)
    try {
      await change('PATCH', path, { text, if_version: base.version ?? 'none' })
      toast('The configuration is saved; the worker reads it at once')
      onClose()
      onSaved()
    } catch (error) {
      if (await onRefused(error)) return onClose()
      setProblem(wordsOf(error))
      setSaving(false)
    }
  }
  return (
    <Dialog title="Save config.json?" onClose={onClose}>
      <Diff before={base.text} after={text} />
      <DialogEnd does="Save" isReady={!isSaving} problem={problem} onDo={() => void save()} onClose={onClose} />
    </Dialog>
  )
}

interface ConflictProps {
  readonly theirs: Base
  readonly mine: string
  readonly onKeep: () => void
  readonly onTake: () => void
}

/** Nothing is written before one of the two was chosen. */
export function Conflict({ theirs, mine, onKeep, onTake }: ConflictProps) {
  return (
    <section class="conflict" aria-label="Changed meanwhile">
      <p class="notice warn" role="alert">
        The file was changed meanwhile, and yours is not saved. From what is on the disk now (−) to yours (+):
      </p>
      <Diff before={theirs.text} after={mine} />
      <div class="buttons">
        <button type="button" onClick={onTake}>
          Take what is on the disk
        </button>
        <button type="button" onClick={onKeep}>
          Go on with mine
        </button>
      </div>
    </section>
  )
}
