/** A change of many, in a window: they are counted, it is asked, and then it is told how far it is. */
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { type Progress, wordsOf } from '../api.ts'
import { type Change, changeAll, countOf, type Outcome, type Which } from '../bulk.ts'
import { Dialog } from './dialog.tsx'
import { countText } from './format.ts'

/** What was counted, for who asks what is to be done with it. */
export interface Counted {
  readonly count: number
  readonly said: readonly string[]
  readonly run: (options: Change['options']) => void
  readonly onClose: () => void
}

interface Props {
  readonly title: string
  readonly verb: Change['verb']
  readonly which: Which
  readonly onDone: (outcome: Outcome) => void
  readonly onClose: () => void
  readonly children: (counted: Counted) => ComponentChildren
}

type Step =
  | { readonly kind: 'counting' }
  | { readonly kind: 'asking'; readonly count: number; readonly said: readonly string[] }
  | { readonly kind: 'working'; readonly progress: Progress | undefined }
  | { readonly kind: 'failed'; readonly text: string }

export function BulkDialog(props: Props) {
  const { title, which, children } = props
  const { step, run, stop } = useSteps(props)
  return (
    <Dialog title={title} onClose={stop}>
      <p class="hint">
        {which.queues.length === 0 ? 'In all queues' : `In ${which.queues.join(', ')}`}: <code>{which.where}</code>
      </p>
      {step.kind === 'counting' && <p role="status">Counting…</p>}
      {step.kind === 'failed' && (
        <p class="notice bad" role="alert">
          {step.text}
        </p>
      )}
      {step.kind === 'working' && <Working progress={step.progress} onStop={stop} />}
      {step.kind === 'asking' && children({ count: step.count, said: step.said, run, onClose: stop })}
    </Dialog>
  )
}

function useSteps({ verb, which, onDone, onClose }: Props) {
  const [step, setStep] = useState<Step>({ kind: 'counting' })
  const working = useRef(new AbortController())
  const { signal } = working.current
  const failed = (error: unknown) => {
    if (!signal.aborted) setStep({ kind: 'failed', text: wordsOf(error) })
  }
  // Counted once, as it is opened; whatever goes on ends with the window.
  useEffect(() => {
    countOf(verb, which, signal).then(({ matched, said }) => setStep({ kind: 'asking', count: matched, said }), failed)
    return () => working.current.abort()
  }, [])
  const run = (options: Change['options']) => {
    setStep({ kind: 'working', progress: undefined })
    const tell = (progress: Progress) => setStep({ kind: 'working', progress })
    changeAll({ verb, options }, which, tell, signal).then((outcome) => {
      onDone(outcome)
      onClose()
    }, failed)
  }
  return { step, run, stop: onClose }
}

function Working({ progress, onStop }: { readonly progress: Progress | undefined; readonly onStop: () => void }) {
  const stop = useRef<HTMLButtonElement>(null)
  // The button that was pressed has gone.
  useLayoutEffect(() => stop.current?.focus(), [])
  return (
    <div class="asking">
      <label>
        {progress === undefined ? 'Working…' : `${countText(progress.done)} of ${countText(progress.total)}`}
        <progress value={progress?.done} max={progress?.total} />
      </label>
      <div class="buttons">
        <button ref={stop} type="button" onClick={onStop}>
          Stop here
        </button>
      </div>
    </div>
  )
}
