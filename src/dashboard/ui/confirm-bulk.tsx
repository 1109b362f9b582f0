/** Before many are changed: how many they are, and for what cannot be taken back easily, that number typed. */
import { useState } from 'preact/hooks'
import type { Change, Outcome, Which } from '../bulk.ts'
import { BulkDialog, type Counted } from './bulk-dialog.tsx'
import { DialogEnd } from './dialog.tsx'
import { countText, itemsText } from './format.ts'

interface Props {
  readonly change: Change
  readonly which: Which
  /** `Retry`, `Remove`: what the button says. */
  readonly does: string
  readonly isDestructive?: boolean
  readonly onDone: (outcome: Outcome) => void
  readonly onClose: () => void
}

/** More than so many are typed before they are removed. */
const TYPED_FROM = 100

export function ConfirmBulk({ change: { verb, options }, does, isDestructive = false, ...rest }: Props) {
  return (
    <BulkDialog title={`${does} all that match`} verb={verb} {...rest}>
      {(counted) => <Asking {...{ counted, options, does, isDestructive }} />}
    </BulkDialog>
  )
}

interface AskingProps {
  readonly counted: Counted
  readonly options: Change['options']
  readonly does: string
  readonly isDestructive: boolean
}

function Asking({ counted: { count, said, run, onClose }, options, does, isDestructive }: AskingProps) {
  const [typed, setTyped] = useState('')
  const mustType = isDestructive && count > TYPED_FROM
  const mayRun = count > 0 && (!mustType || typed.replace(/\D/g, '') === String(count))
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (mayRun) run(options)
  }
  return (
    <form class="asking" onSubmit={submit}>
      <p class="question">{count === 0 ? 'Nothing matches.' : `${does} ${itemsText(count)}?`}</p>
      {said.map((text) => (
        <p key={text} class="notice warn">
          {text}
        </p>
      ))}
      {mustType && (
        <label>
          Type {countText(count)} to go on
          <input
            value={typed}
            inputMode="numeric"
            autocomplete="off"
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        </label>
      )}
      <DialogEnd
        does={count === 0 ? does : `${does} ${itemsText(count)}`}
        {...{ isReady: mayRun, isDestructive, onClose }}
      />
    </form>
  )
}
