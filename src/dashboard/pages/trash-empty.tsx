/** Removing for good: asked for with a word that is typed. */
import { useState } from 'preact/hooks'
import type { Trash } from '../../service/trash.ts'
import { change, wordsOf } from '../api.ts'
import { Dialog, DialogEnd } from '../ui/dialog.tsx'
import { countText } from '../ui/format.ts'
import { toast } from '../ui/toasts.tsx'

interface Props {
  readonly queue: string | undefined
  readonly onDone: () => void
  readonly onClose: () => void
}

const AGES = { '': 'all of it', '1d': 'what was removed more than a day ago', '7d': 'more than a week ago' } as const
const WORD = 'empty'

function useEmptying({ queue, onDone, onClose }: Props) {
  const [older, setOlder] = useState('')
  const [problem, setProblem] = useState<string>()
  const empty = async () => {
    try {
      const which = { ...(queue === undefined ? {} : { queue: [queue] }), ...(older === '' ? {} : { older }) }
      const { value } = await change<Trash>('POST', '/trash/empty', { ...which, yes: true })
      toast(`${countText(value.emptied)} ${value.emptied === 1 ? 'removal is' : 'removals are'} gone for good`)
      onDone()
      onClose()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  return { older, setOlder, problem, empty }
}

export function EmptyTrash(props: Props) {
  const { queue, onClose } = props
  const { older, setOlder, problem, empty } = useEmptying(props)
  const [typed, setTyped] = useState('')
  const mayEmpty = typed.trim() === WORD
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (mayEmpty) void empty()
  }
  return (
    <Dialog title="Empty the trash" onClose={onClose}>
      <form onSubmit={submit}>
        <p>
          {queue === undefined ? 'In all queues' : `In ${queue}`}. What goes from here cannot be brought back by
          anybody.
        </p>
        <HowOld older={older} onChange={setOlder} />
        <label class="field">
          <span>Type “{WORD}” to go on</span>
          <input value={typed} autocomplete="off" onInput={({ currentTarget }) => setTyped(currentTarget.value)} />
        </label>
        <DialogEnd does="Remove for good" isDestructive isReady={mayEmpty} {...{ problem, onClose }} />
      </form>
    </Dialog>
  )
}

function HowOld({ older, onChange }: { readonly older: string; readonly onChange: (older: string) => void }) {
  return (
    <label class="field">
      <span>What goes</span>
      <select value={older} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {Object.entries(AGES).map(([age, words]) => (
          <option key={age} value={age}>
            {words}
          </option>
        ))}
      </select>
    </label>
  )
}
