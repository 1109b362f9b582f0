/** An item into another queue; and one more like it, with changes. */
import { useState } from 'preact/hooks'
import type { Cloned } from '../../service/clone.ts'
import type { Done } from '../../service/relocate.ts'
import type { Shown } from '../../service/show.ts'
import { change, itemPath, wordsOf } from '../api.ts'
import { itemHref } from '../links.ts'
import { queues } from '../live.ts'
import { go } from '../router.ts'
import { Dialog, DialogEnd } from '../ui/dialog.tsx'
import { toast } from '../ui/toasts.tsx'

interface MoveProps {
  readonly item: Shown
  readonly onClose: () => void
}

export function MoveTo({ item, onClose }: MoveProps) {
  const id = item.id ?? item.name
  const others = [...queues.value.keys()].filter((name) => name !== item.queue)
  const { problem, submit } = useForm(async (data) => {
    const to = String(data.get('to'))
    const { value } = await change<Done>('POST', `${itemPath(item.queue, id)}/move`, { to })
    toast(`Moved to ${to}`)
    onClose()
    go(itemHref(to, value.id))
  })
  return (
    <Dialog title="Move to another queue" onClose={onClose}>
      <form onSubmit={submit}>
        <label class="field">
          <span>Queue</span>
          <select name="to" required>
            {others.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        {others.length === 0 && <p class="hint">There is no other queue.</p>}
        <DialogEnd problem={problem} does="Move it" isReady={others.length > 0} onClose={onClose} />
      </form>
    </Dialog>
  )
}

export function Duplicate({ item, onClose }: { readonly item: Shown; readonly onClose: () => void }) {
  const id = item.id ?? item.name
  const before = settable(item)
  const { problem, submit } = useForm(async (data) => {
    const set = before.flatMap(([key, text]) => {
      const now = String(data.get(`set ${key}`))
      return now === text ? [] : [`${key}=${now}`]
    })
    const body = { set, to: String(data.get('to')), hold: data.get('hold') !== null }
    const { value } = await change<Cloned>('POST', `${itemPath(item.queue, id)}/clone`, body)
    toast(`Made ${value.id}`)
    onClose()
    go(itemHref(value.queue, value.id))
  })
  return (
    <Dialog title="Duplicate this item" onClose={onClose}>
      <form onSubmit={submit}>
        {before.map(([key, text]) => (
          <label key={key} class="field">
            <span>{key}</span>
            <input name={`set ${key}`} value={text} />
          </label>
        ))}
        <QueueChoice chosen={item.queue} />
        <label>
          <input type="checkbox" name="hold" /> Held: it runs when it is released
        </label>
        <DialogEnd problem={problem} does="Duplicate it" onClose={onClose} />
      </form>
    </Dialog>
  )
}

function QueueChoice({ chosen }: { readonly chosen: string }) {
  return (
    <label class="field">
      <span>Queue</span>
      <select name="to">
        {[...queues.value.keys()].map((name) => (
          <option key={name} selected={name === chosen}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

/** What has a text of its own in a message: other values are taken over as they are. */
function settable({ msg }: Shown): readonly (readonly [string, string])[] {
  if (msg === null) return []
  const own = Object.entries(msg).filter(([key]) => /^(?:param[1-4]|src|dest|job_id|user_id)$/.test(key))
  const free = Object.entries(msg.params ?? {}).map(([key, value]) => [`param.${key}`, value] as const)
  return [...own, ...free].flatMap(([key, value]) => (typeof value === 'string' ? [[key, value] as const] : []))
}

function useForm(send: (data: FormData) => Promise<void>) {
  const [problem, setProblem] = useState<string>()
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (!(event.currentTarget instanceof HTMLFormElement)) return
    send(new FormData(event.currentTarget)).catch((error: unknown) => setProblem(wordsOf(error)))
  }
  return { problem, submit }
}
